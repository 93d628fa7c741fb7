"""A page was freed or allocated in a state that a free page cannot have."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

# What passes pages on, whoever they belong to.
_PAGES = (
    r"\w*(?:free|put|get|update|release)_page\w*|\w*free_unref\w*|_*folio\w*|truncate_inode_pages\w*|"
    r"page_frag_free|\w*alloc\w*|\w*vmap\w*|\w*page_owner\w*"
)


def read(reading: Reading) -> None:
    """With page_owner=on the stack that allocated the page comes first, and that is who to ask.

    The reason stands at the end of the page dump.
    """
    reading.machinery.append((_PAGES, "hands pages on for its caller"))
    for text in reading.texts[1:16]:
        if text.startswith("page dumped because: "):
            reading.fields["reason"] = text[21:].strip()
            return


KIND = Kind(
    id="bad-page-state",
    title="BUG: Bad page state in {function}",
    title_without_function="BUG: Bad page state in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: Bad page state in process",
            regex=r"BUG: Bad page state in process (?P<comm>.{0,16}?) +pfn:(?P<pfn>[0-9a-f]+)",
        ),
        Pattern(
            literal="BUG: Bad page state",
            regex=r"BUG: Bad page state(?!:)",
        ),
    ),
    fields=(
        Field("comm", "str", "the task that ran"),
        Field("pfn", "hex", "page frame number"),
        Field("reason", "str", "what was wrong, in the kernel's words"),
    ),
    key=("reason",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("mm/page_alloc.c:bad_page",),
    meaning=(
        "The page allocator checks flags and counts when a page changes hands. This page was "
        "still mapped, referenced, locked or on a list. It was freed too early, or its "
        "struct page was overwritten. The page is taken out of use; the memory that shares "
        "the fault may be corrupted."
    ),
    next_steps=(
        ("`page dumped because:` names the reason; decode the flags with tools/mm/page-types.c."),
        (
            "The trace is of who freed or allocated the page; with page_owner=on it also says "
            "who had it before."
        ),
        "One wrong bit in flags or mapping: test the memory.",
    ),
    confused_with=(
        "bad-page-map: a page table entry is wrong.",
        "page-table-check: the checker of page table reference counts.",
    ),
    example=(
        "[ 8230.048900] BUG: Bad page state in process nginx  pfn:7071f\n"
        "[ 8230.048911] page:00000000f1d2c3b4 refcount:0 mapcount:1 mapping:0000000000000000 "
        "index:0x7f1 pfn:0x7071f\n"
        "[ 8230.048918] flags: 0xfffffc0000000(node=0|zone=1|lastcpupid=0x1fffff)\n"
        "[ 8230.048946] page dumped because: nonzero mapcount\n"
        "[ 8230.048960] Modules linked in: acme bonding\n"
        "[ 8230.048971] CPU: 4 PID: 12815 Comm: nginx Tainted: G           OE      6.1.0-28-amd64 #1 "
        " Debian 6.1.119-1\n"
        "[ 8230.048997] Call Trace:\n"
        "[ 8230.049001]  <TASK>\n"
        "[ 8230.049021]  dump_stack_lvl+0xaf/0x840\n"
        "[ 8230.049038]  bad_page.cold+0x7ad/0xb10\n"
        "[ 8230.049054]  free_pcp_prepare+0xe9/0x3c0\n"
        "[ 8230.049065]  free_unref_page+0x1dd/0xd30\n"
        "[ 8230.049083]  acme_mmap_close+0xc9/0x910 [acme]\n"
        "[ 8230.049096]  remove_vma+0x3e/0x70\n"
        "[ 8230.049231]  </TASK>"
    ),
    near_miss="[  360.589544] nand: Bad page state in block 12",
)
