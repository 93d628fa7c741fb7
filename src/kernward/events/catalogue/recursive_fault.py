"""A task that was being killed for an oops faulted again on its way out."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="recursive-fault",
    title="recursive fault while a task was being killed",
    class_="crash",
    severity="error",
    subsystem="kernel core",
    patterns=(
        Pattern(
            literal="Fixing recursive fault but reboot is needed!",
            regex=r"Fixing recursive fault but reboot is needed!",
        ),
    ),
    printed_by=("kernel/exit.c:make_task_dead",),
    meaning=(
        "A task oopsed; while the kernel ended it (closing files, dropping memory, running its exit path) it "
        "oopsed again. The kernel gives up ending it: the task stays for ever, uninterruptible, with whatever "
        "locks and references it held. The machine may go on for a while, but nothing it does can be relied on."
    ),
    next_steps=(
        "Work on the first oops of the boot: the second one is its consequence.",
        "Drain and reboot the host; tasks that need what the dead one held will hang.",
        "Set `kernel.panic_on_oops=1` with kdump, so that the first oops leaves a dump and ends there.",
    ),
    confused_with=("panic-fatal-exception: the kernel could not even go on without the task.",),
    example="[  412.110233] Fixing recursive fault but reboot is needed!",
    near_miss="[  412.110233] myfs: recursive fault tolerance enabled",
)
