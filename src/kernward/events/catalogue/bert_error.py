"""At boot, firmware handed over a record of the hardware error that ended the boot before."""

from kernward.events.catalogue import ghes_error
from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bert-error",
    title="Hardware error of the previous boot: {event_severity} {section_type}",
    class_="hardware",
    severity="error",
    subsystem="acpi/apei",
    patterns=(
        Pattern(
            literal="BERT: Error records from previous boot:",
            regex=r"BERT: Error records from previous boot:",
            printed=("Error records from previous boot:",),
        ),
    ),
    fields=(
        Field(
            "event_severity",
            "str",
            ("corrected, info, recoverable or fatal, as firmware rates the whole event"),
        ),
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
    continues=ghes_error.KIND.continues,
    reach=60,
    read=ghes_error.read,
    printed_by=("drivers/acpi/apei/bert.c:bert_print_all",),
    meaning=(
        "The Boot Error Record Table holds what firmware saved of an error so severe that it could not be "
        "reported while the machine ran. It explains a restart of which no log has a word. Some firmware "
        "leaves an old or empty record there at every boot, so compare its contents with the boots before."
    ),
    next_steps=(
        "Look at how the previous boot ended: the last lines before this boot's banner.",
        "Find the part in the record; read the BMC's event log of the time of the restart.",
        (
            "If every boot shows the same record, firmware does not clear it: update firmware, or "
            "`bert_disable`."
        ),
    ),
    confused_with=(
        "ghes-error: an error of this boot",
        "boot: an unexpected banner without a record: power or a watchdog",
    ),
    example="""\
[    2.100001] BERT: Error records from previous boot:
[    2.100005] [Hardware Error]: event severity: fatal
[    2.100008] [Hardware Error]:  Error 0, type: fatal
[    2.100010] [Hardware Error]:  fru_text: ProcessorError
[    2.100012] [Hardware Error]:   section_type: IA32/X64 processor error
[    2.100014] [Hardware Error]:   Local APIC_ID: 0x2c""",
    near_miss="[    2.100001] BERT: Total records found: 1",
)
