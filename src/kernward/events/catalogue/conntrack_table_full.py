"""The connection tracking table is full and packets of new connections are dropped."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="conntrack-table-full",
    title="nf_conntrack: table full, dropping packet",
    class_="resource",
    severity="error",
    subsystem="netfilter",
    patterns=(
        Pattern(
            literal="conntrack: table full",
            regex=(
                r"(?:nf_conntrack: )?(?:nf|ip)_conntrack: table full(?: in netns (?P<netns>\d+))?, "
                "dropping packet"
            ),
            printed=("nf_conntrack: table full, dropping packet",),
        ),
    ),
    fields=(Field("netns", "int", "network namespace, where printed (after 6.12)"),),
    printed_by=("net/netfilter/nf_conntrack_core.c:__nf_conntrack_alloc",),
    meaning=(
        "Each connection through a stateful firewall, NAT or kube-proxy has an entry; "
        "net.netfilter.nf_conntrack_max of them are allowed, and none could be evicted early. "
        "Packets that would need a new entry are dropped: new connections time out, existing ones "
        "go on. It is a real shortage (a busy gateway or node), entries that live too long "
        "(established: five days by default), or a flood or scan."
    ),
    next_steps=(
        "sysctl net.netfilter.nf_conntrack_count nf_conntrack_max; conntrack -S for drops",
        "conntrack -L -o extended | awk by state and source: who fills it",
        ("Raise nf_conntrack_max and the hash (nf_conntrack_buckets) together: about 320 bytes an entry"),
        "Shorten nf_conntrack_tcp_timeout_established and _time_wait; exempt traffic with NOTRACK",
        "UDP to DNS without caching is a usual filler on Kubernetes nodes",
    ),
    confused_with=(
        "conntrack-expectation-table-full: helpers' expectations only",
        "neighbour-table-overflow: too many neighbours, not connections",
    ),
    example="[60110.330010] nf_conntrack: nf_conntrack: table full, dropping packet",
    near_miss=(
        "[   10.330010] nf_conntrack: default automatic helper assignment has been turned off "
        "for security reasons and CT-based firewall rule not found. Use the iptables CT target "
        "to attach helpers instead."
    ),
)
