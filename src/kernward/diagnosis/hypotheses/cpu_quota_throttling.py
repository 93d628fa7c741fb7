"""A cgroup uses up its CPU quota and is taken off the CPUs until the next period begins."""

from collections.abc import Iterator

from kernward.collectors.sources import cgroup_cpu, cgroup_pressure
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Plot, Scope

PERIODS = Threshold(
    "part of the periods in which the quota was used up, for a group that uses nearly all of it",
    0.25,
    "",
    "what it is given is too little, and only rounding and competition keep it from being throttled in each period",
)
BURSTS = Threshold(
    "part of the periods in which the quota was used up, for any other group",
    0.45,
    "",
    "bursts use a period's quota up by chance in a group that needs less on average; when it happens in nearly every "
    "other period, whoever waits for the group waits for the quota",
)
SUSTAINED = Threshold(
    "part of its quota that a group uses on average",
    0.8,
    "",
    "a group that wants more than it may have gets all of it but for what it does not run on each CPU in time",
)
LOST = Threshold(
    "part of the wanted CPU time that was withheld",
    0.05,
    "",
    "throttled for the last moments of a period, a group loses next to nothing; below a twentieth nobody "
    "notices it",
)
TIMES = Threshold("throttled periods", 2, "", "one period may be the tail of something that is over")


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(cgroup_cpu.SOURCE)
    if missing:
        yield Unknown(reason=f"the CPU statistics of cgroups cannot be read: {missing}")
        return
    limited = 0
    worst: tuple[float, str, CgroupCpu] | None = None
    struck = False
    for name, group in window.each_over(cgroup_cpu.SOURCE).items():
        if group.quota_s is None and not group.throttled_periods:
            continue
        limited += 1
        periods, throttled = group.periods or 0, group.throttled_periods or 0
        part = throttled / periods if periods else 0.0
        if worst is None or part > worst[0]:
            worst = (part, name, group)
        lost = _lost(view, group)
        enough = PERIODS if _sustained(view, group) else BURSTS
        if throttled < TIMES.value or part < enough.value or lost is not None and lost < LOST.value:
            continue
        struck = True
        yield _confirmed(view, name, group, part, lost)
    if struck:
        return
    if worst is None:
        yield Refuted(reason=f"none of the {len(window.each(cgroup_cpu.SOURCE))} cgroups has a CPU quota")
        return
    part, name, group = worst
    if group.periods is None or group.throttled_periods is None:
        yield Unknown(reason=f"how often {name} was throttled is not known: its counters were reset")
        return
    yield Refuted(
        reason=(
            f"no cgroup is held back at its quota; of {limited} with one, {name} was throttled most: in "
            f"{group.throttled_periods} of {group.periods} periods"
        ),
        evidence=(_periods(view, name, group),),
    )


def _sustained(view: View, group: CgroupCpu) -> bool:
    """Whether it uses nearly all that it may, taken over the periods in which it ran at all."""
    if group.usage_s is None or not group.quota_s or not group.periods:
        return False
    return group.usage_s >= SUSTAINED.value * group.quota_s * group.periods


def _lost(view: View, group: CgroupCpu) -> float | None:
    """The part of the CPU time it wanted that it did not get; None when that is not known."""
    used = group.usage_s
    if used is None and group.quota_s and group.periods:
        # Version 1 without cpuacct here: what was throttled has used its quota.
        used = group.quota_s * group.periods
    if group.throttled_s is None or used is None or used + group.throttled_s <= 0:
        return None
    return group.throttled_s / (used + group.throttled_s)


def _periods(view: View, name: str, group: CgroupCpu) -> Evidence:
    return view.evidence(
        cgroup_cpu.SOURCE,
        "throttled_periods",
        group.throttled_periods or 0,
        scope=Scope("cgroup", name),
        says=f"of {group.periods or 0} periods in which it ran"
        + (" since it was made" if view.window.since_boot else ""),
        change=not view.window.since_boot,
    )


def _confirmed(view: View, name: str, group: CgroupCpu, part: float, lost: float | None) -> Confirmed:
    scope = Scope("cgroup", name)
    evidence = [_periods(view, name, group)]
    if group.throttled_s is not None:
        evidence.append(
            view.evidence(
                cgroup_cpu.SOURCE,
                "throttled_s",
                group.throttled_s,
                scope=scope,
                says="its run queues were off the CPUs, summed over CPUs",
                change=not view.window.since_boot,
            )
        )
    if group.usage_s is not None:
        evidence.append(
            view.evidence(
                cgroup_cpu.SOURCE,
                "usage_s",
                group.usage_s,
                scope=scope,
                says="what it got",
                change=not view.window.since_boot,
            )
        )
    stalled = _stalled(view, name)
    if stalled is not None:
        evidence.append(
            view.evidence(
                cgroup_pressure.SOURCE,
                "cpu_full_s",
                stalled,
                unit="",
                scope=scope,
                says=f"all of its tasks waited for a CPU at once during {stalled:.0%} of the time",
            )
        )
    quota = _quota(group)
    since = "since the group was made" if view.window.since_boot else "in this window"
    withheld = "" if lost is None else f" It was kept from {lost:.0%} of the CPU time that it wanted."
    impact = max(lost or 0.0, stalled or 0.0) or part * 0.5
    return Confirmed(
        scope=scope,
        # Counters since the group was made do not say that it is so now.
        confidence=0.6 if view.window.since_boot else 0.97,
        impact=impact,
        mechanism=(
            f"The group {quota}; account_cfs_rq_runtime() found it used up in {group.throttled_periods} of "
            f"{group.periods} periods {since}, and throttle_cfs_rq() in kernel/sched/fair.c took the group off the "
            f"CPUs until the period ended, whether or not the CPUs had other work.{withheld}"
        ),
        evidence=tuple(evidence),
        chain=(
            f"the group {quota}",
            f"its threads use it up and are throttled in {part:.0%} of the periods",
            "whoever waits for one of them sees pauses of up to a period",
        ),
        victims=tuple(each.scope for each in processors.others(view) if processors.held_back(each, (name,)))[
            :5
        ],
        plots=_plots(view, name),
    )


def _quota(group: CgroupCpu) -> str:
    if group.quota_s is None or not group.period_s:
        return "had a CPU quota"
    return (
        f"may use {group.quota_s * 1000:g} ms of CPU time in each period of {group.period_s * 1000:g} ms "
        f"({group.quota_s / group.period_s:.2g} CPUs)"
    )


def _stalled(view: View, name: str) -> float | None:
    if view.window.since_boot:
        return None
    pressure = view.window.each_over(cgroup_pressure.SOURCE).get(name)
    if pressure is None or pressure.cpu_full_s is None:
        return None
    return min(1.0, pressure.cpu_full_s / view.window.seconds_of(cgroup_pressure.SOURCE))


def _plots(view: View, name: str) -> tuple[Plot, ...]:
    points = [
        (at, (grown.throttled_periods or 0) / grown.periods)
        for at, _, grown in view.window.each_steps(cgroup_cpu.SOURCE, name)
        if grown.periods
    ]
    if len(points) < 2:
        return ()
    return (view.plot(cgroup_cpu.SOURCE, "throttled_periods", points, scope=Scope("cgroup", name), unit=""),)


HYPOTHESIS = Hypothesis(
    id="cpu-quota-throttling",
    title="CPU quota used up",
    group="cpu",
    claim="A cgroup wants more CPU time than its quota (cpu.max, cpu.cfs_quota_us) lets it have.",
    signals=(
        Signal(
            "cgroup_cpu.throttled_periods", "many of cgroup_cpu.periods: the quota is used up again and again"
        ),
        Signal("cgroup_cpu.throttled_s", "how much CPU time was withheld, against what was used"),
        Signal(
            "cgroup_pressure.cpu_full_s",
            "all tasks of the group waited at once, which is how throttling shows",
        ),
    ),
    thresholds=(PERIODS, BURSTS, SUSTAINED, LOST, TIMES),
    rivals=(
        Rival(
            "cpu-run-queue-overload", "there the CPUs are busy; a throttled group waits also beside idle ones"
        ),
        Rival(
            "cpu-noisy-neighbour", "there the time goes to another group; here nobody else need run at all"
        ),
        Rival("cpu-steal", "there the hypervisor runs other machines, and all groups lose alike"),
    ),
    explains=(
        "cpu-run-queue-overload",
        "cpu-noisy-neighbour",
        "single-thread-bottleneck",
        "listen-queue-overflow",
        "socket-buffer-limit",
    ),
    mechanism=(
        "CFS bandwidth control gives a group `quota` of CPU time for each `period`. Each CPU takes slices of 5 ms "
        "of it (sched_cfs_bandwidth_slice_us); when none is left, account_cfs_rq_runtime() and throttle_cfs_rq() "
        "in kernel/sched/fair.c take the group's run queue off that CPU, and sched_cfs_period_timer() puts it back "
        "when the next period begins. With n busy threads the quota lasts quota/n: eight threads use a quota of one "
        "CPU up in 12.5 ms of each 100 ms. A limit is counted where it is set, so cpu.stat of the group with the "
        "quota has the counts, not those of the groups below it."
    ),
    actions=(
        Action(
            "now",
            "Raise the quota, or take it away, and see nr_throttled stand still.",
            "The group may then take time from others on the same CPUs; its weight still holds.",
            "echo 'max 100000' > /sys/fs/cgroup/GROUP/cpu.max",
        ),
        Action(
            "now",
            "Let it save up unused quota for bursts (Linux 5.14 and later), when only peaks are throttled.",
            "Neighbours see longer bursts.",
            "echo 100000 > /sys/fs/cgroup/GROUP/cpu.max.burst",
        ),
        Action(
            "for good",
            "Size the number of threads by the quota, not by the machine's CPUs (GOMAXPROCS, "
            "-XX:ActiveProcessorCount, the number of workers), and set the limit from what the service needs at "
            "its peak.",
            "Too few threads leave quota unused.",
        ),
    ),
    see=(
        "Documentation/scheduler/sched-bwc.rst",
        "Documentation/admin-guide/cgroup-v2.rst (cpu.max)",
        "kernel/sched/fair.c",
    ),
    test=_test,
)
