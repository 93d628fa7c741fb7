"""A Hyper-V or Azure network interface changed between its virtual function and the synthetic path."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="netvsc-data-path-switched",
    title="hv_netvsc: data path switched {direction} VF",
    class_="state",
    severity="info",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Data path switched ",
            regex=(
                r"(?:hv_netvsc )?(?:(?P<bus_id>[\w-]{1,40}) )?(?P<interface>[\w.-]{1,15}): Data path "
                r"switched (?P<direction>to|from) VF: (?P<member>\S+)"
            ),
            printed=("Data path switched %s VF: %s",),
        ),
    ),
    fields=(
        Field("bus_id", "str", "VMBus id"),
        Field("interface", "str", "synthetic interface"),
        Field("direction", "str", "to: traffic goes over the virtual function; from: it goes over the host"),
        Field("member", "str", "interface of the virtual function"),
    ),
    key=("direction",),
    printed_by=("drivers/net/hyperv/netvsc_drv.c:netvsc_vf_changed",),
    meaning=(
        "With accelerated networking a virtual function carries the traffic and the synthetic "
        "interface stands in while it is away. At boot a switch to the virtual function is "
        "normal. A switch away from it later is maintenance or live migration on the host: "
        "latency and throughput are worse until it is back."
    ),
    next_steps=(
        "Does 'switched to VF' follow, and after how long",
        "The cloud's scheduled events and maintenance notices for that time",
        "ethtool -S eth0 | grep vf_ : counters of both paths",
    ),
    confused_with=("link-down: the virtual function's own message",),
    example=(
        "[20110.120010] hv_netvsc 000d3a1f-2b3c-000d-3a1f-2b3c000d3a1f eth0: Data path switched "
        "from VF: enP1s1"
    ),
    near_miss="[   10.120010] hv_netvsc 000d3a1f-2b3c-000d-3a1f-2b3c000d3a1f eth0: VF registering: enP1s1",
)
