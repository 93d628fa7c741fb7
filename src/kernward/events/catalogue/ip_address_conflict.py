"""Another machine on the link uses this host's IPv6 address."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ip-address-conflict",
    title="IPv6: duplicate address",
    class_="network",
    severity="error",
    subsystem="ipv6",
    patterns=(
        Pattern(
            literal="IPv6 duplicate address ",
            regex=(
                r"(?:IPv6|ICMPv6): (?P<interface>[^\s:]{1,15}): IPv6 duplicate address "
                "(?P<address>[0-9a-f:.]+)(?: used by (?P<mac>[0-9a-f:]+))? detected!"
            ),
            printed=("IPv6 duplicate address %pI6c used by %pM detected!",),
        ),
        Pattern(
            literal=" advertised our address ",
            regex=(
                "ICMPv6: NA: (?:(?P<mac>[0-9a-f:]+) |someone )advertise[sd] our address "
                r"(?P<address>[0-9a-f:.]+) on (?P<interface>[^\s!]{1,15})!"
            ),
            printed=("ICMPv6: NA: %pM advertised our address %pI6c on %s!",),
        ),
    ),
    fields=(
        Field("interface", "str", "interface of the address"),
        Field("address", "str", "IPv6 address"),
        Field("mac", "str", "link layer address of the other one"),
    ),
    printed_by=(
        "net/ipv6/addrconf.c:addrconf_dad_failure",
        "net/ipv6/ndisc.c:ndisc_recv_na",
    ),
    meaning=(
        "Duplicate address detection got an answer for an address this interface wants to use, or "
        "another node advertises one it uses already. In the first case the address stays "
        "unusable (dadfailed), and with a link-local address IPv6 may be switched off on the "
        "interface. Cloned virtual machines, a looped cable or bridge (the host hears itself) and "
        "manual addresses are the causes."
    ),
    next_steps=(
        "ip -6 addr show dev IFACE: dadfailed, tentative",
        "Which machine has that MAC address; is it this host's own (a loop)",
        ("Cloned images: regenerate machine-id and stable secret; check bridge and bond configuration"),
    ),
    confused_with=(
        "bridge-own-address: the loop, seen by the bridge",
        "martian-packet: an impossible address, dropped",
    ),
    example=(
        "[   14.700110] IPv6: eth0: IPv6 duplicate address fe80::5054:ff:fe12:3456 used by "
        "52:54:00:12:34:56 detected!"
    ),
    near_miss="[   14.700110] IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready",
)
