# A driver calls panic().
# kinds: kernel-panic
# lab: yes
# ends: yes
echo panic >/proc/faultlab
