# A driver's WARN() is true.
# kinds: warning
# lab: yes
echo warn >/proc/faultlab
