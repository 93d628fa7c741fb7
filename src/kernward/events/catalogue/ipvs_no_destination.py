"""IPVS has no real server to send a connection to."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ipvs-no-destination",
    title="IPVS: no destination available",
    class_="network",
    severity="error",
    subsystem="ipvs",
    patterns=(
        Pattern(
            literal="no destination available",
            regex=(
                r"IPVS: (?P<scheduler>\w+): (?:(?P<protocol>\w+) "
                r"(?P<address>\[[0-9a-f:.]+\]|[\d.]+):(?P<port>\d+)|FWM (?P<fwmark>\d+) 0x[0-9A-F]+) - no "
                "destination available"
            ),
            printed=(
                "IPVS: %s: %s %pI4:%d - %s",
                "no destination available",
            ),
        ),
    ),
    fields=(
        Field("scheduler", "str", "scheduler: rr, wrr, lc, sh, …"),
        Field("protocol", "str", "TCP, UDP or SCTP"),
        Field("address", "str", "address of the virtual service"),
        Field("port", "int", "its port"),
        Field("fwmark", "int", "firewall mark of the service, where it has one"),
    ),
    printed_by=("net/netfilter/ipvs/ip_vs_sched.c:ip_vs_scheduler_err",),
    meaning=(
        "A connection came to a virtual service whose real servers are all gone, have weight 0 or "
        "are overloaded. It is refused or dropped. With kube-proxy in IPVS mode that is a "
        "Kubernetes service without ready endpoints; with keepalived all health checks failed."
    ),
    next_steps=(
        "ipvsadm -Ln: servers and weights of that service",
        "kubectl get endpointslices for the service's address, or keepalived's log",
        "Are the real servers down, or the health checks",
    ),
    confused_with=("conntrack-table-full: packets are dropped before IPVS sees them",),
    example="[ 8110.120010] IPVS: rr: TCP 10.96.0.17:443 - no destination available",
    near_miss="[    8.120010] IPVS: [rr] scheduler registered.",
)
