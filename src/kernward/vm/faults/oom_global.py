"""A process takes all the memory of the host."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="oom-global",
    title="the host runs out of memory and a process is killed",
    doc=(
        "A service touches memory until the host has none left. There is no swap, so the kernel chooses a "
        "victim by what it uses and by oom_score_adj, and kills it. With a low oom_score_adj somebody else "
        "dies first."
    ),
    group="memory",
    parameters=(
        service_name("redis-server"),
        Parameter(
            "oom_score_adj",
            200,
            "",
            "how much more likely than by its size it is to be chosen",
            least=0,
            most=1000,
        ),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        echo $oom_score_adj >/proc/self/oom_score_adj
        serve $service "" eat 0
        echo 0 >/proc/self/oom_score_adj
    """,
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="The kernel prints whom it killed, and /proc/vmstat counts a kill.",
        console=r"Out of memory: Killed process \d+ \($service\)",
        command="grep '^oom_kill [1-9]' /proc/vmstat",
        within_s=90,
    ),
    truth=Truth(
        kinds=("oom-kill-global",),
        cause="host-memory-exhausted",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "__alloc_pages_may_oom() in mm/page_alloc.c finds no page after reclaim and calls out_of_memory() in "
            "mm/oom_kill.c, which has oom_kill_process() end the task with the highest oom_badness()."
        ),
    ),
)
