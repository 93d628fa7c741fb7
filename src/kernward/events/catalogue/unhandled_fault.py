"""arm: a fault that no handler took."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="unhandled-fault",
    title="Unhandled fault in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="Unhandled fault in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Unhandled fault: ",
            regex=(
                r"Unhandled fault: (?!synchronous|alignment exception)(?P<what>[^\n]{0,80}?) \(0x"
                r"(?P<fsr>[0-9a-f]+)\) at (?:0x)?(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm and arm64 only",
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
        "[ 9080.454760] Unhandled fault: page domain fault (0x01b) at 0x00000e30\n"
        "[ 9080.459344] Internal error: : 1b [#1] PREEMPT SMP ARM"
    ),
    near_miss="[ 9080.454760] app[55]: Unhandled fault: page domain fault (0x01b) at 0x00000e30",
)
