"""A network interface has a link."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="link-up",
    title="link up",
    class_="state",
    severity="info",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Link is Up",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) "
                r")?(?:(?:igb|e1000e?|ixgbevf|qlcnic|tg3): )?(?P<interface>[\w.@-]{1,15})(?: \([\w "
                r",]{1,40}\))?:? (?:igb: [\w.-]+ )?(?:NIC )?Link is "
                r"Up(?:,)?(?: ?-? ?(?P<rate>(?:\d+ ?(?:[MG]bps|Mbps)|speed "
                r"unknown|\d+[MG]?bps)[^,]{0,40}))?"
            ),
            printed=("Link is Up",),
        ),
        Pattern(
            literal="Link is up at",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) "
                r")?(?:(?:igb|e1000e?|ixgbevf|qlcnic|tg3): )?(?P<interface>[\w.@-]{1,15})(?: \([\w "
                r",]{1,40}\))?:? (?:igb: [\w.-]+ )?(?:NIC )?Link is up at (?P<rate>\d+ Mbps[^,]{0,24})"
            ),
            printed=("Link is up at %d Mbps, %s duplex",),
        ),
        Pattern(
            literal=": Link up",
            regex=(
                r"(?P<driver>mlx5_core|mlx4_en:?) (?P<bus_id>[\w:.-]{1,40}):? "
                r"(?P<interface>[\w.-]{1,15}): Link [uU]p"
            ),
            printed=("Link up",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
        Field("rate", "str", "speed as printed"),
    ),
    key=("driver",),
    printed_by=(
        "drivers/net/phy/phy.c:phy_print_status",
        "drivers/net/phy/phylink.c:phylink_link_up",
        "drivers/net/ethernet/intel/ixgbe/ixgbe_main.c:ixgbe_watchdog_link_is_up",
        "drivers/net/ethernet/broadcom/tg3.c:tg3_link_report",
        "drivers/net/ethernet/mellanox/mlx5/core/en_main.c:mlx5e_update_carrier",
    ),
    meaning=(
        "The interface found a link partner and agreed on a speed. At boot that is normal. Later "
        "it is the end of an interruption; a speed below the usual one points at a cable or "
        "module."
    ),
    next_steps=(
        "The time since 'Link is Down' of the same interface",
        "Is the speed what it should be; ethtool IFACE",
        "Many pairs in a short time are a flap",
    ),
    confused_with=("link-down: the opposite, printed when the link is lost",),
    example=(
        "[   12.512200] e1000e 0000:00:1f.6 eno1: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx"
    ),
    near_miss="[   12.612200] IPv6: ADDRCONF(NETDEV_CHANGE): eno1: link becomes ready",
)
