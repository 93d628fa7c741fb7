"""The scheduler was entered where sleeping is forbidden."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Ways into the scheduler are taken by a caller that should not sleep."""
    reading.machinery.append((r"\w*schedule\w*", "is a way into the scheduler"))


KIND = Kind(
    id="scheduling-while-atomic",
    title="BUG: scheduling while atomic in {function}",
    title_without_function="BUG: scheduling while atomic in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="scheduling while atomic: ",
            regex=(
                r"BUG: scheduling while atomic: (?P<comm>.{0,16})/(?P<pid>\d+)/0x"
                r"(?P<preempt_count>[0-9a-f]+)"
            ),
            printed=("BUG: scheduling while atomic: %s/%d/0x%08x",),
        ),
    ),
    fields=(
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
        Field("preempt_count", "hex", "the preemption count"),
    ),
    extent=Extent.REPORT,
    blame=Blame.HANG,
    read=read,
    printed_by=("kernel/sched/core.c:__schedule_bug",),
    meaning=(
        "A task gave up the CPU while its preemption count says that it is in an atomic "
        "section: it holds a spinlock, has preemption disabled, or runs in an interrupt. "
        "Others that wait for that lock spin meanwhile; deadlock or data corruption can "
        "follow. Often an earlier function forgot to release a spinlock or to restore the "
        "count."
    ),
    next_steps=(
        (
            "preempt_count: low byte is preempt_disable depth, second byte soft interrupts, "
            "third hard interrupts."
        ),
        "`Preemption disabled at:` names who disabled it, where the kernel records it.",
        (
            "In the trace, find what sleeps (mutex, GFP_KERNEL, msleep, copy_from_user) and what "
            "took the spinlock."
        ),
    ),
    confused_with=(
        ("sleeping-in-atomic: caught by a check before the sleep, needs CONFIG_DEBUG_ATOMIC_SLEEP."),
    ),
    example=(
        "[ 7175.998843] BUG: scheduling while atomic: ethtool/22026/0x00000201\n"
        "[ 7175.998855] Modules linked in: acme_nic bonding tls\n"
        "[ 7175.998871] CPU: 7 PID: 22026 Comm: ethtool Tainted: G           OE      6.1.0-28-amd64 "
        "#1  Debian 6.1.119-1\n"
        "[ 7175.998891] Call Trace:\n"
        "[ 7175.998903]  <TASK>\n"
        "[ 7175.998907]  dump_stack_lvl+0x489/0x9d0\n"
        "[ 7175.998924]  __schedule_bug.cold+0x314/0x9f0\n"
        "[ 7175.998932]  __schedule+0x438/0x9e0\n"
        "[ 7175.998947]  schedule+0x252/0xaf0\n"
        "[ 7175.998952]  schedule_hrtimeout_range_clock+0x4d1/0x7f0\n"
        "[ 7175.998961]  usleep_range_state+0x2cd/0x550\n"
        "[ 7175.999100]  </TASK>"
    ),
    near_miss="[ 1181.712781] app: scheduling while atomic: demo/1/0x2",
)
