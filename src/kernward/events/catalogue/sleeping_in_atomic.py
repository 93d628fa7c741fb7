"""A function that may sleep was called where sleeping is forbidden."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="sleeping-in-atomic",
    title="BUG: sleeping function called from invalid context in {function}",
    title_without_function="BUG: sleeping function called from invalid context in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="sleeping function called from invalid context",
            regex=(
                r"BUG: sleeping function called from invalid context(?: at "
                r"(?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+))?"
            ),
            unprinted="CONFIG_DEBUG_ATOMIC_SLEEP is off in Debian's kernels",
        ),
        Pattern(
            literal="sleeping function called from invalid context",
            regex=(
                r"BUG: sleeping function called from invalid context \(\d+\) at "
                r"(?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+)"
            ),
            unprinted="older kernels",
        ),
    ),
    fields=(
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/sched/core.c:__might_resched",),
    meaning=(
        "might_sleep() found preemption or interrupts disabled: a spinlock is held, or this "
        "is an interrupt or an RCU read section. The printed file and line is the check; the "
        "culprit is the caller that combined the lock with the sleep. It need not have slept "
        "this time, but it can, and then others deadlock."
    ),
    next_steps=(
        "`in_atomic(): 1, irqs_disabled(): 0` tells which kind of atomic context.",
        "`Preemption disabled at:` and the lock list name who made it atomic.",
        "Use GFP_ATOMIC, a spinlock instead of a mutex, or move the work to a work item.",
    ),
    confused_with=("scheduling-while-atomic: it really slept.",),
    example=(
        "[ 8002.090200] BUG: sleeping function called from invalid context at "
        "include/linux/sched/mm.h:337\n"
        "[ 8002.090218] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 742, name: ip\n"
        "[ 8002.090230] preempt_count: 201, expected: 0\n"
        "[ 8002.090238] RCU nest depth: 0, expected: 0\n"
        "[ 8002.090244] 2 locks held by ip/742:\n"
        "[ 8002.090248]  #0: ffffffff8a2b1a50 (rtnl_mutex){+.+.}-{3:3}, at: "
        "rtnetlink_rcv_msg+0x1a4/0x5e0\n"
        "[ 8002.090267]  #1: ffff88801c2b1a50 (&priv->lock){+...}-{2:2}, at: acme_set_mac+0x33/0x90 "
        "[acme_nic]\n"
        "[ 8002.090275] CPU: 2 PID: 742 Comm: ip Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 8002.090303] Call Trace:\n"
        "[ 8002.090310]  <TASK>\n"
        "[ 8002.090325]  dump_stack_lvl+0x23c/0xb20\n"
        "[ 8002.090345]  __might_resched+0x1c5/0x700\n"
        "[ 8002.090353]  __kmem_cache_alloc_node+0x1d8/0x560\n"
        "[ 8002.090356]  kmalloc_trace+0x1e9/0x360\n"
        "[ 8002.090372]  acme_fw_command+0x3fa/0xa90 [acme_nic]\n"
        "[ 8002.090386]  acme_set_mac+0x1dd/0xb90 [acme_nic]\n"
        "[ 8002.090490]  </TASK>"
    ),
    near_miss="[  101.229110] app: sleeping function called from invalid context",
)
