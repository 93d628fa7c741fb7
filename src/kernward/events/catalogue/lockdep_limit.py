"""lockdep ran out of one of its tables and switched itself off."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-limit",
    title="BUG: {limit} too low!",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal=" too low!",
            regex=r"BUG: (?P<limit>MAX_[A-Z_]{4,40}) too low!",
            printed=(" too low!",),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("limit", "str", "the constant that was exceeded"),),
    key=("limit",),
    extent=Extent.REPORT,
    printed_by=("kernel/locking/lockdep.c:print_lockdep_off",),
    meaning=(
        "The lock validator has tables of fixed size for locks, chains, dependencies and "
        "stack traces. One is full, so locking is no longer checked in this boot. Usually a "
        "subsystem makes new lock classes without end (initialising locks in a loop with new "
        "keys), or the tables are too small for a large configuration."
    ),
    next_steps=(
        ("`cat /proc/lockdep_stats` shows which table is full, /proc/lockdep which classes are many."),
        "Raise CONFIG_LOCKDEP_BITS, LOCKDEP_CHAINS_BITS or LOCKDEP_STACK_TRACE_BITS.",
        "Fix the subsystem that leaks lock classes.",
    ),
    confused_with=("lockdep-circular: a finding, not a limit.",),
    example=(
        "[ 1179.930669] BUG: MAX_LOCKDEP_CHAIN_HLOCKS too low!\n"
        "[ 1179.930679] turning off the locking correctness validator.\n"
        "[ 1179.930686] CPU: 6 PID: 2166 Comm: stress-ng Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 1179.930706] Call Trace:\n"
        "[ 1179.930713]  <TASK>\n"
        "[ 1179.930727]  dump_stack_lvl+0x6c0/0xd90\n"
        "[ 1179.930734]  add_chain_cache+0x440/0x460\n"
        "[ 1179.930748]  validate_chain+0x7fe/0xcf0\n"
        "[ 1179.930758]  __lock_acquire+0x76/0x130\n"
        "[ 1179.930766]  lock_acquire+0x6e/0x100\n"
        "[ 1179.930777]  ext4_map_blocks+0x363/0x380 [ext4]\n"
        "[ 1179.930876]  </TASK>"
    ),
    near_miss="[  185.416858] app: MAX_CLIENTS too low!",
)
