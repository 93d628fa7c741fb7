# A process takes all the memory there is; its oom_score_adj makes it the victim.
# kinds: oom-kill-global
ln -sf /usr/bin/misbehave /tmp/redis-server
(echo 200 >/proc/self/oom_score_adj; exec /tmp/redis-server eat)
