"""Platform firmware reported a hardware error. All such records open with the same line; a corrected one is
handed to ghes-corrected."""

import re

from kernward.events.index import kind
from kernward.events.kind import Field, Kind, Pattern, convert
from kernward.events.reading import Reading
from kernward.records.lines import Line


def read(reading: Reading) -> None:
    """Lines of another record (another number in braces) go; so do blanks around what firmware wrote."""
    head, marker, _ = reading.lines[0].text.lstrip().partition("[Hardware Error]")
    if marker:
        own = [line for line in reading.lines if line.text.lstrip().startswith(head + marker)]
        if len(own) < len(reading.lines):
            refill(reading, own, ("source_id",))
    for name, value in reading.fields.items():
        if isinstance(value, str):
            reading.fields[name] = value.strip()
    if reading.kind.id == "ghes-error" and reading.fields.get("event_severity") in ("corrected", "info"):
        reading.kind = kind("ghes-corrected")
        reading.title = reading.kind.title


def refill(reading: Reading, own: list[Line], kept: tuple[str, ...]) -> None:
    """Make `own` the reading's lines and read its fields again from them, all but those `kept`."""
    reading.lines = own
    declared = {field.name: field for field in reading.kind.fields}
    for name in reading.fields:
        if name not in kept:
            reading.fields[name] = None
    for line in own[1:]:
        for pattern in reading.kind.continues:
            if match := re.match(pattern, line.text.lstrip()):
                for name, text in match.groupdict().items():
                    if text is not None and reading.fields.get(name) is None:
                        reading.fields[name] = convert(declared[name], text)
                break


KIND = Kind(
    id="ghes-error",
    title="Firmware-first hardware error: {event_severity} {section_type}",
    class_="hardware",
    severity="error",
    subsystem="acpi/apei",
    patterns=(
        Pattern(
            literal="Hardware error from APEI Generic Hardware Error Source: ",
            regex=(
                r"(?:\{\d+\})?\[Hardware Error\]: +Hardware error from APEI Generic Hardware Error Source:"
                r" (?P<source_id>\d+)"
            ),
        ),
    ),
    fields=(
        Field(
            "event_severity",
            "str",
            ("corrected, info, recoverable or fatal, as firmware rates the whole event"),
        ),
        Field("source_id", "int", "number of the error source in the HEST table"),
        Field("section_severity", "str", "severity of the first section"),
        Field("section_type", "str", "what it is about: memory error, PCIe error, processor error, …"),
        Field("section_guid", "str", "GUID of a section type that the kernel does not know"),
        Field("timestamp", "str", "when, as firmware says"),
        Field("fru_id", "str", "GUID of the replaceable unit"),
        Field("fru_text", "str", "name of the replaceable unit"),
        Field("error_status", "str", "class of the error"),
        Field("error_status_code", "str", "the same as a number"),
        Field("physical_address", "hex", "address of a memory error"),
        Field("location", "str", "node, card, module, rank, bank, row, column, as far as firmware tells"),
        Field("error_code", "int", "memory error type"),
        Field("error_type", "str", "the same in words, such as `single-bit ECC`"),
        Field("dimm", "str", "the DIMM by its SMBIOS names"),
        Field("port_type", "str", "kind of PCIe port"),
        Field("device", "str", "PCI address"),
        Field("slot", "int", "PCIe slot"),
        Field("vendor_id", "hex", "PCI vendor"),
        Field("device_type", "hex", "PCI device id"),
        Field("aer_uncor_status", "hex", "PCIe uncorrectable error bits"),
        Field("processor_type", "str", "kind of processor"),
    ),
    key=(
        "section_type",
        "error_type",
    ),
    continues=(
        r"(?:\{\d+\})?\[Hardware Error\]: +It has been corrected by h/w",
        r"(?:\{\d+\})?\[Hardware Error\]: +event severity: (?P<event_severity>[\w-]{1,20})",
        r"(?:\{\d+\})?\[Hardware Error\]: +precise tstamp: (?P<timestamp>[\d :-]{10,30})",
        r"(?:\{\d+\})?\[Hardware Error\]: +Error \d+, type: (?P<section_severity>[\w-]{1,20})",
        r"(?:\{\d+\})?\[Hardware Error\]: +fru_id: (?P<fru_id>[0-9a-f-]{36})",
        r"(?:\{\d+\})?\[Hardware Error\]: +fru_text: (?P<fru_text>.{1,20})",
        r"(?:\{\d+\})?\[Hardware Error\]: +section_type: (?P<section_type>.{1,60})",
        r"(?:\{\d+\})?\[Hardware Error\]: +section type: unknown, (?P<section_guid>[0-9a-f-]{36})",
        (
            r"(?:\{\d+\})?\[Hardware Error\]: +error_status: (?P<error_status>[^(]{0,80})\("
            r"(?P<error_status_code>0x[0-9a-f]+)\)"
        ),
        r"(?:\{\d+\})?\[Hardware Error\]: +physical_address: 0x(?P<physical_address>[0-9a-f]+)",
        r"(?:\{\d+\})?\[Hardware Error\]: +physical_address_mask: ",
        (
            r"(?:\{\d+\})?\[Hardware Error\]: +(?P<location>(?:"
            r"(?:node|card|module|rank|bank|bank_group|bank_address|device|row|column|bit_position|requestor"
            r"_id|responder_id|target_id|chip_id):[0-9a-fx]+ ?){1,15})"
        ),
        r"(?:\{\d+\})?\[Hardware Error\]: +error_type: (?P<error_code>\d+), (?P<error_type>.{1,60})",
        r"(?:\{\d+\})?\[Hardware Error\]: +DIMM location: (?P<dimm>.{1,120})",
        r"(?:\{\d+\})?\[Hardware Error\]: +port_type: \d+, (?P<port_type>.{1,60})",
        (
            r"(?:\{\d+\})?\[Hardware Error\]: +device_id: "
            r"(?P<device>[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])"
        ),
        r"(?:\{\d+\})?\[Hardware Error\]: +slot: (?P<slot>\d+)",
        (
            r"(?:\{\d+\})?\[Hardware Error\]: +vendor_id: 0x(?P<vendor_id>[0-9a-f]{4}), device_id: 0x"
            r"(?P<device_type>[0-9a-f]{4})"
        ),
        r"(?:\{\d+\})?\[Hardware Error\]: +aer_uncor_status: 0x(?P<aer_uncor_status>[0-9a-f]+)",
        r"(?:\{\d+\})?\[Hardware Error\]: +processor_type: \d+, (?P<processor_type>.{1,60})",
        r"(?:\{\d+\})?\[Hardware Error\]: +(?:[A-Za-z_][\w ]{1,40}[:=]|TLP Header)",
    ),
    reach=60,
    absorbs=("ghes-corrected",),
    read=read,
    printed_by=(
        "drivers/acpi/apei/ghes.c:__ghes_print_estatus",
        "drivers/firmware/efi/cper.c:cper_estatus_print",
    ),
    meaning=(
        "The firmware saw a hardware error first and passed a record of it (CPER) to the kernel. "
        "`recoverable` means that data was lost but the system may go on: memory is poisoned and taken out "
        "of use, a PCIe device is reset. `fatal` means the machine stops at once; such a record is seen "
        "after the panic, or in the next boot's BERT. The section type says which part: memory, PCIe, "
        "processor."
    ),
    next_steps=(
        (
            "Find the part: `dimm`, `location`, `fru_text`, or for PCIe `device`; the BMC's log names it as "
            "well (`ipmitool sel elist`)."
        ),
        (
            "For memory look for the memory-failure event that follows; for PCIe for the AER lines and the "
            "driver's reset."
        ),
        "Drain the host if it recurs: firmware has already tried what can be done in place.",
    ),
    confused_with=(
        "ghes-corrected: the record says that nothing was lost",
        "bert-error: a record of the boot before",
    ),
    example="""\
[88200.100001] {1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
[88200.100007] {1}[Hardware Error]: event severity: recoverable
[88200.100010] {1}[Hardware Error]:  Error 0, type: recoverable
[88200.100012] {1}[Hardware Error]:   section_type: PCIe error
[88200.100014] {1}[Hardware Error]:   port_type: 4, root port
[88200.100016] {1}[Hardware Error]:   version: 3.0
[88200.100018] {1}[Hardware Error]:   command: 0x0547, status: 0x4010
[88200.100020] {1}[Hardware Error]:   device_id: 0000:3a:00.0
[88200.100022] {1}[Hardware Error]:   slot: 5
[88200.100024] {1}[Hardware Error]:   secondary_bus: 0x3b
[88200.100026] {1}[Hardware Error]:   vendor_id: 0x8086, device_id: 0x2030
[88200.100028] {1}[Hardware Error]:   class_code: 060400
[88200.100030] {1}[Hardware Error]:   aer_uncor_status: 0x00004000, aer_uncor_mask: 0x00000000""",
    near_miss="[    1.900101] ERST: Error Record Serialization Table (ERST) support is initialized.",
)
