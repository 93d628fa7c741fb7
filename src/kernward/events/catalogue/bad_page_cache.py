"""The page cache held a page that was still mapped when it was removed."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

# What passes pages on, whoever they belong to.
_PAGES = (
    r"\w*(?:free|put|get|update|release)_page\w*|\w*free_unref\w*|\w*(?:folio|filemap|page_cache)\w*|"
    r"truncate_inode_pages\w*|page_frag_free|\w*alloc\w*|\w*vmap\w*|\w*page_owner\w*"
)


def read(reading: Reading) -> None:
    """With page_owner=on the stack that allocated the page comes first, and that is who to ask."""
    reading.machinery.append((_PAGES, "hands pages on for its caller"))


KIND = Kind(
    id="bad-page-cache",
    title="BUG: Bad page cache in {function}",
    title_without_function="BUG: Bad page cache in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: Bad page cache in process",
            regex=r"BUG: Bad page cache in process (?P<comm>.{0,16}?) +pfn:(?P<pfn>[0-9a-f]+)",
        ),
    ),
    fields=(
        Field("comm", "str", "the task that ran"),
        Field("pfn", "hex", "page frame number"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("mm/filemap.c:filemap_unaccount_folio",),
    meaning=(
        "A page was taken out of a file's cache although page tables still map it. If it is "
        "freed now, a process can read or write what another then owns; the kernel keeps it "
        "instead. A bug in a file system, in huge page handling, or damaged memory."
    ),
    next_steps=(
        "Which file system does the dump name (`aops:`)?",
        "Huge pages for files involved? Try without.",
        "One wrong bit in the dump: test the memory.",
    ),
    confused_with=("bad-page-state: seen when the page is freed.",),
    example=(
        "[ 3467.968899] BUG: Bad page cache in process rsync  pfn:11a0c2\n"
        "[ 3467.968904] page:00000000f1d2c3b4 refcount:3 mapcount:1 mapping:00000000a6f1d0c2 "
        "index:0x12 pfn:0x11a0c2\n"
        '[ 3467.968915] aops:ext4_da_aops [ext4] ino:1a2b3 dentry name:"data.db"\n'
        "[ 3467.968933] page dumped because: still mapped when deleted\n"
        "[ 3467.968944] CPU: 3 PID: 6953 Comm: rsync Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 3467.968966] Call Trace:\n"
        "[ 3467.968980]  <TASK>\n"
        "[ 3467.968987]  dump_stack_lvl+0x6ec/0x980\n"
        "[ 3467.968999]  filemap_unaccount_folio+0x261/0x2e0\n"
        "[ 3467.969006]  __filemap_remove_folio+0xbe/0xa30\n"
        "[ 3467.969023]  delete_from_page_cache_batch+0x244/0x770\n"
        "[ 3467.969035]  truncate_inode_pages_range+0x1bc/0x1d0\n"
        "[ 3467.969038]  ext4_evict_inode+0xc7/0x5b0 [ext4]\n"
        "[ 3467.969131]  </TASK>"
    ),
    near_miss="[  733.200117] nfs: Bad page cache in process",
)
