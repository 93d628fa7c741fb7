# A dm-verity device whose hash tree is not that of its data is read.
# kinds: dm-verity-corruption
# modules: dm_mod dm_verity
# programs: dmsetup
# disk: ext4
hash=4392712ba01368efdf14b05c76f9e4df0d53664630b5d48632ed17a137f39076
dmsetup create --readonly --noudevsync --noudevrules vroot --table \
    "0 8192 verity 1 /dev/vdb /dev/vdb 4096 4096 1024 1200 sha256 $hash 1234"
dd if=/dev/dm-0 of=/dev/null bs=4k count=4
dmsetup remove --noudevsync vroot
