# A driver destroys a slab cache of which an object is still in use.
# kinds: slab-not-empty
# lab: yes
echo cache-leak >/proc/faultlab
