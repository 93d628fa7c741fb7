"""Work in a queue waits for an answer that does not come."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="work-stuck",
    title="a worker that waits for an answer that does not come",
    doc=(
        "Work that a driver has queued sends a command to a device and waits, uninterruptibly, for an answer "
        "that does not come. Its queue does one thing at a time, so everything behind it waits as well."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 12, "s", "how long the answer does not come", least=3, most=86400),
        Parameter("timeout_s", 3, "s", "kernel.hung_task_timeout_secs", least=1, most=600),
    ),
    refuse=lambda values: too_short(values["seconds"], 2 * float(values["timeout_s"]) + 1),
    needs=Needs(lab=True, config={"CONFIG_DETECT_HUNG_TASK": "y"}),
    inject="""
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        echo "work-stuck seconds=$seconds" >/proc/kernward_faults
    """,
    undo="echo 120 >/proc/sys/kernel/hung_task_timeout_secs",
    symptom=Symptom(
        doc="The kernel says that a worker is blocked, and on which queue.",
        console=r"INFO: task kworker/\S+ blocked for more than \d+ seconds",
        within_s=25,
        plus=("timeout_s", "timeout_s"),
    ),
    truth=Truth(
        kinds=("hung-task",),
        mechanism=(
            "check_hung_task() in kernel/hung_task.c; the worker of the queue kf_commands is in "
            "wait_for_completion_timeout(), called by kf_send_command() of the module kernward_faults."
        ),
    ),
)
