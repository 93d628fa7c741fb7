"""The wall clock jumps."""

from kernward.vm.fault import Fault, Parameter, Symptom, Truth

FAULT = Fault(
    name="time-jump",
    title="the wall clock jumps",
    doc=(
        "The wall clock is set forward or back at once, as a wrong time server or a resumed machine does. Timers "
        "on CLOCK_MONOTONIC do not notice; certificates, leases, logs and cron do. The kernel prints nothing."
    ),
    group="time",
    parameters=(
        Parameter(
            "jump_s", 3600, "s", "how far; below 0 it goes back", least=-10_000_000, most=1_000_000_000
        ),
    ),
    refuse=lambda values: (
        "jump_s must be at least 5 s in either direction" if abs(int(values["jump_s"])) < 5 else None
    ),
    inject="""
        awk '$1 == "btime" { print $2 }' /proc/stat >/run/time-jump.before
        date -u -s @$(($(date +%s) + jump_s)) >/dev/null
    """,
    undo="date -u -s @$(($(date +%s) - jump_s)) >/dev/null",
    symptom=Symptom(
        doc="The time of boot that the kernel computes back from the wall clock has moved by that much.",
        command="""
        before=$(cat /run/time-jump.before)
        [ -n "$before" ] || exit 1
        moved=$(($(awk '$1 == "btime" { print $2 }' /proc/stat) - before))
        off=$((moved - jump_s))
        echo "the time of boot (btime) has moved by $moved s"
        [ ${off#-} -le 3 ]
        """,
        within_s=15,
    ),
    truth=Truth(
        cause="clock-jump",
        entity_kind="host",
        mechanism=(
            "do_settimeofday64() in kernel/time/timekeeping.c shifts the offset between CLOCK_MONOTONIC and "
            "CLOCK_REALTIME, and clock_was_set() in kernel/time/hrtimer.c tells the timers on it."
        ),
    ),
)
