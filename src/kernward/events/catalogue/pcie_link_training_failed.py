"""A PCIe slot has a card whose link cannot be brought up."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-link-training-failed",
    title="PCIe link training failed",
    class_="hardware",
    severity="error",
    subsystem="PCI/hotplug",
    patterns=(
        Pattern(
            literal="Cannot train link: status ",
            regex=(
                r"(?:pcieport|pciehp) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:pciehp: )?Slot\("
                r"(?P<slot>[^)]{1,40})\): Cannot train link: status (?P<status>0x[0-9a-f]+)"
            ),
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the port"),
        Field("slot", "str", "the slot's name"),
        Field("status", "hex", "link status register"),
    ),
    printed_by=("drivers/pci/hotplug/pciehp_hpc.c:pciehp_check_link_status",),
    meaning=(
        "The port sees a card, but the two could not agree on a working link within the time allowed. The "
        "card, its seat, a cable or a retimer is at fault, or the card's firmware is not up."
    ),
    next_steps=(
        "Power-cycle the slot: `echo 0 > /sys/bus/pci/slots/SLOT/power; echo 1 > …`.",
        "Try the card in another slot and another card in this one.",
    ),
    confused_with=("pcie-link-down: a link that worked was lost",),
    example="[51014.210101] pcieport 0000:64:02.0: pciehp: Slot(12): Cannot train link: status 0x0001",
    near_miss="[51014.210101] pcieport 0000:64:02.0: pciehp: Slot(12): No device found",
)
