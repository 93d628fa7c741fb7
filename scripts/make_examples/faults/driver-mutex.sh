# A kernel thread of a driver waits 16 s for a mutex that another holds; the hung task limit is 5 s.
# kinds: hung-task
# lab: yes
echo 5 >/proc/sys/kernel/hung_task_timeout_secs
echo 16 >/sys/module/faultlab/parameters/seconds
echo mutex >/proc/faultlab
