"""The machine could not be put to sleep."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Until 6.2 or so the line did not say which tasks."""
    if reading.fields.get("stage") is None:
        reading.fields["stage"] = "tasks"


KIND = Kind(
    id="suspend-failed",
    title="Suspend failed: {stage}",
    class_="state",
    severity="warning",
    subsystem="PM",
    patterns=(
        Pattern(
            literal="PM: Some devices failed to ",
            regex=(
                r"PM: Some (?P<stage>devices failed to suspend|devices failed to power down|system devices"
                r" failed to power down)"
            ),
            printed=("PM: Some devices failed to suspend, or early wake event detected",),
        ),
        Pattern(
            literal=" tasks refusing to freeze",
            regex=(
                r"Freezing (?:of tasks|(?P<stage>user space processes|remaining freezable tasks|[\w"
                r" ]{3,40}?)) (?:failed|aborted) after (?P<seconds>\d+\.\d+) seconds \((?P<tasks>\d+) tasks"
                r" refusing to freeze, wq_busy=(?P<wq_busy>\d+)\)"
            ),
            printed=(" seconds (%d tasks refusing to freeze, wq_busy=%d):",),
        ),
    ),
    fields=(
        Field("stage", "str", "what did not follow"),
        Field("seconds", "float", "how long was waited"),
        Field("tasks", "int", "tasks that did not stop"),
        Field("wq_busy", "int", "1 when a workqueue was busy"),
    ),
    key=("stage",),
    read=read,
    printed_by=(
        "kernel/power/suspend.c:dpm_suspend_start",
        "kernel/power/process.c:try_to_freeze_tasks",
    ),
    meaning=(
        "A driver refused, a wake-up came meanwhile, or tasks did not stop within the time allowed (20 s by "
        "default): usually tasks in uninterruptible sleep, waiting for a network file system or a dead "
        "device. The machine stays awake."
    ),
    next_steps=(
        "The stacks that follow belong to the tasks that did not stop: see what they wait for.",
        "The line before names the device that refused: `failed to suspend: error`.",
    ),
    confused_with=("hung-task: the same tasks may be reported as hung",),
    example="""\
[90130.110001] Freezing user space processes failed after 20.003 seconds (2 tasks refusing to freeze, wq_busy=0):""",
    near_miss="[90110.110001] Freezing user space processes completed (elapsed 0.003 seconds)",
)
