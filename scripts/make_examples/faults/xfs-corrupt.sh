# An XFS file system whose index of free space was overwritten is written to; then it is shut down.
# kinds: xfs-metadata-corruption xfs-shutdown
# modules: xfs
# disk: xfs-damaged
mount -t xfs /dev/vdb /data
ls -lR /data
echo 42 >/data/new
sync
ln -sf /usr/bin/misbehave /tmp/archiver
/tmp/archiver shutdown /data
umount /data
