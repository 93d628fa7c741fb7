"""An operator crashes the machine through /proc/sysrq-trigger."""

from kernward.vm.fault import Fault, Symptom, Truth

FAULT = Fault(
    name="sysrq-crash",
    title="a crash that an operator asked for",
    doc=(
        "Somebody writes c to /proc/sysrq-trigger: to have a dump of a machine that hangs, or to test that dumps "
        "are taken. It is not a bug of the kernel."
    ),
    group="crash",
    inject="""
        echo 1 >/proc/sys/kernel/sysrq
        echo c >/proc/sysrq-trigger
    """,
    symptom=Symptom(
        doc="The panic says who asked for it.",
        console=r"Kernel panic - not syncing: sysrq triggered crash",
    ),
    truth=Truth(
        kinds=("sysrq-crash",),
        cause="sysrq-crash",
        mechanism="sysrq_handle_crash() in drivers/tty/sysrq.c calls panic().",
    ),
    ends=True,
)
