"""A page table entry has bits set that no entry may have."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="corrupted-page-table",
    title="Corrupted page table",
    class_="crash",
    severity="error",
    subsystem="x86/mm",
    patterns=(
        Pattern(
            literal=": Corrupted page table at address",
            regex=r"(?P<comm>.{1,16}): Corrupted page table at address (?P<address>[0-9a-f]+)",
        ),
    ),
    fields=(
        Field("comm", "str", "the task whose access met the entry"),
        Field("address", "hex", "the virtual address that was accessed"),
    ),
    extent=Extent.REPORT,
    blame=Blame.NONE,
    absorbs=("oops", "cpu-trap"),
    printed_by=("arch/x86/mm/fault.c:pgtable_bad",),
    meaning=(
        "The CPU took a page fault with the reserved-bit flag: an entry of the page tables has bits set that "
        "the architecture reserves. Somebody overwrote the page table, or a memory cell flipped. The lines "
        "that follow show the entries on the way to the address (PGD, P4D, PUD, PMD, PTE); the task is killed."
    ),
    next_steps=(
        "Compare the printed entry with its neighbours: one flipped bit points at memory, text or poison at software.",
        "`ras-mc-ctl --errors` and the machine checks of the same boot; run a memory test.",
        "Software: look for the last out-of-tree or DMA-capable driver that ran, and boot once with `iommu=force` or KASAN.",
    ),
    confused_with=(
        "bad-page-map: the kernel met an odd entry while unmapping, without a fault.",
        "page-fault: the entry is sound but maps nothing.",
    ),
    example="""\
[ 5120.331201] backup: Corrupted page table at address 7f3a2c401000
[ 5120.331215] PGD 10a5c2067 P4D 10a5c2067 PUD 10a5c3067 PMD 10a5c4067 PTE 6b6b6b6b6b6b6b6b
[ 5120.331230] Oops: Bad pagetable: 000d [#1] PREEMPT SMP NOPTI""",
    near_miss="[ 5120.331201] fsck: corrupted page table of contents in book.pdf",
)
