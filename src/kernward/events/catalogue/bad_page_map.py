"""A page table entry points where it must not."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="bad-page-map",
    title="BUG: Bad page map",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: Bad page map",
            regex=(
                r"BUG: Bad page map in process (?P<comm>.{0,16}?) +pte:(?P<pte>[0-9a-f]+) pmd:"
                r"(?P<pmd>[0-9a-f]+)"
            ),
            printed=("BUG: Bad page map in process %s  ",),
        ),
        Pattern(
            literal="BUG: Bad page map",
            regex=r"BUG: Bad page map(?!:)",
            printed=("BUG: Bad page map in process %s  ",),
        ),
    ),
    fields=(
        Field("comm", "str", "the process"),
        Field("pte", "hex", "the page table entry"),
        Field("pmd", "hex", "the entry above it"),
    ),
    extent=Extent.REPORT,
    printed_by=("mm/memory.c:print_bad_pte",),
    meaning=(
        "While unmapping, the kernel met a page table entry that refers to a page which does "
        "not know of this mapping, or with impossible bits. The page table was overwritten, "
        "a driver inserted pages wrongly, or a memory bit flipped. Data of the process is "
        "lost and other memory may be damaged."
    ),
    next_steps=(
        "Compare the pte with its neighbours: a single bit more or less points to hardware.",
        "`file:… fault:… mmap:…` names the mapping's driver or file system.",
        "Test the memory, and look for EDAC and machine checks.",
    ),
    confused_with=(
        "bad-page-state: the page itself is wrong.",
        "bad-rss-counter: often follows this.",
    ),
    example=(
        "[ 7227.428284] BUG: Bad page map in process java  pte:8000000412345867 pmd:1032a5067\n"
        "[ 7227.428298] addr:00007f1d5c021000 vm_flags:08100073 anon_vma:ffff888101d4ce70 "
        "mapping:0000000000000000 index:7f1d5c021\n"
        "[ 7227.428303] file:(null) fault:0x0 mmap:0x0 read_folio:0x0\n"
        "[ 7227.428320] CPU: 7 PID: 9806 Comm: java Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 7227.428344] Call Trace:\n"
        "[ 7227.428356]  <TASK>\n"
        "[ 7227.428371]  dump_stack_lvl+0x2d/0x1a0\n"
        "[ 7227.428388]  print_bad_pte.cold+0x4af/0xbe0\n"
        "[ 7227.428399]  vm_normal_page+0x17a/0x280\n"
        "[ 7227.428405]  unmap_page_range+0x377/0xd90\n"
        "[ 7227.428416]  unmap_vmas+0x226/0x8e0\n"
        "[ 7227.428433]  exit_mmap+0x760/0xbd0\n"
        "[ 7227.428527]  </TASK>\n"
        "[ 7227.428546] Disabling lock debugging due to kernel taint\n"
        "[ 7227.428556] BUG: Bad rss-counter state mm:00000000e6d2b1c3 type:MM_ANONPAGES val:1\n"
        "[ 7227.428575] BUG: non-zero pgtables_bytes on freeing mm: 4096"
    ),
    near_miss="[  640.110021] app: Bad page map in process list",
)
