# A process without privileges opens more files than fs.file-max (700) allows the whole machine.
# kinds: file-max-reached
echo 700 >/proc/sys/fs/file-max
ln -sf /usr/bin/misbehave /tmp/indexer
/tmp/indexer files 900
echo 100000 >/proc/sys/fs/file-max
