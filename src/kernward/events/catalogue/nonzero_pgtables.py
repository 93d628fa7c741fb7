"""A process ended and page tables of it were not freed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nonzero-pgtables",
    title="BUG: non-zero {what} on freeing mm",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: non-zero ",
            regex=(
                r"BUG: non-zero (?P<what>pgtables_bytes|nr_ptes|nr_pmds) on freeing mm: "
                r"(?P<value>-?\d+)"
            ),
            printed=("BUG: non-zero pgtables_bytes on freeing mm: ",),
        ),
    ),
    fields=(
        Field("what", "str", "which count"),
        Field("value", "int", "what was left in it"),
    ),
    key=("what",),
    printed_by=("kernel/fork.c:check_mm",),
    meaning=(
        "The count of memory used for page tables must be zero when an address space goes "
        "away. What is left was allocated and never freed, or freed without being counted: a "
        "bug in page table code, usually around huge pages or an architecture's own tables."
    ),
    next_steps=(
        "Look for `Bad page map` or an oops before it.",
        "Which features does the process use: hugetlb, transparent huge pages, KVM?",
    ),
    confused_with=("bad-rss-counter: the count of pages is wrong.",),
    example="[  640.220115] BUG: non-zero pgtables_bytes on freeing mm: 4096",
    near_miss="[  640.220115] app: non-zero exit on freeing mm",
)
