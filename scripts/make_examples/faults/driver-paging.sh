# A driver reads an address that nothing is mapped at.
# kinds: page-fault
# lab: yes
echo paging >/proc/faultlab
