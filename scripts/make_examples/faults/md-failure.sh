# One half of a mirror (md raid1 on two loop devices) is declared failed, then the other is pulled.
# kinds: md-disk-failure
# modules: raid1 loop
# programs: mdadm
for half in 0 1; do
    dd if=/dev/zero of=/tmp/half$half bs=1M count=8
    losetup /dev/loop$half /tmp/half$half
done
mdadm --create /dev/md0 --run --force --level=1 --metadata=1.2 --raid-devices=2 --assume-clean /dev/loop0 /dev/loop1
dd if=/dev/zero of=/dev/md0 bs=64k count=20
mdadm --fail /dev/md0 /dev/loop1
sleep 1
mdadm --stop /dev/md0
