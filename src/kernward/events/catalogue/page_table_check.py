"""The page table checker found a page mapped in two ways that exclude each other."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="page-table-check",
    title="kernel BUG in {function}",
    title_without_function="kernel BUG in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="mm/page_table_check.c:",
            regex=r"kernel BUG at [\w./-]*mm/page_table_check\.c:(?P<at_line>\d+)!",
            unprinted="CONFIG_PAGE_TABLE_CHECK is off in Debian's kernels",
        ),
    ),
    fields=(Field("at_line", "int", "line of the check"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "invalid-opcode",
        "oops",
        "internal-error",
        "kernel-bug",
    ),
    printed_by=("mm/page_table_check.c",),
    meaning=(
        "CONFIG_PAGE_TABLE_CHECK counts how each page is mapped. A page was mapped as "
        "anonymous and file page at once, mapped writable more than once where that is "
        "forbidden, or freed while mapped. The task was stopped before one process could "
        "read another's memory."
    ),
    next_steps=(
        (
            "The frames below page_table_check_* name the operation (fork, migration, huge page "
            "split, driver mapping)."
        ),
        "Drivers that insert pages into user mappings are the first suspects.",
    ),
    confused_with=("bad-page-state: the page allocator's checks.",),
    example=(
        "[   61.771020] kernel BUG at mm/page_table_check.c:140!\n"
        "[   61.771027] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI"
    ),
    near_miss="[    0.310022] page_table_check: enabled at mm/page_table_check.c:30",
)
