"""A CPU takes a spinlock that it already holds."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-recursion",
    title="BUG: spinlock {what} in {function}",
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: spinlock ",
            regex=(
                r"BUG: spinlock (?P<what>(?:cpu )?recursion) on CPU#(?P<cpu>\d+), (?P<comm>.{0,32})/"
                r"(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_SPINLOCK is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("what", "str", "recursion, or cpu recursion"),
        Field("cpu", "int", "the CPU"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/locking/spinlock_debug.c:debug_spin_lock_before",),
    meaning=(
        "The same task or CPU takes a spinlock a second time and would spin for ever. A "
        "callee takes the lock its caller holds, or an interrupt came while it was held with "
        "interrupts enabled."
    ),
    next_steps=(
        "The trace shows the second taker; .owner and .owner_cpu name the first.",
        "Interrupt frames in the trace: use the _irqsave variant on the other path.",
    ),
    confused_with=("lockdep-recursive: lockdep's report of the possibility.",),
    example=(
        "[  765.266389] BUG: spinlock recursion on CPU#5, acmed/6097\n"
        "[  765.266401]  lock: 0xffff88815b5c2c00, .magic: dead4ead, .owner: acmed/6097, .owner_cpu: "
        "5\n"
        "[  765.266412] CPU: 5 PID: 6097 Comm: acmed Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[  765.266445] Call Trace:\n"
        "[  765.266454]  <TASK>\n"
        "[  765.266458]  dump_stack_lvl+0x19f/0xa10\n"
        "[  765.266463]  do_raw_spin_lock+0x155/0x2b0\n"
        "[  765.266473]  _raw_spin_lock+0xc/0xc70\n"
        "[  765.266488]  acme_ring_flush+0x2a/0xc0 [acme]\n"
        "[  765.266495]  acme_ioctl+0x153/0x970 [acme]\n"
        "[  765.266504]  __x64_sys_ioctl+0x49/0x1c0\n"
        "[  765.266560]  </TASK>"
    ),
    near_miss="[   33.118002] spinlock recursion test skipped",
)
