"""The host reads the time from a slow device."""

from kernward.vm.fault import Fault, Parameter, Symptom, Truth

FAULT = Fault(
    name="clocksource-change",
    title="the clock source is changed to a slow one",
    doc=(
        "The clock source is changed from the processor's counter to a device that is read over the bus, as the "
        "kernel does of itself when it no longer trusts the counter. Each reading of the time takes "
        "microseconds, and programs can no longer do it without a system call."
    ),
    group="time",
    parameters=(
        Parameter(
            "clocksource", "acpi_pm", "", "which clock source is used then", choices=("acpi_pm", "hpet")
        ),
    ),
    inject="""
        at=/sys/devices/system/clocksource/clocksource0
        cat $at/current_clocksource >/run/clocksource-change.before
        echo $clocksource >$at/current_clocksource
        [ "$(cat $at/current_clocksource)" = $clocksource ] ||
            { echo "this machine has only $(cat $at/available_clocksource)" >&2; exit 1; }
    """,
    undo="cat /run/clocksource-change.before >/sys/devices/system/clocksource/clocksource0/current_clocksource",
    symptom=Symptom(
        doc="The kernel prints that it switches, and the clock source is that one.",
        console=r"clocksource: Switched to clocksource $clocksource",
        command="grep -x $clocksource /sys/devices/system/clocksource/clocksource0/current_clocksource",
        within_s=20,
    ),
    truth=Truth(
        cause="clocksource-slow",
        entity_kind="host",
        mechanism=(
            "change_clocksource() in kernel/time/timekeeping.c takes the new source, whose read function "
            "(acpi_pm_read() in drivers/clocksource/acpi_pm.c, read_hpet() in arch/x86/kernel/hpet.c) asks a device."
        ),
    ),
)
