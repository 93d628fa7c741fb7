"""Platform firmware reported a hardware error that was corrected."""

from kernward.events.catalogue.ghes_error import read
from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ghes-corrected",
    title="Firmware-first hardware error: corrected {section_type}",
    class_="hardware",
    severity="warning",
    subsystem="acpi/apei",
    patterns=(
        Pattern(
            literal="It has been corrected by h/w and requires no further action",
            regex=(
                r"(?:\{\d+\})?\[Hardware Error\]: +It has been corrected by h/w and requires no further"
                r" action"
            ),
            printed=("It has been corrected by h/w and requires no further action",),
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
    read=read,
    printed_by=(
        "drivers/firmware/efi/cper.c:cper_estatus_print",
        "drivers/acpi/apei/ghes.c:__ghes_print_estatus",
    ),
    meaning=(
        "On this machine the firmware sees hardware errors first, decides what to tell, and passes a record "
        "(CPER) to the kernel. This one was corrected; nothing was lost. Since firmware filters by a "
        "threshold of its own, one record may stand for thousands of errors."
    ),
    next_steps=(
        (
            "Find the part: `dimm`, `location`, `fru_text`, or for PCIe `device`; the BMC's log names it as "
            "well (`ipmitool sel elist`)."
        ),
        (
            "Count records by part over days. A part that recurs is to be replaced before its first "
            "uncorrected error."
        ),
        "`ras-mc-ctl --errors` (rasdaemon) keeps them all; the kernel prints at most two in five seconds.",
    ),
    confused_with=(
        "ghes-error: the record of an error that was not corrected",
        "edac-corrected: the same when the operating system reads the memory controller itself",
    ),
    example="""\
[77120.200101] {4}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0
[77120.200109] {4}[Hardware Error]: It has been corrected by h/w and requires no further action
[77120.200111] {4}[Hardware Error]: event severity: corrected
[77120.200113] {4}[Hardware Error]:  Error 0, type: corrected
[77120.200115] {4}[Hardware Error]:  fru_text: A1
[77120.200117] {4}[Hardware Error]:   section_type: memory error
[77120.200120] {4}[Hardware Error]:    error_status: Storage error in DRAM memory (0x0000000000000400)
[77120.200122] {4}[Hardware Error]:   physical_address: 0x0000000b5a1c4e40
[77120.200124] {4}[Hardware Error]:   node:0 card:0 module:0 rank:1 bank:3 device:0 row:21004 column:248 
[77120.200127] {4}[Hardware Error]:   error_type: 2, single-bit ECC
[77120.200129] {4}[Hardware Error]:   DIMM location: not present. DMI handle: 0x0000 """,
    near_miss="[    1.900101] GHES: APEI firmware first mode is enabled by APEI bit and WHEA _OSC.",
)
