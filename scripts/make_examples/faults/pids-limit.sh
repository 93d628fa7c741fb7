# A container forks more processes than pids.max of its cgroup allows.
# kinds: pids-limit-reached
mkdir -p /sys/fs/cgroup/system.slice/crond.service
echo +pids >/sys/fs/cgroup/cgroup.subtree_control
echo +pids >/sys/fs/cgroup/system.slice/cgroup.subtree_control
echo 5 >/sys/fs/cgroup/system.slice/crond.service/pids.max
(
    echo 0 >/sys/fs/cgroup/system.slice/crond.service/cgroup.procs
    for i in 1 2 3 4 5 6 7 8; do sleep 2 & done
)
sleep 3
