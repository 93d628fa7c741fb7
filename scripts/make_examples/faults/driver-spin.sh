# A driver keeps the only CPU for 12 s with preemption off; the soft lockup limit is 6 s, that of RCU 8 s.
# kinds: soft-lockup rcu-stall
# lab: yes
# append: rcupdate.rcu_cpu_stall_timeout=8
echo 3 >/proc/sys/kernel/watchdog_thresh
echo 12 >/sys/module/faultlab/parameters/seconds
echo spin >/proc/faultlab
