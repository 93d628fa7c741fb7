"""The ARP or IPv6 neighbour table is full; packets to new neighbours are dropped."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Old kernels do not say which table it is."""
    if reading.fields.get("table") is None:
        reading.title = "neighbour: table overflow"


KIND = Kind(
    id="neighbour-table-overflow",
    title="neighbour: {table} overflow",
    class_="resource",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="neighbor table overflow!",
            regex=r"neighbour: (?P<table>\w+): neighbor table overflow!",
            since="4.3",
            printed=("neighbour: %s: neighbor table overflow!",),
        ),
        Pattern(
            literal="Neighbour table overflow",
            regex=r"(?:net_ratelimit: )?(?:\w+: )?Neighbour table overflow\.?",
            until="4.2",
        ),
    ),
    fields=(Field("table", "str", "arp_cache (IPv4) or ndisc_cache (IPv6)"),),
    key=("table",),
    read=read,
    printed_by=("net/core/neighbour.c:neigh_alloc",),
    meaning=(
        "The number of neighbours reached net.ipv4.neigh.default.gc_thresh3 (1024 by default; "
        "shared by all network namespaces) and none could be collected. Packets to a neighbour "
        "that is not in the table are dropped, so some peers, pods or gateways cannot be reached "
        "while others can. Usual causes are big flat networks, many containers on one node, scans "
        "of a local network, and a default route without a gateway."
    ),
    next_steps=(
        "ip -4 neigh | wc -l and ip -6 neigh | wc -l, in all namespaces; by state and interface",
        "sysctl net.ipv4.neigh.default.gc_thresh1 gc_thresh2 gc_thresh3 (and net.ipv6)",
        "ip -s neigh; cat /proc/net/stat/arp_cache: table_fulls",
        "A route that makes everything a direct neighbour (scope link default route)",
    ),
    confused_with=(
        "conntrack-table-full: connections, not neighbours",
        "dst-cache-overflow: cached routes, not neighbours",
    ),
    example="[71011.410010] neighbour: arp_cache: neighbor table overflow!",
    near_miss="[71011.410010] neighbour: ndisc_cache: neighbor table garbage collected",
)
