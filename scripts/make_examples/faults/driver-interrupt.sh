# A driver reads through a null pointer in a timer.
# kinds: null-pointer-dereference panic-fatal-exception
# lab: yes
# ends: yes
echo interrupt >/proc/faultlab
