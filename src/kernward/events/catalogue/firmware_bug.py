"""The kernel found firmware doing something wrong. Healthy machines, virtual ones above all, print some."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Numbers and addresses differ between hosts of one model; without them the text is the same."""
    what = reading.fields.get("what") or ""
    reading.fields["what_class"] = re.sub(r"0x[0-9a-f]+|\d+", "N", what)


KIND = Kind(
    id="firmware-bug",
    title="Firmware bug",
    class_="state",
    severity="info",
    patterns=(
        Pattern(
            literal="[Firmware Bug]: ",
            regex=r"(?:[^\[]{0,120})?\[Firmware Bug\]: (?P<what>.{1,300})",
        ),
    ),
    fields=(
        Field("what", "str", "what the firmware does wrong"),
        Field("what_class", "str", "the same without numbers"),
    ),
    key=("what_class",),
    read=read,
    printed_by=("include/linux/printk.h:FW_BUG",),
    meaning=(
        "A table, a register or an answer of the firmware contradicts its specification, and the kernel "
        "says so and works round it. Most of these lines are harmless and the same on every host of a "
        "model; a virtual machine prints those of its hypervisor. One that appears after a firmware update, "
        "or on some hosts of a model only, is worth reading."
    ),
    next_steps=(
        "Compare with other hosts of the model and firmware version: `dmidecode -s bios-version`.",
        "Look for a firmware update; the vendor can be given the line as it is.",
    ),
    confused_with=(
        "acpi-error: the ACPI interpreter's complaints",
        "ghes-error: firmware reports an error of the hardware; here it is itself wrong",
    ),
    example="[    0.081200] [Firmware Bug]: TSC doesn't count with P0 frequency!",
    near_miss="[    0.081200] [Firmware Info]: CPU: Re-enabling disabled Topology Extensions Support.",
)
