# QEMU's monitor puts a corrected memory error into a machine check bank; the kernel polls each second.
# kinds: mce-logged mce-corrected
# machine: hardware
# monitor: mce 0 9 0x9c0000400001009f 0x0 0x1f3a5c40 0x8c
echo 1 >/sys/devices/system/machinecheck/machinecheck0/check_interval
echo now >/dev/ttyS1
sleep 4
