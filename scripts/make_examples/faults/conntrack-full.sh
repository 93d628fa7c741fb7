# More UDP flows than nf_conntrack_max (16) allows.
# kinds: conntrack-table-full
# modules: nf_conntrack nf_tables nft_ct
# programs: nft
nft 'add table inet filter'
nft 'add chain inet filter input { type filter hook input priority 0; }'
nft 'add rule inet filter input ct state established accept'
echo 16 >/proc/sys/net/netfilter/nf_conntrack_max
ln -sf /usr/bin/misbehave /tmp/resolver
/tmp/resolver sockets 200
sleep 1
nft 'delete table inet filter'
