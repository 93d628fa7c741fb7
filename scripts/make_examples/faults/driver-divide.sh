# A driver divides by zero.
# kinds: divide-error
# lab: yes
echo divide >/proc/faultlab
