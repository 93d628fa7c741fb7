# An operator crashes the machine through /proc/sysrq-trigger.
# kinds: sysrq-crash
# ends: yes
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
