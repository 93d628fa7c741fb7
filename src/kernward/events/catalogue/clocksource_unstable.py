"""The clock that time is kept with disagreed with a second clock, and the kernel stopped trusting it."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The kernel prints the skew itself since 6.2 or so; before, it is a subtraction."""
    fields = reading.fields
    if fields["skew_ns"] is None and fields["wd_nsec"] is not None and fields["cs_nsec"] is not None:
        fields["skew_ns"] = fields["cs_nsec"] - fields["wd_nsec"]


KIND = Kind(
    id="clocksource-unstable",
    title="Marking clocksource unstable: {clocksource}",
    class_="hardware",
    severity="warning",
    subsystem="timers",
    patterns=(
        Pattern(
            literal=" as unstable because the skew is too large",
            regex=(
                r"clocksource: timekeeping watchdog on CPU(?P<cpu>\d+): Marking clocksource '"
                r"(?P<clocksource>[\w.-]{1,32})' as unstable because the skew is too large"
            ),
            printed=("Marking clocksource '%s' as unstable because the skew is too large:",),
        ),
        # Before the CPU was named.
        Pattern(
            literal="clocksource: timekeeping watchdog: Marking clocksource ",
            regex=(
                r"clocksource: timekeeping watchdog: Marking clocksource '(?P<clocksource>[\w.-]{1,32})' as"
                r" unstable"
            ),
            unprinted="the wording of older releases",
        ),
    ),
    fields=(
        Field("clocksource", "str", "the clock that lost trust"),
        Field("cpu", "int", "CPU on which they were compared"),
        Field("watchdog", "str", "the clock it was compared with"),
        Field("wd_nsec", "int", "time passed by the watchdog clock, in nanoseconds"),
        Field("cs_nsec", "int", "time passed by the clock in question, in nanoseconds"),
        Field("skew_ns", "int", "cs_nsec minus wd_nsec"),
        Field("current", "str", "clock in use at that moment"),
    ),
    key=("clocksource",),
    continues=(
        r"clocksource: +'(?P<watchdog>[\w.-]{1,32})' wd_nsec: (?P<wd_nsec>-?\d+) ",
        r"clocksource: +'[\w.-]{1,32}' cs_nsec: (?P<cs_nsec>-?\d+) ",
        r"clocksource: +Clocksource '[\w.-]{1,32}' skewed (?P<skew_ns>-?\d+) ns",
        (r"clocksource: +'(?P<current>[\w.-]{1,32})' (?:\(not '[\w.-]{1,32}'\) )?is current clocksource"),
    ),
    reach=6,
    read=read,
    printed_by=("kernel/time/clocksource.c:clocksource_watchdog",),
    meaning=(
        "A watchdog compares the clock in use (usually the TSC) with another (HPET, acpi_pm) and found more "
        "difference than both can explain. The kernel switches to the slower clock: gettimeofday and "
        "tracing become ten times dearer, and databases notice. A real cause is firmware that touches the "
        "TSC or SMM that stops it; a false one is a watchdog clock that wraps, or a machine so stalled "
        "(SMIs, a paused VM) that the reading itself was late."
    ),
    next_steps=(
        "See what is used now: /sys/devices/system/clocksource/clocksource0/current_clocksource.",
        "Compare wd_nsec with cs_nsec: which of the two is off from the interval of half a second?",
        (
            "If the TSC is known to be good (check `constant_tsc nonstop_tsc` and chrony's drift), boot "
            "with `tsc=reliable` or `tsc=nowatchdog`; else update firmware."
        ),
    ),
    confused_with=(
        "clocksource-watchdog-delayed: the reading was late, the comparison was skipped",
        "tsc-unstable: the decision about the TSC that follows",
    ),
    example="""\
[ 7201.040101] clocksource: timekeeping watchdog on CPU5: Marking clocksource 'tsc' as unstable because the skew is too large:
[ 7201.040110] clocksource:                       'hpet' wd_nsec: 507301200 wd_now: 7a1b3c4d wd_last: 7984f0e1 mask: ffffffff
[ 7201.040114] clocksource:                       'tsc' cs_nsec: 503994102 cs_now: 1a2b3c4d5e6f cs_last: 1a2a5d2f3c10 mask: ffffffffffffffff
[ 7201.040118] clocksource:                       'tsc' is current clocksource.
[ 7201.040120] tsc: Marking TSC unstable due to clocksource watchdog""",
    near_miss="""\
[    1.040101] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1fb633008a4, max_idle_ns: 440795292330 ns""",
)
