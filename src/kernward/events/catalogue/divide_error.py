"""The kernel divided by zero, or the quotient did not fit."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="divide-error",
    title="divide error in {function}",
    title_without_function="divide error in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="divide error: ",
            regex=r"(?:Oops: )?divide error: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("divide error",),
        ),
        # For a while in 5.8 to 5.9 the name of the handler was printed.
        Pattern(
            literal="divide_error: ",
            regex=r"divide_error: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            unprinted="the wording of 5.8 and 5.9 only",
        ),
        Pattern(
            literal="Division by zero in kernel",
            regex=r"Division by zero in kernel\.",
            unprinted="printed by 32-bit arm only",
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:exc_divide_error",),
    meaning=(
        "An integer division in kernel code had a divisor of zero (or, rarely, overflowed). "
        "The divisor usually comes from user space, a device or a file system image and was "
        "never checked; or a counter was reset between check and use. The task was killed."
    ),
    next_steps=(
        "`scripts/faddr2line vmlinux <function+offset>`: see which variable is the divisor.",
        (
            "Find where that value is set from a system call, a device descriptor or an on-disk "
            "structure and is not validated."
        ),
        "`git log -S'<variable>' -- <file>` upstream for an added check.",
    ),
    confused_with=("ubsan: `division-overflow` reports the same before the CPU faults.",),
    example=(
        "[   88.127712] divide error: 0000 [#1] PREEMPT SMP PTI\n"
        "[   88.127720] CPU: 1 PID: 712 Comm: aplay Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss=(
        "[   88.127712] traps: calc[712] trap divide error ip:401136 sp:7ffd0 error:0 in calc[401000+1000]"
    ),
)
