# A driver asks for blocks of 2 MB, atomically, until there are none left.
# kinds: page-allocation-failure
# lab: yes
echo page-allocation >/proc/faultlab
