"""The power controller of a PCIe slot reported a fault."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-power-fault",
    title="PCIe slot power fault",
    class_="hardware",
    severity="error",
    subsystem="PCI/hotplug",
    patterns=(
        Pattern(
            literal=": Power fault",
            regex=(
                r"(?:pcieport|pciehp) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:pciehp: )?Slot\("
                r"(?P<slot>[^)]{1,40})\): Power fault"
            ),
            printed=("Slot(%s): Power fault",),
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the port"),
        Field("slot", "str", "the slot's name"),
    ),
    printed_by=("drivers/pci/hotplug/pciehp_hpc.c:pciehp_isr",),
    meaning=(
        "The slot's power controller switched the card off: too much current, or the supply failed. Some "
        "ports report it once at boot without cause."
    ),
    next_steps=(
        "Check whether the card is still there: `lspci`, its driver's messages.",
        "Compare the card's power need with what the slot gives; look into the BMC's sensor and event logs.",
    ),
    confused_with=("pcie-link-down: the link was lost for another reason",),
    example="[51010.990101] pcieport 0000:64:02.0: pciehp: Slot(12): Power fault",
    near_miss="""\
[    1.990101] pcieport 0000:64:02.0: pciehp: Slot #12 AttnBtn- PwrCtrl- MRL- AttnInd+ PwrInd+ HotPlug+ Surprise+ Interlock- NoCompl+ IbPresDis- LLActRep+""",
)
