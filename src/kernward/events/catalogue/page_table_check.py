"""The page table checker found a page mapped in two ways that exclude each other."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="page-table-check",
    title="kernel BUG in {function}",
    title_without_function="kernel BUG in corrupted",
    class_="crash",
    severity="error",
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
        "[ 8519.106103] ------------[ cut here ]------------\n"
        "[ 8519.106108] kernel BUG at mm/page_table_check.c:140!\n"
        "[ 8519.106119] Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 8519.106123] CPU: 5 PID: 2132 Comm: acmed Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 8519.106148] RIP: 0010:__page_table_check_zero+0x12a/0x150\n"
        "[ 8519.106262] Call Trace:\n"
        "[ 8519.106269]  <TASK>\n"
        "[ 8519.106289]  __free_pages_ok+0xbe/0x1a0\n"
        "[ 8519.106294]  acme_free_ring+0x239/0x2f0 [acme]\n"
        "[ 8519.106299]  acme_release+0x36b/0x630 [acme]\n"
        "[ 8519.106302]  __fput+0xf9/0x890\n"
        "[ 8519.106311]  task_work_run+0xd2/0x110\n"
        "[ 8519.106329]  do_syscall_64+0x4e9/0x570\n"
        "[ 8519.106379]  </TASK>\n"
        "[ 8519.106391] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 8519.106408] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.310022] page_table_check: enabled at mm/page_table_check.c:30",
)
