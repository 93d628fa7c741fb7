# A driver follows a pointer that a list removal poisoned.
# kinds: general-protection-fault
# lab: yes
echo wild >/proc/faultlab
