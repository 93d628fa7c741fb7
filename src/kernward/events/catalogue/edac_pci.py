"""EDAC found a parity or system error on a PCI device."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="edac-pci",
    title="EDAC PCI error: {error}",
    class_="hardware",
    severity="error",
    subsystem="edac",
    patterns=(
        Pattern(
            literal="EDAC PCI: ",
            regex=(
                r"EDAC PCI: (?P<error>(?:Bridge )?(?:Signaled System Error|Master Data Parity"
                r" Error|Detected Parity Error)) on (?P<device>[0-9a-f:.]{5,20})"
            ),
            printed=("Signaled System Error on %s", "Detected Parity Error on %s"),
        ),
    ),
    fields=(
        Field("error", "str", "what the device's status register says"),
        Field("device", "str", "PCI address"),
    ),
    key=("error",),
    printed_by=("drivers/edac/edac_pci_sysfs.c:edac_pci_dev_parity_test",),
    meaning=(
        "Polling the PCI status registers (edac_core.check_pci_errors=1) found that a device saw a parity "
        "error or raised a system error. Some devices set these bits without cause, at reset above all; a "
        "bit that comes back after having been cleared is a real fault of the device, its slot or the "
        "bridge."
    ),
    next_steps=(
        "Identify it: `lspci -vvs DEVICE`, and clear and watch its status.",
        "Compare with AER: `lspci -vv` of the port above, PCIe error events in this log.",
        "Reseat or replace the card, if it recurs.",
    ),
    confused_with=("pcie-aer-uncorrected: what PCI Express devices report of their own accord",),
    example="[ 3310.200008] EDAC PCI: Detected Parity Error on 0000:02:00.0",
    near_miss="""\
[    2.200008] EDAC PCI0: Giving out device to module sb_edac controller EDAC PCI controller: DEV 0000:ff:1e.3 (POLLED)""",
)
