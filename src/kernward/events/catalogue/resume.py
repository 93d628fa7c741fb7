"""The machine woke."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="resume",
    title="System resume",
    class_="state",
    severity="info",
    subsystem="PM",
    patterns=(
        Pattern(
            literal="PM: suspend exit",
            regex=r"PM: suspend exit",
        ),
        Pattern(
            literal="PM: hibernation: hibernation exit",
            regex=r"PM: hibernation: hibernation exit",
        ),
    ),
    printed_by=(
        "kernel/power/suspend.c:pm_suspend",
        "kernel/power/hibernate.c:hibernate",
    ),
    meaning=(
        "Sleep ended, all devices were told to go on. Faults of drivers and clocks show in the seconds "
        "after it. The line comes as well when the machine did not reach sleep."
    ),
    next_steps=(
        (
            "Look at what follows within a minute: devices that did not come back, clocksource events, "
            "network links."
        ),
    ),
    confused_with=("boot: a fresh start of the kernel; resume continues the old one",),
    example="[90118.771001] PM: suspend exit",
    near_miss="[90118.771001] PM: suspend devices took 0.412 seconds",
)
