"""A packet came in with an address that cannot be right on that interface."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="martian-packet",
    title="IPv4: martian {end}",
    class_="state",
    severity="info",
    subsystem="net",
    patterns=(
        Pattern(
            literal="martian source ",
            regex=(
                r"(?:IPv4: )?martian (?P<end>source) (?P<destination>[\d.]+) from (?P<source>[\d.]+), on "
                r"dev (?P<interface>\S+)"
            ),
            printed=("martian source %pI4 from %pI4, on dev %s",),
        ),
        Pattern(
            literal="martian destination ",
            regex=(
                r"(?:IPv4: )?martian (?P<end>destination) (?P<destination>[\d.]+) from "
                r"(?P<source>[\d.]+), dev (?P<interface>\S+)"
            ),
            printed=("martian destination %pI4 from %pI4, dev %s",),
        ),
    ),
    fields=(
        Field("end", "str", "source or destination"),
        Field("destination", "str", "destination address of the packet"),
        Field("source", "str", "source address of the packet"),
        Field("interface", "str", "interface it came in on"),
    ),
    key=("end",),
    continues=("ll header: ",),
    reach=2,
    printed_by=(
        "net/ipv4/route.c:ip_handle_martian_source",
        "net/ipv4/route.c:ip_route_input_slow",
    ),
    meaning=(
        "Packets that fail the reverse path check or carry an impossible address are dropped. "
        "They are reported only with log_martians on. Asymmetric routing with strict rp_filter, "
        "two interfaces in one network, a wrong netmask, leaked container or VPN addresses and "
        "spoofing all look like this."
    ),
    next_steps=(
        "ip route get SOURCE: through which interface would the answer go",
        "sysctl net.ipv4.conf.all.rp_filter and of the interface: 2 is loose",
        "The link layer header printed below names the sender's MAC address",
    ),
    confused_with=("ip-address-conflict: someone uses this host's own address",),
    example=(
        "[ 3011.200010] IPv4: martian source 10.1.2.3 from 192.168.77.5, on dev eth0\n"
        "[ 3011.200014] ll header: 00000000: 52 54 00 12 34 56 52 54 00 65 43 21 08 00"
    ),
    near_miss="[ 3011.200010] IPv4: Attempted to create multicast route",
)
