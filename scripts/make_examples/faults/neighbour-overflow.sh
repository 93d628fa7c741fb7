# More neighbours are asked for than gc_thresh3 (4) allows.
# kinds: neighbour-table-overflow
# modules: dummy
ip link add storage0 type dummy
ip address add 10.30.0.1/24 dev storage0
ip link set storage0 arp on
ip link set storage0 up
echo 1 >/proc/sys/net/ipv4/neigh/default/gc_thresh1
echo 2 >/proc/sys/net/ipv4/neigh/default/gc_thresh2
echo 4 >/proc/sys/net/ipv4/neigh/default/gc_thresh3
for i in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    ping -c 1 -W 1 10.30.0.$i &
done
sleep 3
ip link del storage0
