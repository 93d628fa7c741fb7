# A file system on a device mapper target that fails every request from some moment on.
# kinds: buffer-io-error jbd2-abort jbd2-io-error ext4-error ext4-remount-read-only
# modules: dm_mod dm_flakey
# programs: dmsetup
# disk: ext4
dmsetup create --noudevsync --noudevrules data --table '0 32768 linear /dev/vdb 0'
mount -t ext4 -o errors=remount-ro /dev/dm-0 /data
echo before >/data/file
sync
dmsetup suspend --nolockfs --noudevsync data
dmsetup reload data --table '0 32768 error'
dmsetup resume --noudevsync data
echo after >>/data/file
mkdir /data/new
sync
ls /data
echo 3 >/proc/sys/vm/drop_caches
ls -lR /data
sleep 6
umount /data
dmsetup remove --noudevsync data
