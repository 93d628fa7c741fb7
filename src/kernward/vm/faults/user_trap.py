"""A service does what the processor refuses."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import service_name

FAULT = Fault(
    name="user-trap",
    title="a service dies of a processor exception",
    doc=(
        "A service divides by zero (SIGFPE), executes an undefined instruction (SIGILL), or follows a pointer "
        "that is no canonical address (general protection fault, SIGSEGV). The kernel prints one line."
    ),
    group="crash",
    parameters=(
        Parameter(
            "exception", "divide", "", "which exception it causes", choices=("divide", "illegal", "wild")
        ),
        service_name("pricing"),
    ),
    needs=Needs(misbehave=True),
    inject="""
        ln -sf /usr/bin/misbehave /tmp/$service
        /tmp/$service $exception </dev/null >/dev/null 2>&1
        exit 0
    """,
    symptom=Symptom(
        doc="The kernel prints the exception and where it happened.",
        console=r"traps: $service\[\d+\].* (trap divide error|trap invalid opcode|general protection fault)",
        within_s=15,
    ),
    truth=Truth(
        kinds=("user-trap",),
        cause="process-crash",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "do_trap() or exc_general_protection() in arch/x86/kernel/traps.c sends the signal and prints the "
            "exception with show_signal()."
        ),
    ),
)
