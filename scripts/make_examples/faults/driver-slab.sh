# A driver writes past the end of an object, and into one that it has freed, with slub_debug=FZPU.
# kinds: slab-corruption
# lab: yes
# append: slub_debug=FZPU,kmalloc-64
echo slab-redzone >/proc/faultlab
echo slab-poison >/proc/faultlab
