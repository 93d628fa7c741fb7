"""A hot-plug slot lost its link."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-link-down",
    title="PCIe slot: Link Down",
    class_="hardware",
    severity="warning",
    subsystem="PCI/hotplug",
    patterns=(
        Pattern(
            literal=": Link Down",
            regex=(
                r"(?:pcieport|pciehp) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:pciehp: )?Slot\("
                r"(?P<slot>[^)]{1,40})\): Link Down$"
            ),
            printed=("Slot(%s): Link Down",),
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the port"),
        Field("slot", "str", "the slot's name"),
    ),
    printed_by=("drivers/pci/hotplug/pciehp_ctrl.c:pciehp_handle_presence_or_link_change",),
    meaning=(
        "The device in this slot went away without having been asked to: it was pulled, lost power, "
        "crashed, or its link could not be kept. The kernel removes it, and whoever used it gets errors. In "
        "a virtual machine it is how the host detaches a device."
    ),
    next_steps=(
        "Look for `Link Up` and `Card present` of the same slot: did it come back, and after how long?",
        (
            "Was it pulled or detached on purpose? Ask the change log, the cloud's API; otherwise look at "
            "the device's own health log."
        ),
        "`lspci -vvs` of the port: LnkSta, SltSta; the AER and DPC events just before.",
    ),
    confused_with=(
        "pcie-dpc: the port itself took the link down because of an error",
        "pcie-power-fault: the slot's power controller reports a fault",
    ),
    example="[51011.010101] pcieport 0000:64:02.0: pciehp: Slot(12): Link Down",
    near_miss="[51013.010101] pcieport 0000:64:02.0: pciehp: Slot(12): Link Up",
)
