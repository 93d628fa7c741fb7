"""A kernel thread, or a worker of a workqueue, follows a null pointer."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="oops-in-kernel-thread",
    title="oops in a kernel thread or in queued work",
    doc=(
        "A thread of a driver, or work that it has queued, follows a pointer that was never set. The oops ends "
        "the thread; no process of user space sees an error, and what the thread was there for is done no more."
    ),
    group="crash",
    parameters=(
        Parameter("context", "work", "", "what runs the driver's code", choices=("thread", "work")),
        Parameter(
            "access", "read", "", "what is done through the pointer", choices=("read", "write", "execute")
        ),
        Parameter("offset", 16, "bytes", "where in the structure the member lies", least=0, most=4088),
    ),
    needs=Needs(lab=True),
    inject='echo "null-pointer access=$access offset=$offset context=$context" > /proc/kernward_faults',
    symptom=Symptom(
        doc="An oops whose process is a kernel thread.",
        console=r"Comm: k(f_thread|worker/\S+)",
    ),
    truth=Truth(
        kinds=("null-pointer-dereference",),
        mechanism=(
            "A page fault in kernel mode: page_fault_oops() in arch/x86/mm/fault.c prints it; make_task_dead() in "
            "kernel/exit.c ends the thread. The culprit is kf_null_$access() of the module kernward_faults."
        ),
    ),
)
