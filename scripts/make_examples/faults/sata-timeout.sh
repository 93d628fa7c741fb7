# A SATA disk slows down to 8 KB/s (QEMU's I/O throttle); the command timeout is 3 s.
# kinds: ata-exception
# machine: hardware
# monitor: block_set_io_throttle sata 8192 0 0 0 0 0
# monitor: block_set_io_throttle sata 0 0 0 0 0 0
echo 3 >/sys/block/sda/device/timeout
echo now >/dev/ttyS1
sleep 1
dd if=/dev/sda of=/dev/null bs=64k count=8 iflag=direct &
sleep 8
echo now >/dev/ttyS1
sleep 8
