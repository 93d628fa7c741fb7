"""The machine restarts without a word."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="restart",
    title="a machine that restarts without a word",
    doc=(
        "The machine restarts at once, without shutting anything down (sysrq b), as a power cut or a reset by a "
        "watchdog does. The log of the boot before just ends."
    ),
    group="crash",
    needs=Needs(reboots=True),
    inject="""
        echo 1 >/proc/sys/kernel/sysrq
        echo b >/proc/sysrq-trigger
    """,
    symptom=Symptom(
        doc="The kernel boots again.",
        console=r"Linux version \d",
        command="uptime",
        within_s=90,
    ),
    truth=Truth(
        kinds=("sysrq-used", "boot"),
        cause="unclean-restart",
        mechanism="sysrq_handle_reboot() in drivers/tty/sysrq.c calls emergency_restart().",
    ),
)
