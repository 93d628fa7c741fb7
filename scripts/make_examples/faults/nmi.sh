# QEMU's monitor sends an NMI that nothing in the machine explains.
# kinds: nmi-unknown
# machine: hardware
# monitor: nmi
echo now >/dev/ttyS1
sleep 2
