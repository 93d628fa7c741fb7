# A driver calls a function pointer that points to data.
# kinds: nx-exec
# lab: yes
echo no-execute >/proc/faultlab
