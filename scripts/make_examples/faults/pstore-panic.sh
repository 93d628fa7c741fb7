# A driver reads through a null pointer in a timer; the panic is kept in RAM (ramoops) and read after the
# restart.
# kinds: null-pointer-dereference panic-fatal-exception
# lab: yes
# modules: ramoops
# options: ramoops mem_address=0x10000000 mem_size=0x100000 record_size=0x10000 console_size=0 pmsg_size=0 ftrace_size=0
# append: memmap=1M$0x10000000
# restarts: yes
mkdir -p /tmp/pstore /out/pstore
mount -t pstore pstore /tmp/pstore
if ls /tmp/pstore/dmesg-*; then cp /tmp/pstore/dmesg-* /out/pstore/; exit; fi
umount /tmp/pstore
echo interrupt >/proc/faultlab
