"""A PCIe device reported errors that the link layer corrected."""

from kernward.events.catalogue import pcie_aer_uncorrected
from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="pcie-aer-corrected",
    title="PCIe corrected error: {layer}",
    class_="hardware",
    severity="warning",
    subsystem="PCI/AER",
    patterns=(
        # Up to 4.x the requester's id stood before the agent; later releases say Correctable and
        # Uncorrectable.
        Pattern(
            literal="PCIe Bus Error: severity=",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]):"
                r" (?:AER: )?PCIe Bus Error: severity=(?P<severity>Correct(?:ed|able)), type=(?P<layer>[\w"
                r" ]{1,40}), (?:id=(?P<requester>[0-9a-f]{4}))?\((?P<agent>[\w ]{1,40})\)"
            ),
            printed=("PCIe Bus Error: severity=%s, type=%s, (%s)",),
        ),
    ),
    fields=pcie_aer_uncorrected.KIND.fields,
    key=(
        "layer",
        "errors",
    ),
    continues=pcie_aer_uncorrected.KIND.continues,
    reach=40,
    read=pcie_aer_uncorrected.read,
    printed_by=("drivers/pci/pcie/aer.c:aer_print_error",),
    meaning=(
        "A packet was damaged or lost on a PCIe link and was sent again; nothing was lost but time. A few "
        "are normal on long or fast links. A steady stream means bad signal quality: a card or cable that "
        "does not sit well, a retimer, a riser, or power management of the link. It costs throughput and, "
        "by the thousands, a CPU, since each may raise an interrupt."
    ),
    next_steps=(
        (
            "Find the link: `lspci -tv`, `lspci -vvs DEVICE` (LnkSta: speed and width below LnkCap say that "
            "it was retrained)."
        ),
        (
            "Count: /sys/bus/pci/devices/DEVICE/aer_dev_correctable. A rate above some per minute is worth "
            "a visit."
        ),
        (
            "Reseat the card; try `pcie_aspm=off` to tell power management from the signal; compare hosts "
            "of this model."
        ),
    ),
    confused_with=(
        "pcie-aer-uncorrected: the packet was lost, the driver must recover",
        "pcie-link-down: the link was lost altogether",
    ),
    example="""\
[10220.100101] pcieport 0000:00:1c.5: AER: Corrected error message received from 0000:00:1c.5
[10220.100117] pcieport 0000:00:1c.5: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)
[10220.100121] pcieport 0000:00:1c.5:   device [8086:a115] error status/mask=00000041/00002000
[10220.100125] pcieport 0000:00:1c.5:    [ 0] RxErr                  (First)
[10220.100128] pcieport 0000:00:1c.5:    [ 6] BadTLP                """,
    near_miss="[    1.100101] pcieport 0000:00:1c.5: AER: enabled with IRQ 122",
)
