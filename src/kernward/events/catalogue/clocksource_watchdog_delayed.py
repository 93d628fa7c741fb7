"""The comparison of clocks was skipped because it was itself delayed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="clocksource-watchdog-delayed",
    title="Clocksource watchdog delayed",
    class_="state",
    severity="info",
    subsystem="timers",
    patterns=(
        Pattern(
            literal=" wd-wd read-back delay of ",
            regex=(
                r"clocksource: timekeeping watchdog on CPU(?P<cpu>\d+): (?P<watchdog>[\w.-]{1,32}) wd-wd"
                r" read-back delay of (?P<delay_ns>\d+)ns"
            ),
            printed=("timekeeping watchdog on CPU%d: %s wd-wd read-back delay of %lldns",),
        ),
        Pattern(
            literal="Long readout interval, skipping watchdog check",
            regex=(
                r"clocksource: Long readout interval, skipping watchdog check: cs_nsec: (?P<cs_nsec>-?\d+)"
                r" wd_nsec: (?P<wd_nsec>-?\d+)"
            ),
        ),
    ),
    fields=(
        Field("cpu", "int", "CPU on which it ran"),
        Field("watchdog", "str", "the watchdog clock"),
        Field("delay_ns", "int", "time between two readings of it"),
        Field("cs_nsec", "int", "time since the last check by the clock in question, in nanoseconds"),
        Field("wd_nsec", "int", "the same by the watchdog clock"),
    ),
    printed_by=("kernel/time/clocksource.c:clocksource_watchdog",),
    meaning=(
        "The watchdog noticed that it was not run when it should have been, or was interrupted between its "
        "readings, and drew no conclusion. No clock is at fault. It says that this CPU was held up: by an "
        "SMI, by the hypervisor, or by code that ran with interrupts off."
    ),
    next_steps=(
        "On a VM look at steal time; on hardware count SMIs with `turbostat --show SMI`.",
        "Look for lockup and stall events at the same time.",
    ),
    confused_with=("clocksource-unstable: there a clock was found wrong",),
    example="""\
[ 9120.400001] clocksource: Long readout interval, skipping watchdog check: cs_nsec: 1504182321 wd_nsec: 1504180120""",
    near_miss="""\
[    0.400001] clocksource: hpet: mask: 0xffffffff max_cycles: 0xffffffff, max_idle_ns: 19112604467 ns""",
)
