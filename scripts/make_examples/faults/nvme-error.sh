# An NVMe disk fails every read of one sector (QEMU's blkdebug).
# kinds: nvme-command-error block-io-error
# machine: hardware
# bad_sector: yes
dd if=/dev/nvme0n1 of=/dev/null bs=64k
sleep 1
