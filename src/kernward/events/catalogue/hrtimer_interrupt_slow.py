"""A timer interrupt took so long that the next ones were already due."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="hrtimer-interrupt-slow",
    title="hrtimer interrupt took too long",
    class_="state",
    severity="info",
    subsystem="timers",
    patterns=(
        Pattern(
            literal="hrtimer: interrupt took ",
            regex=r"hrtimer: interrupt took (?P<took_ns>\d+) ns",
        ),
    ),
    fields=(Field("took_ns", "int", "how long it took"),),
    printed_by=("kernel/time/hrtimer.c:hrtimer_interrupt",),
    meaning=(
        "While expired timers were run new ones expired, three times over, so the kernel left the interrupt "
        "and gave itself a pause. Timers come late after it. A virtual CPU that was not running, an SMI, or "
        "a slow timer callback are the causes. It is printed once a boot."
    ),
    next_steps=(
        "On a VM look at steal time; on hardware count SMIs with `turbostat --show SMI`.",
        "Trace callbacks: `perf trace -e timer:hrtimer_expire_entry,timer:hrtimer_expire_exit`.",
    ),
    confused_with=("nmi-handler-too-long: an NMI, not the timer",),
    example="[ 1020.300001] hrtimer: interrupt took 4127718 ns",
    near_miss="[    0.300001] hrtimer: high resolution timers enabled",
)
