"""A network driver found its transmit unit hanging, by its own check."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Interfaces without a device below, and truncated lines, name no driver."""
    if reading.fields.get("driver") is None:
        reading.title = "network adapter: transmit unit hang"


KIND = Kind(
    id="nic-transmit-hang",
    title="{driver}: transmit unit hang",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Detected Hardware Unit Hang",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}):? "
                r")?(?:(?P<bus_id>[0-9a-f]{4}:[0-9a-f:.]{6,8}):? ?)?(?P<interface>[\w.@-]{1,15})?:? ?"
                "(?P<hang>Detected "
                "Hardware Unit Hang)"
            ),
            printed=("Detected Hardware Unit Hang:",),
        ),
        Pattern(
            literal="Detected Tx Unit Hang",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}):? "
                r")?(?:(?P<bus_id>[0-9a-f]{4}:[0-9a-f:.]{6,8}):? ?)?(?P<interface>[\w.@-]{1,15})?:? ?"
                "(?P<hang>Detected "
                "Tx Unit Hang)"
            ),
            printed=("Detected Tx Unit Hang",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
        Field("hang", "str", "the driver's words"),
        Field("queue", "int", "transmit queue"),
    ),
    key=("driver",),
    continues=(
        r"\s*Tx Queue\s+<(?P<queue>\d+)>",
        (
            r"\s*(?:TD[HT]|next_to_\w+|buffer_info|time_stamp|jiffies|desc\.status|(?:MAC|PHY|PCI) "
            r"[\w -]*Status)\b"
        ),
    ),
    reach=18,
    read=read,
    printed_by=(
        "drivers/net/ethernet/intel/e1000e/netdev.c:e1000_print_hw_hang",
        "drivers/net/ethernet/intel/igb/igb_main.c:igb_clean_tx_irq",
        "drivers/net/ethernet/intel/igc/igc_main.c:igc_clean_tx_irq",
        "drivers/net/ethernet/intel/ixgbe/ixgbe_main.c:ixgbe_clean_tx_irq",
    ),
    meaning=(
        "The driver looked at a packet it had handed to the hardware a while ago: its descriptor "
        "is still not done though the link is up and nobody sends pause frames. It dumps the "
        "ring's registers and resets the adapter. With e1000e on desktop and server boards it is "
        "often segmentation offload or a power state; with virtual adapters the emulating host; "
        "otherwise hardware or firmware."
    ),
    next_steps=(
        "Does 'Reset adapter' follow, and how often does it come back",
        "ethtool -K IFACE tso off gso off as an experiment for e1000e",
        "pcie_aspm=off, newer NIC firmware; ethtool -d for the registers",
        "PCIe errors before it: dmesg | grep -i aer",
    ),
    confused_with=(
        "netdev-watchdog: the stack's own check, without the driver's",
        "nic-reset: the reset that follows",
    ),
    example=(
        "[70011.200110] e1000e 0000:00:1f.6 eno1: Detected Hardware Unit Hang:\n"
        "[70011.200110]   TDH                  <3f>\n"
        "[70011.200110]   TDT                  <8a>"
    ),
    near_miss="[    3.200110] e1000e 0000:00:1f.6: The NVM Checksum Is Not Valid",
)
