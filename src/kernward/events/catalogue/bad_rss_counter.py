"""A process ended and its memory counters were not zero."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bad-rss-counter",
    title="BUG: Bad rss-counter state",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: Bad rss-counter state",
            regex=(
                r"BUG: Bad rss-counter state mm:(?P<mm>\S+)(?: type:(?P<counter>\w+)| idx:"
                r"(?P<index>\d+)) val:(?P<pages>-?\d+)(?: Comm:(?P<comm>.{1,16}) Pid:(?P<pid>\d+))?"
            ),
        ),
        Pattern(
            literal="BUG: Bad rss-counter state",
            regex=r"BUG: Bad rss-counter state",
        ),
    ),
    fields=(
        Field("mm", "str", "the address space"),
        Field("counter", "str", "which counter"),
        Field("index", "int", "which counter, in older kernels"),
        Field("pages", "int", "what was left in it"),
        Field("comm", "str", "the task, where printed"),
        Field("pid", "int", "its pid, where printed"),
    ),
    key=("counter",),
    printed_by=("kernel/fork.c:check_mm",),
    meaning=(
        "When the last user of an address space is gone, the counts of its file, anonymous, "
        "swap and shared pages must be zero. They are not, so pages were mapped or unmapped "
        "without being counted: a bug in mm code, or damage to a page table. The memory "
        "itself may be leaked."
    ),
    next_steps=(
        "Look for `Bad page map` or an oops before it: then this is only the consequence.",
        (
            "Alone and repeating: which memory feature does the process use (huge pages, device "
            "memory, userfaultfd, zram)?"
        ),
    ),
    confused_with=(
        "bad-page-map: names the entry that is wrong.",
        "nonzero-pgtables: the count of page tables is wrong.",
    ),
    example="[  640.220107] BUG: Bad rss-counter state mm:00000000e6d2b1c3 type:MM_ANONPAGES val:1",
    near_miss="[  640.220107] java: rss-counter state is good",
)
