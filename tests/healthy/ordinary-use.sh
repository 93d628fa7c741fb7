# Nothing goes wrong: file systems are mounted, written, grown full and unmounted; swap, bridges, rules
# and links come and go; a program ends with an error; memory is used up to a limit that is kept.
exec >/dev/null 2>&1
mkdir -p /mnt/data
mount -t ext4 -o errors=remount-ro /dev/vda /mnt/data
cp -r /bin /mnt/data/
dd if=/dev/zero of=/mnt/data/full bs=64k
rm -r /mnt/data/full /mnt/data/bin
sync
mount -o remount,ro /mnt/data
umount /mnt/data
echo 32M >/sys/block/zram0/disksize
mkswap /dev/zram0
swapon /dev/zram0
ip link add port0 type dummy
ip link add br0 type bridge
ip link set port0 master br0
ip link set br0 up
ip link set port0 up
sleep 1
ip link set port0 down
ip link del port0
ip link del br0
nft 'add table inet filter'
nft 'add chain inet filter input { type filter hook input priority 0; }'
nft 'add rule inet filter input ct state established accept'
nft 'delete table inet filter'
mkdir -p /sys/fs/cgroup/batch
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 96M >/sys/fs/cgroup/batch/memory.max
(
    echo 0 >/sys/fs/cgroup/batch/cgroup.procs
    exec dd if=/dev/zero of=/dev/null bs=48M count=3
)
swapoff /dev/zram0
true
