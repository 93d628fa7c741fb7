# A file system stays frozen while a process writes to it; the hung task limit is 5 s.
# kinds: hung-task
# disk: ext4
mount -t ext4 /dev/vdb /data
echo 5 >/proc/sys/kernel/hung_task_timeout_secs
cp /bin/busybox /data/
fsfreeze --freeze /data
(exec sh -c 'echo checkpoint >/data/pg_wal') &
sleep 14
fsfreeze --unfreeze /data
umount /data
