"""A bonding interface takes one of its members out of use because its link is gone."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bond-slave-down",
    title="bonding: link failure of a member",
    class_="network",
    severity="warning",
    subsystem="bonding",
    patterns=(
        Pattern(
            literal="link status definitely down",
            regex=(
                r"(?P<interface>[\w.-]{1,15}): \(slave (?P<member>[\w.-]{1,15})\): link status definitely "
                "down"
            ),
            since="5.3",
            printed=("(slave %s): link status definitely down, disabling slave",),
        ),
        Pattern(
            literal="link status definitely down",
            regex=(
                r"(?:bonding: )?(?P<interface>[\w.-]{1,15}): link status definitely down for (?:active "
                r")?(?:backup )?interface (?P<member>[\w.-]{1,15})"
            ),
            until="5.2",
        ),
    ),
    fields=(
        Field("interface", "str", "bonding interface"),
        Field("member", "str", "member that failed"),
    ),
    printed_by=(
        "drivers/net/bonding/bond_main.c:bond_miimon_commit",
        "drivers/net/bonding/bond_main.c:bond_ab_arp_commit",
    ),
    meaning=(
        "The link monitor (MII or ARP) found a member down for longer than downdelay, and the "
        "bond stops using it. Traffic goes over the members that remain, at less bandwidth and "
        "without redundancy. With ARP monitoring the link itself may be up while the target does "
        "not answer."
    ),
    next_steps=(
        "cat /proc/net/bonding/BOND: failure counts, active member",
        "The member's own link messages; ethtool MEMBER, the switch port",
        "Both members of many hosts at once: the switch",
        "With arp_interval: is arp_ip_target reachable",
    ),
    confused_with=(
        "bond-no-active-interface: it was the last one",
        "link-down: the member's own message",
    ),
    example="[90210.212200] bond0: (slave ens1f0): link status definitely down, disabling slave",
    near_miss="[90214.212200] bond0: (slave ens1f0): link status definitely up, 10000 Mbps full duplex",
)
