"""Reading a clock took so long that the kernel stopped trusting it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="clocksource-readout-delay",
    title="Clocksource read-out too slow: {clocksource}",
    class_="hardware",
    severity="warning",
    subsystem="timers",
    patterns=(
        Pattern(
            literal=" read-back delay of ",
            regex=(
                r"clocksource: timekeeping watchdog on CPU(?P<cpu>\d+): (?:wd-)?"
                r"(?P<clocksource>[\w.]{1,32}?)(?:-wd excessive)? read-back delay of (?P<delay_ns>\d+)ns(?:"
                r" vs\. limit of (?P<limit_ns>\d+)ns, wd-wd read-back delay only (?P<wd_delay_ns>\d+)ns)?,"
                r" attempt (?P<attempt>\d+), marking (?:[\w.-]{1,32} )?unstable"
            ),
            printed=("timekeeping watchdog on CPU%d: ",),
        ),
    ),
    fields=(
        Field("clocksource", "str", "the clock"),
        Field("cpu", "int", "CPU on which it was read"),
        Field("delay_ns", "int", "how long the reading took"),
        Field("limit_ns", "int", "how long it may take"),
        Field("wd_delay_ns", "int", "how long reading the watchdog clock alone took"),
        Field("attempt", "int", "how often it was tried"),
    ),
    key=("clocksource",),
    printed_by=("kernel/time/clocksource.c:cs_watchdog_read",),
    meaning=(
        "The watchdog reads its own clock, the clock in question and its own again; the three readings were "
        "too far apart, again and again, while two readings of the watchdog clock are not. Reading this "
        "clock is slow by itself: interrupted by SMIs, trapped by a hypervisor, or over a congested "
        "interconnect. The kernel then falls back to another clock."
    ),
    next_steps=(
        "Count SMIs: `turbostat --show SMI`; on a VM look at steal time.",
        "See what is used now: /sys/devices/system/clocksource/clocksource0/current_clocksource.",
        "A false alarm on very large machines: `clocksource.max_cswd_read_retries=`.",
    ),
    confused_with=(
        "clocksource-unstable: the clocks differ",
        "clocksource-watchdog-delayed: the watchdog clock itself was slow, nothing was decided",
    ),
    example="""\
[ 3300.500001] clocksource: timekeeping watchdog on CPU11: tsc read-back delay of 204520ns, attempt 4, marking unstable""",
    near_miss="""\
[ 3300.500001] clocksource: timekeeping watchdog on CPU11: hpet wd-wd read-back delay of 104520ns""",
)
