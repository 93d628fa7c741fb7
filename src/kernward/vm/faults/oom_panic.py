"""The host runs out of memory, and is told to panic then."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, service_name

FAULT = Fault(
    name="oom-panic",
    title="out of memory with vm.panic_on_oom set",
    doc=(
        "vm.panic_on_oom tells the kernel to panic instead of killing a process when the host has no memory "
        "left; then a service takes all there is. With 1 limits of cpusets and memory policies still lead to "
        "a kill, with 2 they panic too."
    ),
    group="memory",
    parameters=(
        service_name("mongod"),
        Parameter("panic_on_oom", 1, "", "value of vm.panic_on_oom", least=1, most=2),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        echo $panic_on_oom >/proc/sys/vm/panic_on_oom
        serve $service "" eat 0
    """,
    symptom=Symptom(
        doc="The kernel panics and says that memory was the reason.",
        console=r"Kernel panic - not syncing: Out of memory: ",
        within_s=90,
    ),
    truth=Truth(
        kinds=("panic-oom",),
        cause="host-memory-exhausted",
        entity_kind="process",
        entity="$service",
        mechanism="out_of_memory() in mm/oom_kill.c calls check_panic_on_oom(), which panics.",
    ),
    ends=True,
)
