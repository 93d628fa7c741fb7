# The cable of the network card is pulled and put back three times (QEMU's set_link).
# kinds: link-down
# machine: hardware
# monitor: set_link nic0 off
# monitor: set_link nic0 on
# monitor: set_link nic0 off
# monitor: set_link nic0 on
# monitor: set_link nic0 off
# monitor: set_link nic0 on
ip link set eth0 up
sleep 3
for i in 1 2 3 4 5 6; do
    echo now >/dev/ttyS1
    sleep 2
done
