# A driver removes a list entry whose neighbour does not know it.
# kinds: list-corruption
# lab: yes
echo list >/proc/faultlab
