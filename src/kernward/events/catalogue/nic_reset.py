"""A network driver resets its adapter because packets are not sent."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Interfaces without a device below, and truncated lines, name no driver."""
    if reading.fields.get("driver") is None:
        reading.title = "network adapter: reset"


KIND = Kind(
    id="nic-reset",
    title="{driver}: adapter reset",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Reset adapter",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32})(?: (?P<bus_id>[\w:.-]{1,40}))?:? "
                r")?(?P<interface>[\w.@-]{1,15}):? (?P<action>Reset adapter)(?: unexpectedly)?"
            ),
            printed=("Reset adapter",),
        ),
        Pattern(
            literal="initiating reset due to tx timeout",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>initiating reset due to tx timeout)"
            ),
            printed=("initiating reset due to tx timeout",),
        ),
        Pattern(
            literal="TX timeout detected",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>TX timeout detected)"
            ),
            printed=("TX timeout detected",),
        ),
        Pattern(
            literal="tx_timeout recovery level ",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>tx_timeout recovery) level (?P<level>\d+), txqueue "
                r"(?P<queue>\d+)"
            ),
            printed=("tx_timeout recovery level %d, txqueue %d",),
        ),
        Pattern(
            literal="tx_timeout recovery unsuccessful",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>tx_timeout recovery unsuccessful)"
            ),
            printed=("tx_timeout recovery unsuccessful, device is in non-recoverable state.",),
        ),
        Pattern(
            literal="Transmit timeout, status ",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>Transmit timeout), status"
            ),
            printed=("Transmit timeout, status %2x %4x %4x %4x",),
        ),
        Pattern(
            literal=": tx hang",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>tx hang)$"
            ),
            printed=("tx hang",),
        ),
        Pattern(
            literal="Keep alive watchdog timeout",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<action>Keep alive watchdog timeout)"
            ),
            printed=("Keep alive watchdog timeout.",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
        Field("action", "str", "the driver's words"),
        Field("level", "int", "how far the reset reaches: 1 the function, 2 the core, 3 the whole device"),
        Field("queue", "int", "transmit queue"),
    ),
    key=("driver",),
    read=read,
    printed_by=(
        "drivers/net/ethernet/intel/e1000e/netdev.c:e1000_reset_task",
        "drivers/net/ethernet/intel/igb/igb_main.c:igb_reset_task",
        "drivers/net/ethernet/intel/ixgbe/ixgbe_main.c:ixgbe_reset_subtask",
        "drivers/net/ethernet/intel/i40e/i40e_main.c:i40e_tx_timeout",
        "drivers/net/ethernet/intel/ice/ice_main.c:ice_tx_timeout",
        "drivers/net/ethernet/broadcom/bnxt/bnxt.c:bnxt_tx_timeout",
        "drivers/net/ethernet/mellanox/mlx5/core/en_main.c:mlx5e_tx_timeout_work",
        "drivers/net/ethernet/amazon/ena/ena_netdev.c:check_for_missing_keep_alive",
    ),
    meaning=(
        "A transmit queue timed out, or a keep-alive from the device is missing, and the driver "
        "starts the device anew. Traffic of the interface stops for the time of the reset, from "
        "milliseconds to seconds, and packets in its rings are lost. 'recovery unsuccessful' "
        "means that the interface stays down. Once in a while it goes unnoticed; in series the "
        "adapter, its firmware, its slot or the hypervisor is to blame."
    ),
    next_steps=(
        "What came first: netdev-watchdog, a hang report, a PCIe error",
        "ethtool -i for firmware; ethtool -S before and after",
        "Does the link come up again, and bonding or routing move back",
        "In clouds: was the instance live-migrated or its host under maintenance",
    ),
    confused_with=(
        "netdev-watchdog: the reason, one line before",
        "nic-firmware-error: the device itself reports a fatal error",
        "link-down: the consequence for those who watch the link",
    ),
    example=(
        "[66012.310104] ixgbe 0000:3b:00.0 ens1f0: initiating reset due to tx timeout\n"
        "[66012.310204] ixgbe 0000:3b:00.0 ens1f0: Reset adapter"
    ),
    near_miss="[66012.310104] ixgbe 0000:3b:00.0 ens1f0: initiating reset to clear Tx work after link loss",
)
