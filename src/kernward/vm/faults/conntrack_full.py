"""The table of tracked connections is full."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="conntrack-full",
    title="the connection tracking table is full",
    doc=(
        "A rule of the firewall has the kernel track connections, and a service opens more UDP flows than "
        "nf_conntrack_max allows. Packets of new flows are dropped, those of known ones pass: what is "
        "connected stays up, and nothing new gets through."
    ),
    group="network",
    parameters=(
        Parameter("table_size", 64, "", "nf_conntrack_max", least=16, most=8192),
        service_name("resolver"),
    ),
    needs=Needs(misbehave=True, modules=("nf_conntrack", "nf_tables", "nft_ct"), programs=("nft",)),
    inject=SERVE
    + """
        nft 'add table inet kernward' &&
            nft 'add chain inet kernward input { type filter hook input priority 0; }' &&
            nft 'add rule inet kernward input ct state established accept' || exit 1
        at=/proc/sys/net/netfilter
        cat $at/nf_conntrack_max >/run/conntrack-full.max
        cat $at/nf_conntrack_buckets >/run/conntrack-full.buckets
        # Entries that are alone in their hash buckets: early_drop() searches few and finds none to throw out.
        buckets=$((table_size * 16))
        [ $buckets -lt $(cat $at/nf_conntrack_buckets) ] || echo $buckets >$at/nf_conntrack_buckets
        echo $table_size >$at/nf_conntrack_max
        serve $service "" sockets $((table_size * 2))
    """,
    undo=STOP
    + """
        stop $service
        cat /run/conntrack-full.buckets >/proc/sys/net/netfilter/nf_conntrack_buckets
        cat /run/conntrack-full.max >/proc/sys/net/netfilter/nf_conntrack_max
        nft 'delete table inet kernward'
    """,
    symptom=Symptom(
        doc="The kernel prints that it drops packets, and the table holds as many entries as it may.",
        console=r"nf_conntrack: table full, dropping packet",
        command="""
        count=$(cat /proc/sys/net/netfilter/nf_conntrack_count)
        echo "$count connections are tracked, $table_size may be"
        [ $count -ge $((table_size - table_size / 8)) ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("conntrack-table-full",),
        cause="conntrack-table-full",
        entity_kind="host",
        mechanism=(
            "__nf_conntrack_alloc() in net/netfilter/nf_conntrack_core.c finds more entries than nf_conntrack_max, "
            "early_drop() finds none that it may throw out, and the packet is dropped."
        ),
    ),
)
