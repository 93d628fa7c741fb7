# A driver takes a reference to what has none left.
# kinds: warning-refcount
# lab: yes
echo refcount >/proc/faultlab
