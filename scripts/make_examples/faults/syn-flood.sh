# 400 connection requests from invented addresses to a port with a queue of one.
# kinds: tcp-syn-flood
# modules: dummy
ip link add web0 type dummy
ip address add 10.20.0.4/24 dev web0
ip link set web0 up
ip route add 198.51.100.0/24 dev web0
ln -sf /usr/bin/misbehave /tmp/nginx
/tmp/nginx listen 443 &
sleep 1
ln -sf /usr/bin/misbehave /tmp/probe
/tmp/probe syn 10.20.0.4 443 400
kill %1
ip link del web0
