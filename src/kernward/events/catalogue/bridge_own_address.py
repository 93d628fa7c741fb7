"""A bridge received a packet that carries the bridge's own address as its source."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bridge-own-address",
    title="bridge: received packet with own address as source",
    class_="network",
    severity="warning",
    subsystem="bridge",
    patterns=(
        Pattern(
            literal="with own address as source address",
            regex=(
                r"(?P<interface>[^\s:]{1,15}): received packet on (?P<port>\S{1,15}) with +own address as "
                r"source address(?: \(addr:(?P<mac>[0-9a-f:]+), vlan:(?P<vlan>\d+)\))?"
            ),
            printed=("received packet on %s with own address as source address (addr:%pM, vlan:%u)",),
        ),
    ),
    fields=(
        Field("interface", "str", "name of the bridge"),
        Field("port", "str", "port it came in on"),
        Field("mac", "str", "the address"),
        Field("vlan", "int", "VLAN id, 0 for none"),
    ),
    printed_by=("net/bridge/br_fdb.c:br_fdb_update",),
    meaning=(
        "The bridge hears its own packets: there is a loop in the network, or two machines have "
        "the same MAC address. A loop without spanning tree multiplies broadcasts until links are "
        "full. Bonds in a wrong mode towards the switch reflect packets too."
    ),
    next_steps=(
        "bridge link; bridge fdb show | grep MAC; is spanning tree on (bridge -d link)",
        "tcpdump -e -i PORT ether src MAC: what comes back, how much",
        "Bond mode against the switch's configuration; clones with the same MAC address",
    ),
    confused_with=("ip-address-conflict: the same address at the IP layer",),
    example=(
        "[ 2110.110010] br0: received packet on ens1f0 with own address as source address "
        "(addr:52:54:00:12:34:56, vlan:0)"
    ),
    near_miss="[   10.110010] br0: port 1(ens1f0) entered forwarding state",
)
