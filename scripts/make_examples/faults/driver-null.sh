# A driver reads through a null pointer.
# kinds: null-pointer-dereference
# lab: yes
echo null >/proc/faultlab
