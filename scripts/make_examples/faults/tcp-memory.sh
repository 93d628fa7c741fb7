# A sender dies with unsent data while TCP's buffers hold more than tcp_mem allows.
# kinds: tcp-out-of-memory
ln -sf /usr/bin/misbehave /tmp/ingest
/tmp/ingest listen 9000 &
sleep 1
nc 127.0.0.1 9000 </dev/zero >/dev/null &
sleep 2
echo '1 2 3' >/proc/sys/net/ipv4/tcp_mem
kill -9 %2
sleep 3
kill %1
echo '20000 30000 40000' >/proc/sys/net/ipv4/tcp_mem
