# A container grows beyond memory.max (64 MB) of its cgroup, which is named as the kubelet names it.
# kinds: oom-kill-cgroup
pod=/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8d1f6c0e_2b5a_4a52_9f0e_5d1c3f3a7b61.slice
unit=$pod/cri-containerd-4f1a0b7c9d2e8f6a5b3c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a.scope
mkdir -p /sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice $pod
for level in /sys/fs/cgroup /sys/fs/cgroup/kubepods.slice /sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice $pod; do
    mkdir -p $level
    echo +memory >$level/cgroup.subtree_control
done
mkdir -p $unit
echo 67108864 >$unit/memory.max
ln -sf /usr/bin/misbehave /tmp/sessiond
(echo 0 >$unit/cgroup.procs; exec /tmp/sessiond eat 200)
