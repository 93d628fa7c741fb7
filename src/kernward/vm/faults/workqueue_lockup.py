"""Work that never ends keeps the other work of its CPU waiting."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="workqueue-lockup",
    title="a worker that keeps all other work of its CPU waiting",
    doc=(
        "Work that a driver has queued does not end and does not let the CPU go; what was queued behind it, by "
        "whomever, waits. A kernel with CONFIG_WQ_WATCHDOG reports the pool and what it runs."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 12, "s", "how long the work takes", least=3, most=3600),
        Parameter("threshold_s", 4, "s", "workqueue.watchdog_thresh", least=1, most=300),
        Parameter("cpu", 0, "", "whose work", least=0, most=7),
    ),
    refuse=lambda values: too_short(values["seconds"], 2 * float(values["threshold_s"]) + 1),
    needs=Needs(lab=True, config={"CONFIG_WQ_WATCHDOG": "y"}),
    inject="""
        # The soft lockup watchdog would be first.
        echo 60 >/proc/sys/kernel/watchdog_thresh
        echo $threshold_s >/sys/module/workqueue/parameters/watchdog_thresh
        echo "workqueue-lockup seconds=$seconds cpu=$cpu" >/proc/kernward_faults
    """,
    undo="""
        echo 30 >/sys/module/workqueue/parameters/watchdog_thresh
        echo 10 >/proc/sys/kernel/watchdog_thresh
    """,
    symptom=Symptom(
        doc="The workqueue's watchdog names the pool.",
        console=r"BUG: workqueue lockup - pool cpus=$cpu ",
        within_s=25,
        plus=("seconds",),
    ),
    truth=Truth(
        kinds=("workqueue-lockup",),
        mechanism=(
            "wq_watchdog_timer_fn() in kernel/workqueue.c; the worker is in kf_refill_ring() of the module "
            "kernward_faults."
        ),
    ),
)
