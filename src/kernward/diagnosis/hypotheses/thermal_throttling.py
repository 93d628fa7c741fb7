"""Processors are too hot and run slower than they could."""

from collections.abc import Iterator

from kernward.collectors.sources import cpufreq, kernel_events, thermal
from kernward.collectors.sources.kernel_events import RECENT_S
from kernward.diagnosis import processors
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
from kernward.records.check import Action, Evidence, Scope

SLOWED = Threshold(
    "part of the time in which a processor was slowed down",
    0.03,
    "",
    "a burst of turbo ends with a few milliseconds of it on any processor; a lasting state takes percents",
)
TIMES = Threshold(
    "times a second that it began",
    0.5,
    "1/s",
    "older kernels count how often and not how long; a moment at full load counts once or twice",
)
MARGIN_C = Threshold(
    "distance to the passive trip point", 0.0, "°C", "from there on the kernel slows the zone's devices"
)


def _test(view: View) -> Iterator[Verdict]:
    clocks, zones = view.window.each_over(cpufreq.SOURCE), view.window.each(thermal.SOURCE)
    event = view.window.each(kernel_events.SOURCE).get("cpu-thermal-throttle")
    recent = event is not None and event.age_s is not None and event.age_s <= RECENT_S
    evidence: list[Evidence] = []
    worst = 0.0
    counted = False
    seconds = view.window.seconds_of(cpufreq.SOURCE)
    for name, clock in clocks.items():
        for what in ("", "package_"):
            slowed_s, times = getattr(clock, f"{what}throttled_s"), getattr(clock, f"{what}throttles")
            counted = counted or slowed_s is not None or times is not None
            if view.window.since_boot:
                continue
            part = slowed_s / seconds if slowed_s is not None else 0.0
            if (
                part >= SLOWED.value
                or slowed_s is None
                and times is not None
                and times >= TIMES.value * seconds
            ):
                worst = max(worst, min(1.0, part))
                evidence.append(
                    _throttled(
                        view,
                        name,
                        f"{what}throttled_s" if slowed_s is not None else f"{what}throttles",
                        slowed_s if slowed_s is not None else times,
                    )
                )
    for name, zone in zones.items():
        if (
            zone.temperature_c is not None
            and zone.passive_c
            and zone.temperature_c >= zone.passive_c + MARGIN_C.value
        ):
            evidence.append(
                view.evidence(
                    thermal.SOURCE,
                    "temperature_c",
                    zone.temperature_c,
                    says=f"{name} ({zone.type}); slowed down from {zone.passive_c:g} °C on",
                    change=False,
                )
            )
    if recent and event is not None:
        evidence.append(
            view.evidence(
                kernel_events.SOURCE,
                "recent",
                event.recent or 1,
                says=event.latest[-1].text[:200],
                change=False,
            )
        )
    if evidence:
        yield _confirmed(view, evidence, worst, counted)
    elif not clocks and not zones:
        why = view.window.why_absent(cpufreq.SOURCE) or view.window.why_absent(thermal.SOURCE)
        yield Unknown(reason=f"neither clocks nor temperatures can be read: {why}")
    elif not counted and not zones:
        yield Unknown(
            reason="the processors tell their clocks, and neither temperatures nor whether heat slowed them"
        )
    elif view.window.since_boot and not zones:
        yield Unknown(reason="whether processors are slowed down now takes two readings, and there is one")
    else:
        hottest = max(
            (zone.temperature_c for zone in zones.values() if zone.temperature_c is not None), default=None
        )
        yield Refuted(
            reason="no processor was slowed down by heat"
            + (f"; the hottest zone has {hottest:g} °C" if hottest is not None else "")
        )


def _throttled(view: View, cpu: str, field: str, value: float) -> Evidence:
    whose = "its package" if field.startswith("package") else "its core"
    return view.evidence(
        cpufreq.SOURCE, field, value, scope=Scope("cpu", cpu), says=f"{whose} was too hot and ran slower"
    )


def _confirmed(view: View, evidence: list[Evidence], worst: float, counted: bool) -> Confirmed:
    slow = [
        (name, clock.current_hz / clock.highest_hz)
        for name, clock in view.window.each(cpufreq.SOURCE).items()
        if clock.current_hz and clock.highest_hz
    ]
    times = processors.machine(view)
    lowest = min((part for _, part in slow), default=1.0)
    busy = times.busy if times else 0.0
    return Confirmed(
        scope=HOST,
        confidence=0.9 if worst else 0.75,
        impact=max(worst, (1 - lowest) * busy, 0.3),
        mechanism=(
            "Processors reached their thermal limit and were slowed down"
            + (f" for {worst:.0%} of the time" if worst else "")
            + (f"; the slowest runs at {lowest:.0%} of its highest clock" if slow else "")
            + ". The hardware does it by itself; intel_thermal_interrupt() in drivers/thermal/intel/therm_throt.c counts "
            "it, or the thermal core lowers the clock's limit at the zone's passive trip point."
        ),
        evidence=tuple(evidence[:8]),
        chain=(
            "heat is not carried off as fast as it is made",
            "the processor lowers its clock",
            "the same work takes more CPU time, and utilisation rises without more load",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="thermal-throttling",
    title="Processors slowed down by heat",
    group="cpu",
    claim="Processors are at their thermal limit, and their clock is lowered.",
    signals=(
        Signal("cpufreq.throttled_s", "time in which a core was slowed down"),
        Signal("cpufreq.package_throttled_s", "the same of the whole processor"),
        Signal("cpufreq.throttles", "how often, where the kernel does not tell how long"),
        Signal("thermal.temperature_c", "at or above the zone's passive trip point"),
        Signal("kernel_events.recent", "cpu-thermal-throttle in the log"),
    ),
    thresholds=(SLOWED, TIMES, MARGIN_C),
    rivals=(
        Rival("cpu-steal", "there the hypervisor takes the time; a virtual machine does not see the heat"),
        Rival("cpu-run-queue-overload", "there more work came; here the same work takes longer"),
    ),
    explains=("cpu-run-queue-overload",),
    mechanism=(
        "A processor lowers its own clock and voltage when a core or the package reaches its limit (PROCHOT). "
        "intel_thermal_interrupt() in drivers/thermal/intel/therm_throt.c counts that in "
        "/sys/devices/system/cpu/cpuN/thermal_throttle. Above a zone's passive trip point the thermal core's governor "
        "(drivers/thermal/gov_step_wise.c) lowers scaling_max_freq besides. Virtual machines see neither."
    ),
    actions=(
        Action(
            "now",
            "Move load off the machine; look at its fans, its inlet temperature and its neighbours.",
            "None.",
            "ipmitool sdr type temperature; ipmitool sdr type fan",
        ),
        Action(
            "now",
            "See the real clock and power.",
            "turbostat needs root and a few percent of a CPU.",
            "turbostat --show Bzy_MHz,PkgTmp,PkgWatt --interval 5",
        ),
        Action(
            "for good",
            "Clean or replace fans and heat sink, mend the air flow, or cap the power so that the clock is steady.",
            "A cap lowers the peak speed.",
        ),
    ),
    kinds=("cpu-thermal-throttle",),
    see=("Documentation/admin-guide/thermal/intel_powerclamp.rst", "drivers/thermal/intel/therm_throt.c"),
    test=_test,
)
