"""A network adapter stopped a queue because it was given a descriptor that is not allowed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nic-malicious-driver",
    title="{driver}: malicious driver detection",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Malicious Driver Detection event ",
            regex=(
                r"(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}): Malicious Driver Detection event "
                r"(?P<event>0x[0-9a-f]+|\d+) on (?P<direction>TX|RX) queue (?P<queue>\d+)"
            ),
            printed=("Malicious Driver Detection event 0x%02x on RX queue %d of function 0x%02x",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the adapter"),
        Field("bus_id", "str", "PCI address"),
        Field("event", "str", "which rule was broken, the vendor's number"),
        Field("direction", "str", "TX or RX"),
        Field("queue", "int", "number of the queue"),
    ),
    key=(
        "driver",
        "direction",
    ),
    printed_by=(
        "drivers/net/ethernet/intel/i40e/i40e_main.c:i40e_handle_mdd_event",
        "drivers/net/ethernet/intel/ice/ice_main.c:ice_handle_mdd_event",
    ),
    meaning=(
        "The adapter checks the descriptors it is given, to protect itself from a guest that owns "
        "a virtual function. Here it found one that breaks a rule, and stopped the queue; the "
        "driver resets the function. From a virtual function it is the guest's driver; from the "
        "physical one a bug in the host's driver, typically packets with odd segmentation or "
        "header lengths."
    ),
    next_steps=(
        "A virtual function (which guest: ip link show), or the host itself",
        "ethtool -K IFACE tso off tx-udp_tnl-segmentation off as an experiment",
        "Driver and firmware (ethtool -i) against the vendor's list",
    ),
    confused_with=("nic-reset: the reset that may follow",),
    example=(
        "[ 7110.400010] i40e 0000:18:00.0: Malicious Driver Detection event 0x02 on TX queue 12 "
        "PF number 0x00 VF number 0x00"
    ),
    near_miss="[    7.400010] i40e 0000:18:00.0: fw 8.2.64130 api 1.12 nvm 8.20 0x8000d8c5 1.2879.0",
)
