"""A sender handed a packet to a tap with a wrong or missing network header."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="packet-protocol-buggy",
    title="net: protocol {protocol} is buggy",
    class_="network",
    severity="warning",
    subsystem="net",
    patterns=(
        Pattern(
            literal=" is buggy, dev ",
            regex=r"protocol (?P<protocol>[0-9a-f]{4}) is buggy, dev (?P<interface>\S+)",
            printed=("protocol %04x is buggy, dev %s",),
        ),
    ),
    fields=(
        Field("protocol", "str", "EtherType, hexadecimal: 0800 IPv4, 86dd IPv6, 0806 ARP"),
        Field("interface", "str", "interface it was sent on"),
    ),
    key=("protocol",),
    printed_by=("net/core/dev.c:dev_queue_xmit_nit",),
    meaning=(
        "A packet was copied to a packet socket (tcpdump, a DHCP client, a monitoring agent) and "
        "its network header pointer lies outside the packet. The kernel repairs the copy and goes "
        "on. Whoever built the packet, a tunnel, a driver, an out-of-tree module or a program "
        "with raw sockets, did not set the pointer: a bug there, harmless as long as only taps "
        "see it."
    ),
    next_steps=(
        "What sends such packets on that interface: tunnels, raw sockets, out-of-tree modules",
        "ss -0p lists the packet sockets that make it visible",
        "Search for a fix to that driver or tunnel after this release",
    ),
    confused_with=("rx-checksum-fault: a wrong checksum from the hardware, on receive",),
    example="[ 5110.200010] protocol 0800 is buggy, dev wg0",
    near_miss="[ 5110.200010] protocol 0800 registered",
)
