"""lockdep found its own books violated: a lock released that was not held, a bad lock key or depth."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="warning-locking",
    title="WARNING: locking bug in {function}",
    title_without_function="WARNING: locking bug in corrupted",
    class_="crash",
    severity="warning",
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
        "[ 7825.949059][ T5210] ------------[ cut here ]------------\n"
        "[ 7825.949074][ T5210] WARNING: CPU: 0 PID: 5210 at kernel/locking/lockdep.c:4707 "
        "__lock_acquire+0xa21/0x1e20\n"
        "[ 7825.949079][ T5210] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr "
        "kvm_intel kvm irqbypass igb\n"
        "[ 7825.949098][ T5210] CPU: 7 PID: 24342 Comm: rfcomm Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 7825.949115][ T5210] RIP: 0010:__lock_acquire+0xa21/0x1e20\n"
        "[ 7825.949251][ T5210] Call Trace:\n"
        "[ 7825.949266][ T5210]  <TASK>\n"
        "[ 7825.949279][ T5210]  lock_acquire+0x542/0x960\n"
        "[ 7825.949285][ T5210]  lock_sock_nested+0x2fe/0x840\n"
        "[ 7825.949299][ T5210]  rfcomm_sock_release+0x8b/0x100 [rfcomm]\n"
        "[ 7825.949317][ T5210]  __sock_release+0x24f/0x830\n"
        "[ 7825.949324][ T5210]  sock_close+0x214/0x2c0\n"
        "[ 7825.949339][ T5210]  __fput+0x7c5/0xd60\n"
        "[ 7825.949413][ T5210]  </TASK>\n"
        "[ 7825.949431][ T5210] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.001000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
)
