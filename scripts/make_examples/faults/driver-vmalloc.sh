# A driver asks vmalloc() for more than the machine has.
# kinds: vmalloc-failure
# lab: yes
echo vmalloc >/proc/faultlab
