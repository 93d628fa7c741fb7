"""The kernel panicked because a task was blocked for too long and hung_task_panic is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-hung-task",
    title="kernel panic: hung_task: blocked tasks",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[ 2456.120042] Kernel panic - not syncing: hung_task: blocked tasks\n"
        "[ 2456.120051] CPU: 2 PID: 62 Comm: khungtaskd Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[ 2456.120042] INFO: task hung_task:77 is fine",
)
