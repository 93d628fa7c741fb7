# An ext4 image whose directory blocks and inode were overwritten, mounted with errors=remount-ro and read.
# kinds: ext4-error ext4-remount-read-only jbd2-abort
# disk: ext4-damaged
mount -t ext4 -o errors=remount-ro /dev/vdb /data
ls -lR /data
cat /data/orders/index
umount /data
