"""Platform firmware reported a hardware error that was corrected."""

from kernward.events.catalogue import ghes_error
from kernward.events.kind import Kind, Pattern

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
    fields=ghes_error.KIND.fields,
    key=(
        "section_type",
        "error_type",
    ),
    continues=ghes_error.KIND.continues,
    reach=60,
    read=ghes_error.read,
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
