"""The neighbour table is full."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, interface_name, service_name

FAULT = Fault(
    name="neighbour-overflow",
    title="the neighbour table overflows",
    doc=(
        "A service sends to more addresses of a directly connected network than the neighbour (ARP) table may "
        "hold (gc_thresh3). Addresses that are not in the table cannot be reached until others are thrown out."
    ),
    group="network",
    parameters=(
        Parameter("gc_thresh3", 16, "", "how many neighbours the table may hold", least=4, most=2048),
        interface_name("storage0"),
        service_name("discovery"),
    ),
    needs=Needs(misbehave=True, modules=("dummy",)),
    inject=SERVE
    + """
        ip link add $interface type dummy || exit 1
        ip address add 10.30.0.1/16 dev $interface
        # a dummy interface does not ask for neighbours of itself
        ip link set dev $interface arp on
        ip link set dev $interface up
        # who does not answer is waited for, so that many are waited for at a time
        echo 20000 >/proc/sys/net/ipv4/neigh/$interface/retrans_time_ms
        at=/proc/sys/net/ipv4/neigh/default
        cat $at/gc_thresh1 $at/gc_thresh2 $at/gc_thresh3 >/run/neighbour-overflow.before
        echo $((gc_thresh3 / 4)) >$at/gc_thresh1
        echo $((gc_thresh3 / 2)) >$at/gc_thresh2
        echo $gc_thresh3 >$at/gc_thresh3
        serve $service "" scan 10.30.1.1 $((gc_thresh3 * 2 + 16))
    """,
    undo=STOP
    + """
        stop $service
        at=/proc/sys/net/ipv4/neigh/default
        set -- $(cat /run/neighbour-overflow.before)
        echo $3 >$at/gc_thresh3
        echo $2 >$at/gc_thresh2
        echo $1 >$at/gc_thresh1
        ip link del $interface
    """,
    symptom=Symptom(
        doc="The kernel prints that the table overflows, and its statistics count it.",
        console=r"neighbour: arp_cache: neighbor table overflow!",
        command="""
        # hexadecimal, one line a CPU (net/core/neighbour.c: neigh_stat_seq_show)
        full=$(awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "table_fulls") place = i; next } { print $place }' \\
            /proc/net/stat/arp_cache | sed 's/^/0x/' | while read each; do echo $((each)); done |
            awk '{ sum += $1 } END { print sum + 0 }')
        echo "the neighbour table was full $full times"
        [ $full -gt 0 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("neighbour-table-overflow",),
        cause="neighbour-table-full",
        entity_kind="interface",
        entity="$interface",
        mechanism=(
            "neigh_alloc() in net/core/neighbour.c finds gc_thresh3 entries and neigh_forced_gc() none to throw "
            "out; the packet is dropped with ENOBUFS."
        ),
    ),
)
