"""The scheduler found the last word of a task's kernel stack overwritten."""

from kernward.events.kind import Blame, Extent, Kind, Pattern

KIND = Kind(
    id="panic-stack-end",
    title="kernel panic: corrupted stack end in {function}",
    alt_titles=("stack-overflow in {function}",),
    title_without_function="kernel panic: corrupted stack end in corrupted",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="corrupted stack end detected inside scheduler",
            regex=r"Kernel panic - not syncing: corrupted stack end detected inside scheduler",
        ),
    ),
    extent=Extent.REPORT,
    blame=Blame.STALL,
    printed_by=("kernel/sched/core.c:schedule_debug",),
    meaning=(
        "A magic number at the far end of the kernel stack was gone when the task gave up "
        "the CPU: the stack was used up to the end, or beyond. The trace is of the moment it "
        "was noticed; the deep call chain is usually still running in it."
    ),
    next_steps=(
        "Look for recursion or many stacked layers in the trace.",
        "Kernels with CONFIG_VMAP_STACK catch this at once: see that it is on.",
        "Find large frames with `scripts/checkstack.pl`.",
    ),
    confused_with=("stack-guard-page: caught at the moment of the overflow.",),
    example=(
        "[  670.227340] Kernel panic - not syncing: corrupted stack end detected inside scheduler\n"
        "[  670.227359] CPU: 5 PID: 8311 Comm: kworker/u4:0 Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[  670.227388] Call Trace:\n"
        "[  670.227402]  <TASK>\n"
        "[  670.227420]  dump_stack_lvl+0x198/0x1c0\n"
        "[  670.227430]  panic+0xf/0x70\n"
        "[  670.227449]  __schedule+0x167/0x5a0\n"
        "[  670.227459]  schedule+0x736/0x7d0\n"
        "[  670.227464]  io_schedule+0xa0e/0xbf0\n"
        "[  670.227472]  rq_qos_wait+0x39f/0x4a0\n"
        "[  670.227642]  </TASK>\n"
        "[  670.227672] ---[ end Kernel panic - not syncing: corrupted stack end detected inside "
        "scheduler ]---"
    ),
    near_miss="[  839.617079] scheduler: stack end magic enabled",
)
