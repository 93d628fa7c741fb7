"""A packet went round through virtual devices until the kernel stopped it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="transmit-recursion",
    title="net: transmit recursion limit reached",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Dead loop on virtual device ",
            regex=r"(?:\w+: )?Dead loop on virtual device (?P<interface>\S+), fix it urgently!",
            printed=("Dead loop on virtual device %s, fix it urgently!",),
        ),
        Pattern(
            literal="recursion limit reached on datapath",
            regex=(
                r"(?:(?:openvswitch: )?ovs|bpf|\w+\(\)): recursion limit reached on datapath(?: "
                r"(?P<interface>[^\s,]+))?"
            ),
            printed=(
                "openvswitch: ovs: recursion limit reached on datapath %s, probable configuration error",
            ),
        ),
        Pattern(
            literal="Packet exceeded mirred recursion limit",
            regex=r"(?:\w+: )?Packet exceeded mirred recursion limit on dev (?P<interface>\S+)",
            printed=("Packet exceeded mirred recursion limit on dev %s",),
        ),
        Pattern(
            literal="openvswitch: ",
            regex=r"openvswitch: (?P<interface>\S+): deferred action limit reached, drop",
            printed=("deferred action limit reached, drop recirc action",),
        ),
    ),
    fields=(Field("interface", "str", "device or datapath where it was noticed"),),
    printed_by=(
        "net/core/dev.c:__dev_queue_xmit",
        "net/ipv4/ip_tunnel_core.c:iptunnel_xmit",
        "net/openvswitch/actions.c:ovs_execute_actions",
        "net/sched/act_mirred.c:tcf_mirred_act",
    ),
    meaning=(
        "Stacked virtual devices (tunnels, bridges, veth, Open vSwitch, tc mirred, BPF redirects) "
        "send a packet to each other in a circle or too deep. The packet was dropped to save the "
        "stack. It is a configuration error: a tunnel whose route leads into itself, a mirror of "
        "a mirror, flows that recirculate for ever."
    ),
    next_steps=(
        "ip route get TUNNEL-ENDPOINT: does it lead into the tunnel itself",
        "ovs-ofctl dump-flows and ovs-appctl ofproto/trace for Open vSwitch",
        "tc filter show on all devices of the chain; bpftool net",
    ),
    confused_with=("bridge-own-address: a loop in the wire",),
    example="[ 9110.120010] Dead loop on virtual device gre1, fix it urgently!",
    near_miss="[    9.120010] openvswitch: Open vSwitch switching datapath",
)
