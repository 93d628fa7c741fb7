# The machine restarts without a word (sysrq b, as a power cut looks in a console log) and boots again.
# kinds: sysrq-used boot
# restarts: yes
# disk: blank
if [ "$(dd if=/dev/vdb bs=5 count=1)" = again ]; then exit; fi
printf again | dd of=/dev/vdb conv=notrunc
sync
echo 1 >/proc/sys/kernel/sysrq
echo b >/proc/sysrq-trigger
