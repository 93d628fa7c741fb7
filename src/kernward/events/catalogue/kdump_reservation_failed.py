"""Memory for the crash kernel could not be set aside: there will be no dump of a crash."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="kdump-reservation-failed",
    title="crashkernel reservation failed",
    class_="state",
    severity="warning",
    subsystem="kdump",
    patterns=(
        Pattern(
            literal="crashkernel reservation failed - ",
            regex=(
                r"(?:crash: )?crashkernel reservation failed - (?P<cause>No suitable area found|memory is"
                r" in use)\."
            ),
        ),
        # The generic code, for all architectures, since 6.7 or so; arm64 had it before.
        Pattern(
            literal="annot allocate crashkernel",
            regex=r"cannot allocate crashkernel(?P<low> low memory)? \(size:(?P<size_bytes>0x[0-9a-f]+)\)",
            since="6.12",
            printed=("cannot allocate crashkernel (size:0x%llx)",),
        ),
        Pattern(
            literal="annot reserve ",
            regex=r"Cannot reserve (?P<size_mb>\d+)MB crashkernel low memory, please try smaller size",
            until="6.1",
            printed=("Cannot reserve %ldMB crashkernel low memory, please try smaller size.",),
        ),
    ),
    fields=(
        Field("cause", "str", "why"),
        Field("size_bytes", "hex", "size asked for"),
        Field("size_mb", "int", "size asked for, in MiB"),
        Field("low", "str", "set when it was the part below 4 GiB"),
    ),
    key=("cause",),
    printed_by=(
        "arch/x86/kernel/setup.c:reserve_crashkernel",
        "kernel/crash_reserve.c:reserve_crashkernel_generic",
    ),
    meaning=(
        "`crashkernel=` asked for memory that could not be had in one piece, or at the place given. The "
        "host runs as usual, but its next crash will leave no vmcore. On a fleet this goes unnoticed until "
        "the dump is needed."
    ),
    next_steps=(
        "`cat /sys/kernel/kexec_crash_size`; `kdumpctl status` or `kdump-config show`.",
        (
            "Ask for less, or let the kernel choose the place: `crashkernel=256M` without `@offset`; "
            "`crashkernel=…,high` on large machines."
        ),
    ),
    confused_with=("boot: the reservation is made right after it",),
    example="[    0.012001] crashkernel reservation failed - No suitable area found.",
    near_miss="[    0.012001] Reserving 256MB of memory at 2800MB for crashkernel (System RAM: 4095MB)",
)
