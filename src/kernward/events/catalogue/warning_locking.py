"""lockdep found its own books violated: a lock released that was not held, a bad lock key or depth."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="warning-locking",
    title="WARNING: locking bug in {function}",
    title_without_function="WARNING: locking bug in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="kernel/locking/lockdep.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at"
                r" )?[\w./-]*kernel/locking/lockdep\.c:(?P<at_line>\d+)(?: at)? "
                r"(?P<at_function>\w*lock_\w*)"
            ),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
        Field("at_function", "str", "the function that holds the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("debug-locks",),
    printed_by=("kernel/locking/lockdep.c",),
    meaning=(
        "An internal check of the lock validator failed (DEBUG_LOCKS_WARN_ON): a lock's "
        "class is invalid, a lock was downgraded or pinned that is not held, or the lock's "
        "memory was freed or overwritten. Very often the lock is part of an object that was "
        "already freed. lockdep switches itself off after this."
    ),
    next_steps=(
        "Look at the DEBUG_LOCKS_WARN_ON line for the condition.",
        "Find the object that holds the lock and check its life time; KASAN helps.",
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
    ),
    confused_with=("lockdep-bad-unlock: a plain unlock of a lock that is not held.",),
    example=(
        "[  140.551237] WARNING: CPU: 0 PID: 5210 at kernel/locking/lockdep.c:704 "
        "look_up_lock_class+0x1b0/0x1f0"
    ),
    near_miss="[    0.001000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
)
