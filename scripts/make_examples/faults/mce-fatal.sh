# QEMU's monitor raises a machine check that says the processor's state is lost.
# kinds: mce-fatal panic-machine-check
# machine: hardware
# ends: yes
# monitor: mce 0 0 0xbe00000000800400 0x4 0x0 0x0
echo now >/dev/ttyS1
sleep 5
