"""arm: a fault that no handler took."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="unhandled-fault",
    title="Unhandled fault in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="Unhandled fault in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="Unhandled fault: ",
            regex=(
                r"Unhandled fault: (?!synchronous|alignment exception)(?P<what>[^\n]{0,80}?) \(0x"
                r"(?P<fsr>[0-9a-f]+)\) at (?:0x)?(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm and arm64 only",
        ),
        Pattern(
            literal="Unhandled prefetch abort: ",
            regex=(
                r"Unhandled prefetch abort: (?P<what>[^\n]{0,80}?) \(0x(?P<fsr>[0-9a-f]+)\) at "
                r"(?:0x)?(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm only",
        ),
    ),
    fields=(
        Field("what", "str", "the fault status in words"),
        Field("fsr", "hex", "the fault status register"),
        Field("address", "hex", "the address that was accessed"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
    ),
    printed_by=(
        "arch/arm/mm/fault.c:do_DataAbort",
        "arch/arm64/mm/fault.c:do_mem_abort",
    ),
    meaning=(
        "The memory system refused an access for a reason the kernel has no handler for: a "
        "domain fault (kernel code touching user memory directly), an external abort, a TLB "
        "or parity problem. The words and the fault status register name it. `page domain "
        "fault` is what arm prints for a use of a user or NULL pointer when privileged "
        "access to user memory is forbidden."
    ),
    next_steps=(
        (
            "Read the status in words; for a domain fault treat it as a wild or user pointer in "
            "the guilty function."
        ),
        "`scripts/faddr2line vmlinux <function+offset>` for the PC.",
        "For external aborts find the device behind the address: `/proc/iomem`.",
    ),
    confused_with=(
        ("page-fault: arm says `Unable to handle kernel paging request` when the address is not mapped."),
    ),
    example=(
        "[ 1721.326324] 8<--- cut here ---\n"
        "[ 1721.326329] Unhandled fault: page domain fault (0x01b) at 0x00000c18\n"
        "[ 1721.326366] [00000e30] *pgd=8ae5b835, *pte=00000000, *ppte=00000000\n"
        "[ 1721.326383] Internal error: : 1b [#1] SMP ARM\n"
        "[ 1721.326396] Modules linked in: jffs2 mtd\n"
        "[ 1721.326412] CPU: 6 PID: 16892 Comm: mount Not tainted 5.10.0-32-armmp #1 SMP Debian "
        "5.10.223-1\n"
        "[ 1721.326444] PC is at jffs2_reconfigure+0x9f5/0xbd0 [jffs2]\n"
        "[ 1721.326459] LR is at legacy_reconfigure+0x35/0x240\n"
        "[ 1721.326469] pc : [<bf0a3c58>]    lr : [<c0389d1c>]    psr: 60000013\n"
        "[ 1721.326480] Process mount (pid: 2211, stack limit = 0x2f1c0e11)\n"
        "[ 1721.326493] [<c01d00a9>] (jffs2_reconfigure [jffs2]) from [<c0f106f7>] "
        "(legacy_reconfigure+0x13d/0x170)\n"
        "[ 1721.326511] [<c08c758a>] (legacy_reconfigure) from [<c08b940b>] "
        "(reconfigure_super+0x9cc/0x9e0)\n"
        "[ 1721.326526] [<c005a283>] (reconfigure_super) from [<c0300b8d>] (path_mount+0x321/0x680)\n"
        "[ 1721.326542] [<c0842fcd>] (path_mount) from [<c03d7cfe>] (sys_mount+0x80/0x550)\n"
        "[ 1721.326555] [<c09607c7>] (sys_mount) from [<c09daeef>] (ret_fast_syscall+0x12/0x9f0)\n"
        "[ 1721.326567] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[ 9080.454760] app[55]: Unhandled fault: page domain fault (0x01b) at 0x00000c18",
)
