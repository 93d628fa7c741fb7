# An NVMe disk slows down to 4 KB/s (QEMU's I/O throttle), so a request of 64 KB takes longer than the
# timeout of 3 s.
# kinds: nvme-timeout
# machine: hardware
# monitor: block_set_io_throttle nvme 4096 0 0 0 0 0
# monitor: block_set_io_throttle nvme 0 0 0 0 0 0
echo 3000 >/sys/block/nvme0n1/queue/io_timeout
echo now >/dev/ttyS1
sleep 1
dd if=/dev/nvme0n1 of=/dev/null bs=64k count=4 iflag=direct &
sleep 20
echo now >/dev/ttyS1
sleep 8
