# A SCSI disk (scsi_debug) that cannot read sectors 0x1234 to 0x123d.
# kinds: block-io-error buffer-io-error scsi-sense-error
# modules: sd_mod scsi_debug
# options: scsi_debug dev_size_mb=16 opts=2 medium_error_start=4660 medium_error_count=10
sleep 1
dd if=/dev/sda of=/dev/null bs=4k
