"""The table of cached routes is full."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="dst-cache-overflow",
    title="route cache overflow",
    class_="resource",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Route cache is full: consider increasing",
            regex=r"Route cache is full: consider increasing sysctl net\.ip",
            until="6.2",
            unprinted="the stable series of 6.1 removed it with the limit on IPv6 routes",
        ),
        Pattern(
            literal="dst cache overflow",
            regex="(?:ipv4: )?dst cache overflow",
            until="3.5",
        ),
    ),
    printed_by=(
        "net/core/dst.c:dst_alloc",
        "net/ipv4/route.c:rt_garbage_collect",
    ),
    meaning=(
        "A destination entry could not be allocated because net.ipv6.route.max_size (or, in old "
        "kernels, net.ipv4.route.max_size) is reached and nothing could be freed. Packets fail "
        "with ENOBUFS or 'Network is unreachable', although the routes are there. The usual cause "
        "is a leak of references in the kernel, or very many IPv6 peers on a gateway. Newer "
        "kernels have no such limit."
    ),
    next_steps=(
        "cat /proc/net/rt6_stats and /proc/net/stat/ndisc_cache; slabtop for ip6_dst_cache",
        "sysctl -w net.ipv6.route.max_size=… for relief",
        "Grows without end: a leak; look for fixes in net/ipv6/route.c after this release",
    ),
    confused_with=("neighbour-table-overflow: neighbours, not routes",),
    example="[72011.410010] Route cache is full: consider increasing sysctl net.ipv6.route.max_size.",
    near_miss="[    0.410010] Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)",
)
