"""An NMI said that a device signals a fatal error on the I/O check line."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nmi-io-check",
    title="NMI: I/O check error",
    class_="hardware",
    severity="error",
    subsystem="x86/nmi",
    patterns=(
        Pattern(
            literal="NMI: IOCK error (debug interrupt?) for reason ",
            regex=(
                r"NMI: IOCK error \(debug interrupt\?\) for reason (?P<reason>[0-9a-f]{2}) on CPU "
                r"(?P<cpu>\d+)"
            ),
            printed=("NMI: IOCK error (debug interrupt?) for reason %02x on CPU %d.",),
        ),
    ),
    fields=(
        Field("reason", "hex", "the reason port (0x61) as read"),
        Field("cpu", "int", "CPU that took it"),
    ),
    printed_by=("arch/x86/kernel/nmi.c:io_check_error",),
    meaning=(
        "The chipset's I/O check line was raised, by an adapter with a fatal error, by a firmware-driven "
        "error report, or by a debug button or BMC command. With kernel.panic_on_io_nmi=1 the kernel panics."
    ),
    next_steps=(
        "Ask the BMC: a diagnostic interrupt sent by an operator arrives on this line on many servers.",
        "Otherwise look for PCIe and machine check events of the minute.",
    ),
    confused_with=(
        "nmi-serr: bit 7 of the reason instead of bit 6",
        "nmi-unknown: no reason bit was set",
    ),
    example="[31022.600101] NMI: IOCK error (debug interrupt?) for reason 61 on CPU 0.",
    near_miss="[31022.600101] NMI backtrace for cpu 3",
)
