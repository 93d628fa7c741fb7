"""The kernel panicked because a task was blocked for too long and hung_task_panic is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-hung-task",
    title="kernel panic: hung_task: blocked tasks",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="hung_task: blocked tasks",
            regex=r"Kernel panic - not syncing: hung_task: blocked tasks",
        ),
    ),
    extent=Extent.REPORT,
    printed_by=("kernel/hung_task.c:check_hung_task",),
    meaning=(
        "kernel.hung_task_panic turns a hung task report into a panic. The report just "
        "before names the task and what it waited for; the panic is only the setting's doing."
    ),
    next_steps=(
        "Work on the hung-task report that precedes.",
        "With kdump, `ps -m` and `foreach UN bt` in crash show all blocked tasks.",
    ),
    confused_with=("hung-task: the report itself.",),
    example=(
        "[ 8031.690793] Kernel panic - not syncing: hung_task: blocked tasks\n"
        "[ 8031.690802] CPU: 5 UID: 0 PID: 6009 Comm: khungtaskd Not tainted 6.12.57+deb13-amd64 #1 "
        "PREEMPT(lazy)  Debian 6.12.57-1\n"
        "[ 8031.690836] Call Trace:\n"
        "[ 8031.690854]  <TASK>\n"
        "[ 8031.690874]  dump_stack_lvl+0x688/0xda0\n"
        "[ 8031.690892]  panic+0xf2/0x420\n"
        "[ 8031.690907]  watchdog+0xb3/0x140\n"
        "[ 8031.690916]  process_one_work+0x4f5/0x790\n"
        "[ 8031.690923]  worker_thread+0x38/0x40\n"
        "[ 8031.690926]  kthread+0x14e/0x560\n"
        "[ 8031.690933]  </TASK>\n"
        "[ 8031.690952] ---[ end Kernel panic - not syncing: hung_task: blocked tasks ]---"
    ),
    near_miss="[ 2456.120042] INFO: task hung_task:77 is fine",
)
