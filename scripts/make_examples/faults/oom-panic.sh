# vm.panic_on_oom=1, then a process takes all the memory there is.
# kinds: panic-oom
# ends: yes
echo 1 >/proc/sys/vm/panic_on_oom
ln -sf /usr/bin/misbehave /tmp/mongod
/tmp/mongod eat
