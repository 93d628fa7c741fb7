"""A cgroup's reads or writes are held back at its I/O limit."""

from collections.abc import Iterator
from typing import NamedTuple

from kernward.collectors.sources import cgroup_io, cgroup_pressure
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

REACHED = Threshold(
    "part of the limit that is used",
    0.9,
    "",
    "blk-throttle hands a budget out in slices of 0.1 s (0.02 s on SSDs), so whoever wants more than the limit gets "
    "all of it but for rounding; a load that wants less stays below it in most seconds",
)
STALLED = Threshold(
    "part of time in which a task of the group waits for I/O",
    0.2,
    "",
    "a group at its limit by chance hardly waits; one that is held back waits between the slices",
)


class Limit(NamedTuple):
    """One of the four limits: what is counted, what it is compared with, how it is said."""

    counted: str
    limit: str
    what: str
    unit: str


LIMITS = (
    Limit("read_bytes", "read_limit_bytes_per_s", "read", "bytes/s"),
    Limit("written_bytes", "write_limit_bytes_per_s", "written", "bytes/s"),
    Limit("reads", "read_limit_per_s", "requests to read", "1/s"),
    Limit("writes", "write_limit_per_s", "requests to write", "1/s"),
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(cgroup_io.SOURCE)
    if missing:
        yield Unknown(reason=f"the I/O of cgroups cannot be read: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="a rate takes two readings, and there is one")
        return
    limited, held = 0, False
    highest: tuple[float, Evidence] | None = None
    for name, group in window.each(cgroup_io.SOURCE).items():
        for each in LIMITS:
            for device, limit in (getattr(group, each.limit) or {}).items():
                if limit <= 0:
                    continue
                limited += 1
                rates = _rates(view, name, each, device)
                if not rates:
                    continue
                at_limit = sum(rate >= REACHED.value * limit for rate in rates) / len(rates)
                mean = sum(rates) / len(rates)
                evidence = _evidence(view, name, each, device, mean, limit)
                if highest is None or mean / limit > highest[0]:
                    highest = (mean / limit, evidence)
                if at_limit <= 0.5:
                    continue
                stall = _stall(view, name)
                if stall is not None and stall < STALLED.value:
                    continue
                held = True
                yield _confirmed(view, name, each, device, mean, limit, stall, evidence)
    if held:
        return
    if not limited:
        yield Refuted(reason="no cgroup has a limit on its I/O")
    elif highest is None:
        yield Refuted(reason="no cgroup with a limit on its I/O did any")
    else:
        yield Refuted(
            reason=f"no cgroup is held at its limit; the nearest uses {highest[0]:.0%} of it",
            evidence=(highest[1],),
        )


def _rates(view: View, name: str, limit: Limit, device: str) -> list[float]:
    """What was done per second, from each reading to the next."""
    found = []
    for _, seconds, grown in view.window.each_steps(cgroup_io.SOURCE, name):
        counted = (getattr(grown, limit.counted) or {}).get(device)
        if counted is not None:
            found.append(counted / seconds)
    return found


def _stall(view: View, name: str) -> float | None:
    pressure = view.window.each_over(cgroup_pressure.SOURCE).get(name)
    if pressure is None or pressure.io_some_s is None:
        return None
    return pressure.io_some_s / view.window.seconds_of(cgroup_pressure.SOURCE)


def _evidence(view: View, name: str, limit: Limit, device: str, rate: float, most: int) -> Evidence:
    return view.evidence(
        cgroup_io.SOURCE,
        limit.counted,
        rate,
        unit=limit.unit,
        scope=Scope("cgroup", name),
        says=f"{limit.what} on {device}: {rate / most:.0%} of the limit of {most:,} {limit.unit}",
    )


def _confirmed(
    view: View,
    name: str,
    limit: Limit,
    device: str,
    rate: float,
    most: int,
    stall: float | None,
    rated: Evidence,
) -> Confirmed:
    evidence = [rated]
    if stall is not None:
        evidence.append(
            view.evidence(
                cgroup_pressure.SOURCE,
                "io_some_s",
                stall,
                unit="",
                scope=Scope("cgroup", name),
                says=f"some task of the group waited for I/O during {stall:.0%} of the time",
            )
        )
    waited = "" if stall is None else f", and its tasks waited during {stall:.0%} of the time"
    return Confirmed(
        scope=Scope("cgroup", name),
        confidence=0.93 if stall is not None else 0.8,
        # Without pressure nobody says how long they waited: whoever is held back waits most of the time.
        impact=0.7 if stall is None else stall,
        mechanism=(
            f"The group may have {most:,} {limit.unit} of {device} ({limit.what}) and uses {rate:,.0f}: "
            "tg_dispatch_time() in block/blk-throttle.c keeps its further requests on a queue until the next slice "
            f"brings a budget{waited}. The device itself may be idle."
        ),
        evidence=tuple(evidence),
        chain=(
            f"limit of {most:,} {limit.unit} on {device}",
            "requests wait in blk-throttle, above the device",
            "tasks of the group sleep in io_schedule()",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="cgroup-io-limit",
    title="I/O held back at a cgroup's limit",
    group="io",
    claim="A cgroup wants more I/O than io.max (blkio.throttle in cgroup v1) lets it have.",
    signals=(
        Signal("cgroup_io.read_bytes", "at the limit, reading after reading: the group is held back"),
        Signal("cgroup_io.written_bytes", "the same for writes"),
        Signal("cgroup_io.reads", "the same for a limit on requests"),
        Signal("cgroup_io.writes", "the same for a limit on requests"),
        Signal(
            "cgroup_pressure.io_some_s", "grows while its tasks wait; near 0 although at the limit: by chance"
        ),
    ),
    thresholds=(REACHED, STALLED),
    rivals=(
        Rival(
            "device-saturated", "there the device is busy and others wait as well; here only this group does"
        ),
        Rival(
            "device-slow", "there the device takes long for each request; blk-throttle holds them before it"
        ),
    ),
    mechanism=(
        "blk_throtl_bio() in block/blk-throttle.c queues each bio that would exceed the group's budget; a timer, "
        "throtl_pending_timer_fn(), lets them go slice by slice. The wait is counted in the group's io.pressure and "
        "not in the device's statistics."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit, or take it away, and see the pressure fall.",
            "The group may then crowd out others on the same device.",
            "echo 'MAJ:MIN rbps=max wbps=max riops=max wiops=max' > /sys/fs/cgroup/GROUP/io.max",
        ),
        Action(
            "for good",
            "Set the limit from what the service needs at its peak, or give it a share (io.weight, io.latency) "
            "instead, which leaves unused capacity to it.",
            "Weights need the BFQ scheduler or io.cost; check that the device uses one.",
        ),
    ),
    see=("Documentation/admin-guide/cgroup-v2.rst (IO Interface Files)", "block/blk-throttle.c"),
    test=_test,
)
