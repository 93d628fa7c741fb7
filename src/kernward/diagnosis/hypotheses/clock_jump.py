"""The wall clock was set to another time while the machine ran."""

from collections.abc import Iterator

from kernward.collectors.sources import stat, wall_clock
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action

JUMP = Threshold(
    "change of the time of boot",
    2.0,
    "s",
    "the kernel computes it as wall clock minus time since boot, in whole seconds; slewing moves it by at most 0.5 ms "
    "a second",
)
APART = Threshold(
    "wall clock minus hardware clock",
    4.0,
    "s",
    "the hardware clock counts whole seconds, and both were equal at boot",
)
DRIFT = Threshold(
    "drift of the two clocks against each other",
    0.0007,
    "",
    "the kernel's clock may be off by 0.05 %, a hardware clock's crystal by 0.002 %",
)


def _test(view: View) -> Iterator[Verdict]:
    boots = [
        (sample.at_utc, record.boot_at_s)
        for sample in view.window.samples
        if (record := sample.of(stat.SOURCE)) is not None and record.boot_at_s is not None
    ]
    if len(boots) > 1:
        moved = boots[-1][1] - boots[0][1]
        evidence = view.evidence(
            stat.SOURCE,
            "boot_at_s",
            moved,
            unit="s",
            says="change of the time of boot that the kernel computes",
        )
        if abs(moved) >= JUMP.value:
            yield Confirmed(
                scope=HOST,
                confidence=0.97,
                impact=1.0,
                mechanism=_mechanism(moved, "while this check ran"),
                evidence=(evidence,),
                chain=_chain(moved),
                plots=(
                    view.plot(
                        stat.SOURCE,
                        "boot_at_s",
                        [(at, float(s - boots[0][1])) for at, s in boots],
                        scope=HOST,
                        unit="s",
                    ),
                ),
            )
            return
    yield _against_hardware(view)


def _against_hardware(view: View) -> Verdict:
    clock = view.window.of(wall_clock.SOURCE)
    if clock is None:
        return Unknown(
            reason=f"whether it jumped earlier cannot be told: {view.window.why_absent(wall_clock.SOURCE)}"
        )
    if clock.rtc_offset_s is None:
        return Unknown(
            reason="it did not jump while this check ran; earlier jumps cannot be told without a hardware clock"
        )
    offset = clock.rtc_offset_s
    evidence = view.evidence(
        wall_clock.SOURCE, "rtc_offset_s", offset, says="wall clock minus hardware clock", change=False
    )
    allowed = APART.value + DRIFT.value * (clock.up_s or 0.0)
    if abs(offset) <= allowed:
        return Refuted(
            reason=f"the wall clock and the hardware clock differ by {abs(offset):.0f} s, within what they drift",
            evidence=(evidence,),
        )
    if clock.rtc_local:
        return Unknown(
            reason="the hardware clock is kept in local time (/etc/adjtime), so the two cannot be compared",
            evidence=(evidence,),
        )
    if clock.synchronised:
        return Refuted(
            reason=(
                f"a time server keeps the wall clock, so the hardware clock is what is wrong, by {abs(offset):.0f} s"
            ),
            evidence=(evidence,),
        )
    return Confirmed(
        scope=HOST,
        confidence=0.85,
        impact=1.0,
        mechanism=_mechanism(offset, "since boot, when the kernel took it from the hardware clock"),
        evidence=(
            evidence,
            view.evidence(
                wall_clock.SOURCE,
                "synchronised",
                "no" if clock.synchronised is False else "not known",
                says="whether a time server keeps it",
                change=False,
            ),
        ),
        chain=_chain(offset),
    )


def _mechanism(moved: float, when: str) -> str:
    direction = "forward" if moved > 0 else "back"
    return (
        f"The wall clock was set {direction} by {abs(moved):.0f} s {when}: do_settimeofday64() in "
        "kernel/time/timekeeping.c shifts the offset between CLOCK_MONOTONIC and CLOCK_REALTIME. Whatever measures "
        "with the wall clock saw time leap."
    )


def _chain(moved: float) -> tuple[str, ...]:
    effects = (
        "leases, certificates and tokens end early, timers on CLOCK_REALTIME fire at once, cron skips or hurries"
        if moved > 0
        else "timers on CLOCK_REALTIME fire late, files and log lines come from the future, caches do not expire"
    )
    return (f"the wall clock was set {'forward' if moved > 0 else 'back'}", effects)


HYPOTHESIS = Hypothesis(
    id="clock-jump",
    title="The wall clock jumped",
    group="time",
    claim="The wall clock was set at once rather than slewed, so that programs saw time leap.",
    signals=(
        Signal("stat.boot_at_s", "moves with the wall clock: the kernel computes it anew at each reading"),
        Signal("wall_clock.rtc_offset_s", "the hardware clock was not set with it, and tells by how much"),
        Signal(
            "wall_clock.synchronised", "with a time server the wall clock is right and the hardware's is not"
        ),
    ),
    thresholds=(JUMP, APART, DRIFT),
    rivals=(Rival("clocksource-slow", "there the time is right, and reading it takes long"),),
    mechanism=(
        "clock_settime(), settimeofday() and adjtimex(ADJ_SETOFFSET) set the wall clock at once: "
        "do_settimeofday64() changes wall_to_monotonic, clock_was_set() in kernel/time/hrtimer.c makes timers on "
        "CLOCK_REALTIME look again, and CLOCK_MONOTONIC goes on as before. The kernel prints nothing. Wrong time "
        "servers, resumed virtual machines and an operator's date(1) do this; a daemon that slews does not."
    ),
    actions=(
        Action(
            "now",
            "Find out which time is right, then let the time daemon correct it.",
            "Another step is another jump: databases and leases may fail over. Slewing takes hours.",
            "chronyc tracking; chronyc sources -v",
        ),
        Action(
            "for good",
            "Forbid steps after start (chrony: makestep 1 3), watch the offset, and measure durations with "
            "CLOCK_MONOTONIC.",
            "A machine that starts far off then stays wrong for long.",
        ),
    ),
    see=("adjtimex(2)", "kernel/time/timekeeping.c", "Documentation/admin-guide/rtc.rst"),
    test=_test,
)
