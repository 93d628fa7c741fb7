"""A service writes through a null pointer."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import service_name

FAULT = Fault(
    name="segfault",
    title="a service dies of a segmentation fault, again and again",
    doc=(
        "A service writes through a null pointer and is killed with SIGSEGV; its supervisor starts it anew, "
        "and it dies again. The kernel itself is well: it prints one line for each."
    ),
    group="crash",
    parameters=(
        Parameter("times", 3, "", "how often", least=1, most=100),
        Parameter("pause_ms", 300, "ms", "time between two deaths", least=0, most=10000),
        service_name("checkout-api"),
    ),
    needs=Needs(misbehave=True),
    inject="""
        ln -sf /usr/bin/misbehave /tmp/$service
        (
            for time in $(seq $times); do
                /tmp/$service null
                usleep $((pause_ms * 1000))
            done
        ) </dev/null >/dev/null 2>&1 &
    """,
    symptom=Symptom(
        doc="The kernel prints who accessed which address.",
        console=r"$service\[\d+\]: segfault at 8 ip [0-9a-f]+",
        within_s=15,
    ),
    truth=Truth(
        kinds=("segfault",),
        cause="process-crash",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "The page fault finds no mapping: bad_area_nosemaphore() in arch/x86/mm/fault.c sends SIGSEGV, and "
            "show_signal_msg() prints it."
        ),
    ),
)
