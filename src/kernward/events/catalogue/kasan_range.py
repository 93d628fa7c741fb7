"""KASAN's hint beside a fault: which real address the faulting shadow address stands for."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="kasan-range",
    title="KASAN: {bug} in {function}",
    title_without_function="KASAN: {bug} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="KASAN: ",
            regex=(
                r"KASAN: (?P<bug>null-ptr-deref|probably user-memory-access|maybe"
                r" wild-memory-access|user-memory-access|wild-memory-access|probably"
                r" wild-memory-access) in range \[0x(?P<range_start>[0-9a-f]+)-0x"
                r"(?P<range_end>[0-9a-f]+)\]"
            ),
            unprinted="CONFIG_KASAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("bug", "str", "NULL, user or wild pointer"),
        Field("range_start", "hex", "first byte of the 8 bytes accessed"),
        Field("range_end", "hex", "last byte of them"),
    ),
    key=("bug",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "general-protection-fault",
        "oops",
    ),
    printed_by=("mm/kasan/report.c:kasan_non_canonical_hook",),
    meaning=(
        "KASAN checks a pointer by reading its shadow byte; for a NULL or wild pointer that "
        "shadow does not exist and the check itself faults. This line translates the shadow "
        "address back: the access was to the printed range. It normally stands inside the "
        "report of the fault; alone it means that the rest was lost."
    ),
    next_steps=(
        ("Read the range as the address that was used: below 0x1000 it is a member of a NULL structure."),
        "Find the fault report around it and work on that one.",
    ),
    confused_with=("kasan: the access had a shadow and KASAN itself reports it.",),
    example="[  871.540170] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]",
    near_miss="[    0.000000] kasan: KernelAddressSanitizer initialized",
)
