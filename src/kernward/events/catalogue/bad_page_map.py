"""A page table entry points where it must not."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="bad-page-map",
    title="BUG: Bad page map",
    class_="crash",
    severity="error",
    subsystem=None,
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
        "[  640.110021] BUG: Bad page map in process java  pte:8000000412345867 pmd:1032a5067\n"
        "[  640.110027] addr:00007f1d5c021000 vm_flags:08100073 anon_vma:ffff888101d4ce70 "
        "mapping:0000000000000000 index:7f1d5c021"
    ),
    near_miss="[  640.110021] app: Bad page map in process list",
)
