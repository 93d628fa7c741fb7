"""Threads of a driver wait for a mutex that another keeps."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="hung-task",
    title="tasks that wait for a mutex that another keeps",
    doc=(
        "A kernel thread of a driver takes a mutex and goes to sleep; others want it and wait, uninterruptibly "
        "(state D). They count in the load average, cannot be killed, and after kernel.hung_task_timeout_secs "
        "the kernel prints where they wait."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 12, "s", "how long the mutex is kept", least=3, most=86400),
        Parameter("timeout_s", 3, "s", "kernel.hung_task_timeout_secs", least=1, most=600),
        Parameter("waiters", 1, "", "how many wait", least=1, most=1000),
    ),
    refuse=lambda values: too_short(values["seconds"], 2 * float(values["timeout_s"]) + 1),
    needs=Needs(lab=True, config={"CONFIG_DETECT_HUNG_TASK": "y"}),
    inject="""
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        echo "hung-task seconds=$seconds waiters=$waiters" >/proc/kernward_faults
    """,
    undo="echo 120 >/proc/sys/kernel/hung_task_timeout_secs",
    symptom=Symptom(
        doc="The kernel says who is blocked, and where.",
        console=r"INFO: task kf_submit:\d+ blocked for more than \d+ seconds",
        within_s=25,
        plus=("timeout_s", "timeout_s"),
    ),
    truth=Truth(
        kinds=("hung-task",),
        cause="lock-held-asleep",
        entity_kind="process",
        entity="kf_flush",
        mechanism=(
            "check_hung_task() in kernel/hung_task.c; kf_submit() waits in __mutex_lock() (kernel/locking/mutex.c) "
            "for what kf_flush() of the module kernward_faults holds while it sleeps."
        ),
    ),
)
