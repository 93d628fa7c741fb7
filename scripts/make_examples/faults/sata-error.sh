# A SATA disk fails every read of one sector (QEMU's blkdebug), as a disk with a bad spot does.
# kinds: ata-exception block-io-error buffer-io-error
# machine: hardware
# bad_sector: yes
dd if=/dev/sda of=/dev/null bs=64k
sleep 1
