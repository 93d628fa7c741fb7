# The root device on the command line does not exist, and there is no initramfs that could find it.
# kinds: panic-vfs-mount-root
# append: root=/dev/vdz1 ro
# initramfs: no
# ends: yes
