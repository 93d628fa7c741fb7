# As hung-task, with kernel.hung_task_panic=1.
# kinds: hung-task panic-hung-task
# disk: ext4
# ends: yes
mount -t ext4 /dev/vdb /data
echo 5 >/proc/sys/kernel/hung_task_timeout_secs
echo 1 >/proc/sys/kernel/hung_task_panic
cp /bin/busybox /data/
fsfreeze --freeze /data
(exec sh -c 'echo checkpoint >/data/pg_wal') &
sleep 20
