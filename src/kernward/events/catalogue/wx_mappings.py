"""The kernel has memory that is writable and executable at once."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="wx-mappings",
    title="x86/mm: Checked W+X mappings: FAILED",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="Checked W+X mappings: FAILED",
            regex=r"(?P<where>[\w/]+): Checked W\+X mappings: FAILED, (?P<pages>\d+) W\+X pages found",
            printed=("Checked W+X mappings: FAILED, ",),
        ),
    ),
    fields=(
        Field("where", "str", "which code checked"),
        Field("pages", "int", "pages found"),
    ),
    printed_by=("arch/x86/mm/dump_pagetables.c:ptdump_walk_pgd_level_core",),
    meaning=(
        "At the end of boot the kernel walks its own page tables; no page should be writable "
        "and executable. Some are, so an attacker who can write there can run code. Firmware "
        "(EFI) mappings, an old module or a page table bug are the reasons."
    ),
    next_steps=(
        (
            "The WARNING before it names the first address: "
            "`/sys/kernel/debug/page_tables/kernel` shows the region."
        ),
        "EFI region: a firmware update or `efi=old_map` history; otherwise a kernel bug.",
    ),
    confused_with=("nx-exec: execution of data was tried.",),
    example="[    1.733010] x86/mm: Checked W+X mappings: FAILED, 97 W+X pages found.",
    near_miss="[    1.733010] x86/mm: Checked W+X mappings: passed, no W+X pages found.",
)
