"""An NMI said that the PCI bus signals a system error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nmi-serr",
    title="NMI: PCI system error (SERR)",
    class_="hardware",
    severity="error",
    subsystem="x86/nmi",
    patterns=(
        Pattern(
            literal="NMI: PCI system error (SERR) for reason ",
            regex=r"NMI: PCI system error \(SERR\) for reason (?P<reason>[0-9a-f]{2}) on CPU (?P<cpu>\d+)",
            printed=("NMI: PCI system error (SERR) for reason %02x on CPU %d.",),
        ),
    ),
    fields=(
        Field("reason", "hex", "the reason port (0x61) as read"),
        Field("cpu", "int", "CPU that took it"),
    ),
    printed_by=("arch/x86/kernel/nmi.c:pci_serr_error",),
    meaning=(
        "A PCI device or the chipset asserted SERR#: a parity error, a fatal PCIe error that firmware "
        "routes to this line, or uncorrectable memory on older machines. With "
        "kernel.panic_on_unrecovered_nmi=1 the kernel panics, otherwise it masks the line and goes on."
    ),
    next_steps=(
        "Find the device: `lspci -vv | grep -B20 '<SERR+\\|>SERR+'`, AER counters, the BMC's event log.",
        "If it recurs, stop using the host; data may be corrupt.",
    ),
    confused_with=(
        "nmi-io-check: bit 6 of the reason instead of bit 7",
        "pcie-aer-uncorrected: the same error reported through AER, with the device's address",
    ),
    example="""\
[40110.250001] NMI: PCI system error (SERR) for reason a1 on CPU 0.
[40110.250010] Dazed and confused, but trying to continue""",
    near_miss="[    1.250001] pci 0000:00:1f.0: SERR enabled",
)
