"""A network interface lost its link."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="link-down",
    title="link down",
    class_="state",
    severity="warning",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Link is Down",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) "
                r")?(?:(?:igb|e1000e?|ixgbevf|qlcnic|tg3): )?(?P<interface>[\w.@-]{1,15})(?: \([\w "
                r",]{1,40}\))?:? (?:igb: [\w.-]+ )?(?:NIC )?Link is Down"
            ),
            printed=("Link is Down",),
        ),
        Pattern(
            literal="Link is down",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) "
                r")?(?:(?:igb|e1000e?|ixgbevf|qlcnic|tg3): )?(?P<interface>[\w.@-]{1,15})(?: \([\w "
                r",]{1,40}\))?:? (?:igb: [\w.-]+ )?(?:NIC )?Link is down"
            ),
            printed=("Link is down",),
        ),
        Pattern(
            literal=": Link down",
            regex=(
                r"(?P<driver>mlx5_core|mlx4_en:?) (?P<bus_id>[\w:.-]{1,40}):? "
                r"(?P<interface>[\w.-]{1,15}): Link [dD]own"
            ),
            printed=("Link down",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
    ),
    key=("driver",),
    printed_by=(
        "drivers/net/phy/phy.c:phy_print_status",
        "drivers/net/phy/phylink.c:phylink_link_down",
        "drivers/net/ethernet/intel/igb/igb_main.c:igb_watchdog_task",
        "drivers/net/ethernet/intel/i40e/i40e_main.c:i40e_print_link_message",
        "drivers/net/ethernet/broadcom/bnxt/bnxt.c:bnxt_report_link",
        "drivers/net/ethernet/broadcom/tg3.c:tg3_link_report",
        "drivers/net/ethernet/mellanox/mlx5/core/en_main.c:mlx5e_update_carrier",
    ),
    meaning=(
        "The physical layer reports no link: cable, transceiver, switch port, or the interface is "
        "being configured or reset. Some drivers say it once when an interface is brought up, so "
        "a single line at boot means nothing. A port that goes down and up again and again is a "
        "flap: count the lines of one interface over time."
    ),
    next_steps=(
        "Does 'Link is Up' follow, how soon, at the same speed",
        (
            "ip -s link show IFACE: carrier changes; ethtool -S for symbol and FEC errors; ethtool -m "
            "for the module"
        ),
        "The switch port's log at that time; other hosts on the same switch or rack",
        "Was it an administrator: ip link set down, ethtool -r, a driver reset before it",
    ),
    confused_with=(
        "link-up: the opposite, printed when the link is back",
        "bond-slave-down: bonding reacts to it",
        "nic-reset: a reset by the driver drops the link as well",
    ),
    example="[90210.112200] ixgbe 0000:3b:00.0 ens1f0: NIC Link is Down",
    near_miss="[   12.112200] IPv6: ADDRCONF(NETDEV_UP): ens1f0: link is not ready",
)
