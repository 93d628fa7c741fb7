"""A hot-plug slot has no card in it, or no longer. Some machines print it for empty slots at boot."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-card-absent",
    title="PCIe slot: Card not present",
    class_="state",
    severity="info",
    subsystem="PCI/hotplug",
    patterns=(
        Pattern(
            literal=": Card not present",
            regex=(
                r"(?:pcieport|pciehp) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:pciehp: )?Slot\("
                r"(?P<slot>[^)]{1,40})\): Card not present$"
            ),
            printed=("Slot(%s): Card not present",),
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the port"),
        Field("slot", "str", "the slot's name"),
    ),
    printed_by=("drivers/pci/hotplug/pciehp_ctrl.c:pciehp_handle_presence_or_link_change",),
    meaning=(
        "The slot's presence detection says that there is no card. After a card worked there it means that "
        "it was pulled or detached (in a virtual machine by the host's administrator), or that presence "
        "detection flickers. At boot it is the state of an empty slot."
    ),
    next_steps=(
        "Was there a card? Look for the driver's messages, and for `Link Down` of the slot just before.",
        "`lspci -vvs` of the port: SltSta PresDet.",
    ),
    confused_with=("pcie-link-down: the link was lost, whether the card is there or not",),
    example="[51011.020101] pcieport 0000:64:02.0: pciehp: Slot(12): Card not present",
    near_miss="[51013.010101] pcieport 0000:64:02.0: pciehp: Slot(12): Card present",
)
