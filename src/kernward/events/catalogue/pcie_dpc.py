"""A PCIe port cut off what is below it to contain an error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-dpc",
    title="PCIe downstream port containment: {reason}",
    class_="hardware",
    severity="error",
    subsystem="PCI/DPC",
    patterns=(
        # The reason moved from a line of its own into this one; stable releases took that over.
        Pattern(
            literal="containment event, status:",
            regex=(
                r"(?:pcieport|pciehp|dpc) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:DPC:?"
                r" )?containment event, status:(?P<status>0x[0-9a-f]+)(?: source:(?P<source>0x[0-9a-f]+)|:"
                r" (?P<reason>.{1,60}) detected)"
            ),
        ),
        Pattern(
            literal="containment event, status:",
            regex=(
                r"(?:pcieport|pciehp|dpc) (?P<device>[0-9a-f:.]{7,20}?)(?::pcie\d{3})?: (?:DPC:?"
                r" )?containment event, status:(?P<status>0x[0-9a-f]+), (?P<reason>\w{1,30}) received from"
                r" (?P<origin>[0-9a-f:.]{7,20})"
            ),
            since="6.12",
            printed=("containment event, status:%#06x, %s received from",),
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the port"),
        Field("status", "hex", "DPC status register"),
        Field("source", "hex", "requester id of the sender, in the older wording"),
        Field("reason", "str", "what triggered it"),
        Field("origin", "str", "PCI address of the device whose message triggered it"),
    ),
    key=("reason",),
    continues=(
        (
            r"(?:pcieport|pciehp|dpc) [0-9a-f:.]{7,20}?(?::pcie\d{3})?: (?:DPC:? )?(?P<reason>unmasked"
            r" uncorrectable error|ERR_NONFATAL|ERR_FATAL|RP PIO error|software trigger|reserved error)"
            r" detected"
        ),
    ),
    reach=3,
    printed_by=("drivers/pci/pcie/dpc.c:dpc_process_error",),
    meaning=(
        "An uncorrectable error arrived at a port that supports containment, and the port took the link "
        "down at once, so that bad data cannot spread. Everything below the port is gone until the link is "
        "brought up again; drivers see their device removed or reset. It also happens when a device is "
        "pulled without warning."
    ),
    next_steps=(
        (
            "See whether the link came back: `device recovery successful`, or pciehp's Link Down and Link "
            "Up for the same port."
        ),
        "Find what is below the port: `lspci -tv`; read the AER lines next to this one for the error itself.",
        "Repeated containment of one port: reseat or replace the device, then the backplane or the cable.",
    ),
    confused_with=(
        "pcie-link-down: the link was lost, with or without containment",
        "pcie-aer-uncorrected: the error, without the port acting on it",
    ),
    example="""\
[41200.700101] pcieport 0000:80:01.1: DPC: containment event, status:0x1f01: unmasked uncorrectable error detected""",
    near_miss="""\
[    1.700101] pcieport 0000:80:01.1: DPC: error containment capabilities: Int Msg #0, RPExt+ PoisonedTLP+ SwTrigger+ RP PIO Log 6, DL_ActiveErr+""",
)
