# A page of a process is declared broken (hwpoison-inject, as a memory scrubber's report would).
# kinds: memory-failure
# modules: hwpoison_inject
ln -sf /usr/bin/misbehave /tmp/analytics
/tmp/analytics eat 8 &
sleep 1
/tmp/analytics poison
kill %1
