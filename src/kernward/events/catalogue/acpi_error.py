"""The ACPI interpreter could not do what firmware's code asked. Healthy machines print some."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The exception's name, where the line has one."""
    if match := re.search(r"\bAE_[A-Z_]{2,40}\b", reading.fields.get("what") or ""):
        reading.fields["exception"] = match[0]


KIND = Kind(
    id="acpi-error",
    title="{error_class}",
    class_="state",
    severity="info",
    subsystem="acpi",
    patterns=(
        Pattern(
            literal="ACPI Error: ",
            regex=r"(?P<error_class>ACPI Error): (?P<what>.{1,400})",
        ),
        Pattern(
            literal="ACPI BIOS Error (bug): ",
            regex=r"(?P<error_class>ACPI BIOS Error \(bug\)): (?P<what>.{1,400})",
        ),
    ),
    fields=(
        Field("error_class", "str", "ACPI Error, or ACPI BIOS Error (bug)"),
        Field("what", "str", "the complaint"),
        Field("exception", "str", "ACPICA's exception, such as AE_NOT_FOUND"),
    ),
    key=(
        "error_class",
        "exception",
    ),
    read=read,
    printed_by=(
        "drivers/acpi/acpica/utxferror.c:acpi_error",
        "drivers/acpi/acpica/utxferror.c:acpi_bios_error",
    ),
    meaning=(
        "Code that firmware brings along named an object that does not exist, timed out, or did what it "
        "must not. The line is followed by the method's name. What depends on the method (a sensor, a "
        "battery, a power state, hot-plug) does not work; the machine runs on. Many boards print the same "
        "few at every boot."
    ),
    next_steps=(
        "Read the method and object in `what` and the lines after it; ask whether that function is missed.",
        "Compare with other hosts of the model; look for a firmware update.",
    ),
    confused_with=("firmware-bug: a check of the kernel's own",),
    example=(
        "[    0.410021] ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0.XHC.RHUB.HS11], AE_NOT_FOUND (20220331/dswload2-162)"
    ),
    near_miss="[    0.410021] ACPI: Interpreter enabled",
)
