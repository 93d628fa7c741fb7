"""A spinlock in an impossible state: never initialised, freed, or taken by another."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-bad-magic",
    title="BUG: spinlock {what} in {function}",
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: spinlock ",
            regex=(
                r"BUG: spinlock (?P<what>bad magic|already unlocked|wrong owner|wrong CPU|trylock"
                r" failure on UP|uninitialized) on CPU#(?P<cpu>\d+), (?P<comm>.{0,32})/(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_SPINLOCK is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("what", "str", "the check that failed"),
        Field("cpu", "int", "the CPU"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    key=("what",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/locking/spinlock_debug.c:spin_dump",),
    meaning=(
        "Spinlock debugging checks a magic number and the owner. A bad magic means that the "
        "lock was never initialised or its memory was freed and reused; a wrong owner or "
        "CPU, that it is released by somebody who did not take it."
    ),
    next_steps=(
        (
            "In the guilty function find the object with the lock: is spin_lock_init() called "
            "before, and can it be freed meanwhile?"
        ),
        (
            "The .magic value printed: 0 means cleared memory, 6b6b6b6b freed memory, anything "
            "else overwritten."
        ),
    ),
    confused_with=(
        "spinlock-recursion: taken twice by the same CPU.",
        "non-static-key: lockdep's view of an uninitialised lock.",
    ),
    example=(
        "[ 5644.845314] BUG: spinlock bad magic on CPU#6, modprobe/7909\n"
        "[ 5644.845325]  lock: 0xffff88811683e400, .magic: 00000000, .owner: <none>/-1, .owner_cpu: 0\n"
        "[ 5644.845334] CPU: 6 PID: 7909 Comm: modprobe Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 5644.845358] Call Trace:\n"
        "[ 5644.845364]  <TASK>\n"
        "[ 5644.845383]  dump_stack_lvl+0x19d/0x410\n"
        "[ 5644.845400]  do_raw_spin_lock+0x3f6/0x730\n"
        "[ 5644.845415]  _raw_spin_lock_irqsave+0x98a/0x9f0\n"
        "[ 5644.845428]  acme_ring_reset+0x3df/0x9c0 [acme]\n"
        "[ 5644.845434]  acme_probe+0x11f/0xad0 [acme]\n"
        "[ 5644.845450]  local_pci_probe+0x534/0x5d0\n"
        "[ 5644.845534]  </TASK>"
    ),
    near_miss="[   82.818367] spinlock bad magic test skipped",
)
