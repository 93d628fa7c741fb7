"""The kernel accessed user memory directly, without the copy routines."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="user-memory-access",
    title="BUG: unable to handle kernel access to user memory in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="BUG: unable to handle kernel access to user memory in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Unable to handle kernel access to user memory",
            regex=(
                r"Unable to handle kernel access to user memory (?:without uaccess routines|outside"
                r" uaccess routines) at virtual address (?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 and riscv only",
        ),
        Pattern(
            literal="Kernel attempted to ",
            regex=(
                r"Kernel attempted to (?:read|write|access) user page \((?P<address>[0-9a-f]+)\) -"
                r" exploit attempt\? \(uid: (?P<uid>\d+)\)"
            ),
            unprinted="printed by powerpc only",
        ),
        Pattern(
            literal="BUG: unable to handle kernel access to user memory",
            regex=r"BUG: unable to handle kernel access to user memory",
            unprinted="not known to be printed by amd64",
        ),
    ),
    fields=(
        Field("address", "hex", "the user address that was accessed"),
        Field("uid", "int", "the user on whose behalf the kernel ran"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kasan-range",
        "oops",
        "internal-error",
    ),
    printed_by=(
        "arch/arm64/mm/fault.c:do_page_fault",
        "arch/riscv/mm/fault.c:handle_page_fault",
    ),
    meaning=(
        "Kernel code dereferenced an address of user space outside copy_from_user() and its "
        "relatives. The hardware (PAN, SUM, KUAP) refuses this because user space controls "
        "what is there. Usually a driver uses a __user pointer directly, or a kernel pointer "
        "was overwritten with a small number."
    ),
    next_steps=(
        (
            "`scripts/faddr2line vmlinux <function+offset>` and look for a __user pointer; `make "
            "C=2` (sparse) finds most of them."
        ),
        ("If the pointer should be a kernel pointer, look for what overwrote it: KASAN, slub_debug."),
        "Note the uid and the program: this is also what an exploit attempt looks like.",
    ),
    confused_with=("page-fault: the address lies in the kernel's half.",),
    example=(
        "[   72.619615] Unable to handle kernel access to user memory without uaccess "
        "routines at virtual address 000000000cc6b0d0\n"
        "[   72.675587] Oops [#1]"
    ),
    near_miss="[   72.619615] process 'app' accesses user memory without routines",
)
