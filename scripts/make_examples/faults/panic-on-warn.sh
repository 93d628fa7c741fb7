# kernel.panic_on_warn=1, then a driver's WARN() is true.
# kinds: warning panic-on-warn
# lab: yes
# ends: yes
echo 1 >/proc/sys/kernel/panic_on_warn
echo warn >/proc/faultlab
