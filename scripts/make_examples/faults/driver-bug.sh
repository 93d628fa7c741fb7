# A driver's BUG_ON() is true.
# kinds: kernel-bug
# lab: yes
echo bug >/proc/faultlab
