"""AMD's decoder put a machine check into words."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """What became of it stands in the flags; the line that says so in words precedes this one."""
    flags = (reading.fields.get("flags") or "").split("|")
    if "UE" in flags:
        reading.fields["outcome"] = "system fatal" if "PCC" in flags else "uncorrected"
    else:
        reading.fields["outcome"] = "deferred" if "Deferred" in flags else "corrected"


KIND = Kind(
    id="mce-amd-decoded",
    title="Machine check (AMD): {outcome}",
    class_="hardware",
    severity="error",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal="_STATUS[",
            regex=(
                r"\[Hardware Error\]: CPU:(?P<cpu>\d+) \((?P<family>[0-9a-f]+):(?P<model>[0-9a-f]+):"
                r"(?P<stepping>[0-9a-f]+)\) MC(?P<bank>\d+)_STATUS\[(?P<flags>[\w|-]{1,120})\]: 0x"
                r"(?P<status>[0-9a-f]+)"
            ),
            printed=("CPU:%d (%x:%x:%x) MC%d_STATUS[%s|%s|%s|%s|%s",),
        ),
    ),
    fields=(
        Field("outcome", "str", "corrected, deferred, uncorrected or system fatal"),
        Field("cpu", "int", "CPU that reported it"),
        Field("bank", "int", "bank"),
        Field("status", "hex", "MCi_STATUS"),
        Field("flags", "str", "set flags of the status, as printed"),
        Field("family", "hex", "CPU family"),
        Field("model", "hex", "CPU model"),
        Field("stepping", "hex", "CPU stepping"),
        Field("addr", "hex", "error address"),
        Field("ppin", "hex", "the processor package's serial number"),
        Field("ipid", "hex", "which hardware unit the bank is"),
        Field("synd", "hex", "syndrome"),
        Field("tsc", "int", "time stamp counter"),
        Field("unit", "str", "hardware unit"),
        Field("ext_error_code", "int", "extended error code of that unit"),
        Field("description", "str", "what that code means"),
        Field("cache_level", "str", "cache level of the transaction"),
        Field("transaction", "str", "the rest of the decoded transaction"),
    ),
    key=(
        "outcome",
        "unit",
        "ext_error_code",
    ),
    continues=(
        r"\[Hardware Error\]: Error Addr: 0x(?P<addr>[0-9a-f]+)",
        r"\[Hardware Error\]: PPIN: 0x(?P<ppin>[0-9a-f]+)",
        r"\[Hardware Error\]: IPID: 0x(?P<ipid>[0-9a-f]+)(?:, Syndrome: 0x(?P<synd>[0-9a-f]+))?",
        r"\[Hardware Error\]: TSC: (?P<tsc>\d+)",
        (
            r"\[Hardware Error\]: (?P<unit>[\w /-]{2,80}) Ext\. Error Code: (?P<ext_error_code>\d+)(?:, "
            r"(?P<description>.{1,200}))?"
        ),
        r"\[Hardware Error\]: cache level: (?P<cache_level>[\w/]+), (?P<transaction>.{1,120})",
    ),
    reach=8,
    read=read,
    printed_by=("drivers/edac/mce_amd.c:amd_decode_mce",),
    meaning=(
        "The decoder for AMD processors names the hardware unit, the error and the transaction of a machine "
        "check. `Unified Memory Controller` with `DRAM ECC error` is memory; `Coherent Slave`, `PIE` and "
        "links are the fabric between dies; `Load Store Unit`, `L2`, `L3` are the core. `CE` in the flags "
        "is corrected, `UE` is not, `Deferred` is poisoned data nobody used yet."
    ),
    next_steps=(
        "For memory find the DIMM: the `EDAC MC` line that follows, or `ras-mc-ctl --errors`.",
        (
            "Count by unit, ext_error_code and CPU: one core again and again is that core, all cores of a "
            "socket are its fabric."
        ),
        "`Over` in the flags means that errors were lost: the count is too low.",
    ),
    confused_with=(
        "mce-corrected: the undecoded line for the same event",
        "edac-corrected: the same memory error with a DIMM label",
    ),
    example="""\
[ 5120.700101] [Hardware Error]: Corrected error, no action required.
[ 5120.700118] [Hardware Error]: CPU:0 (17:31:0) MC18_STATUS[Over|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0xdc2040000000011b
[ 5120.700131] [Hardware Error]: Error Addr: 0x000000031a2b40c0
[ 5120.700138] [Hardware Error]: IPID: 0x0000009600450f00, Syndrome: 0x000040000a801200
[ 5120.700144] [Hardware Error]: Unified Memory Controller Ext. Error Code: 0, DRAM ECC error.
[ 5120.700150] [Hardware Error]: cache level: L3/GEN, tx: GEN, mem-tx: RD""",
    near_miss="[    0.700101] MCE: In-kernel MCE decoding enabled.",
)
