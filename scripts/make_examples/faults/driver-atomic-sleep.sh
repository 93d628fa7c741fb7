# A driver sleeps with preemption off.
# kinds: scheduling-while-atomic
# lab: yes
echo atomic-sleep >/proc/faultlab
