"""UBSAN caught undefined behaviour: an index, shift, overflow or misaligned access that C does not define."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Old kernels name no rule; trapping kernels spell it with spaces."""
    if not reading.fields.get("bug"):
        trap = reading.fields.get("trap")
        reading.fields["bug"] = trap.replace(" ", "-") if trap else "undefined-behaviour"
    if reading.fields["bug"] == "array-index-out-of-bounds":
        reading.alt_titles = ("bad-access in {function}",)


KIND = Kind(
    id="ubsan",
    title="UBSAN: {bug} in {function}",
    title_without_function="UBSAN: {bug} in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="UBSAN: ",
            regex=(
                r"UBSAN: (?P<bug>[a-z][a-z0-9-]{3,40}) in (?P<at_file>[^\s:]{1,200}):"
                r"(?P<at_line>\d+)(?::(?P<column>\d+))?"
            ),
            unprinted="CONFIG_UBSAN is off in Debian's kernels",
        ),
        Pattern(
            literal="UBSAN: Undefined behaviour in ",
            regex=(
                r"UBSAN: Undefined behaviour in (?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+)(?::"
                r"(?P<column>\d+))?"
            ),
            unprinted="the wording was changed before 6.1",
        ),
        Pattern(
            literal="UBSAN: ",
            regex=(
                r"(?:Internal error: )?UBSAN: (?P<trap>[a-z][a-z0-9 /-]{3,60})(?:: [0-9a-f]{8,16}"
                r" \[#\d+\])"
            ),
            unprinted="printed with CONFIG_UBSAN_TRAP on arm64",
        ),
    ),
    fields=(
        Field("bug", "str", "which rule of C was broken"),
        Field("at_file", "str", "source file"),
        Field("at_line", "int", "line"),
        Field("column", "int", "column"),
        Field("trap", "str", "the rule, where the check is a trap"),
    ),
    key=("bug",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
    ),
    read=read,
    printed_by=("lib/ubsan.c:ubsan_prologue",),
    meaning=(
        "The compiler inserted a check before an operation that C leaves undefined and the "
        "check failed: an array index out of its declared bounds, a shift by too many bits, "
        "a signed overflow, a misaligned or NULL member access, a bool that is neither 0 nor "
        "1. The operation was carried out all the same. Array indices are often real "
        "overruns; or false alarms from old one-element arrays at the end of a structure."
    ),
    next_steps=(
        ("Read the second line: it names the index and the type, the shift exponent, the operands."),
        "Open the printed file and line of exactly this kernel.",
        (
            "An array declared [1] or [0] at the end of a structure: upstream has converted most "
            "to flexible arrays."
        ),
        ("Ask where the value comes from: user space, device or disk image makes it a security issue."),
    ),
    confused_with=(
        "kasan: the access left the allocation.",
        "fortify: a copy left its buffer.",
    ),
    example=(
        "[ 4513.055246] ------------[ cut here ]------------\n"
        "[ 4513.055254] UBSAN: array-index-out-of-bounds in "
        "drivers/net/wireless/ath/ath9k/htc_drv_txrx.c:653:20\n"
        "[ 4513.055263] index 8 is out of range for type 'u8 [8]'\n"
        "[ 4513.055268] CPU: 3 PID: 10770 Comm: kworker/u9:1 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 4513.055291] Call Trace:\n"
        "[ 4513.055303]  <TASK>\n"
        "[ 4513.055309]  dump_stack_lvl+0x82/0x2a0\n"
        "[ 4513.055323]  __ubsan_handle_out_of_bounds+0x953/0x9b0\n"
        "[ 4513.055331]  ath9k_htc_txstatus+0x186/0x280 [ath9k_htc]\n"
        "[ 4513.055337]  ath9k_wmi_event_tasklet+0x3e/0xa0 [ath9k_htc]\n"
        "[ 4513.055351]  tasklet_action_common+0x140/0x6c0\n"
        "[ 4513.055355]  handle_softirqs+0xee/0x100\n"
        "[ 4513.055423]  </TASK>\n"
        "[ 4513.055440] ---[ end trace ]---"
    ),
    near_miss="[    0.000000] UBSAN: local bounds checks enabled",
)
