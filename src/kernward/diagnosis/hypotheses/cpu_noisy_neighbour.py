"""One cgroup takes the CPU time that another one needs."""

from collections.abc import Iterator

from kernward.collectors.measurements import preempt
from kernward.collectors.sources import (
    cgroup_cpu,
    cgroup_pressure,
    process_cgroups,
    process_status,
    processes,
    threads,
)
from kernward.diagnosis import processors
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.kinship import contains
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

STARVED = Threshold(
    "part of the CPU time it wanted that a group did not get",
    0.4,
    "",
    "two groups of the same weight with one thread each on one CPU share it half and half; short waits of a group "
    "that mostly sleeps stay far below",
)
WAITING = Threshold(
    "threads of the group that wait for a CPU, on average",
    0.25,
    "",
    "a group that wants little waits little in all, however long a single wait is",
)
TAKES = Threshold(
    "times what the other group uses",
    1.5,
    "",
    "of two groups that get the same, neither is the other's noisy neighbour: there is simply too much work",
)
HOLDS = Threshold(
    "part of the machine's CPU time that the neighbour uses",
    0.3,
    "",
    "less than that cannot keep anybody from running for long; what this check uses itself is left out",
)
# A group below it that uses so much of it is what is meant.
MOSTLY = 0.8
IDLE = Threshold(
    "part of the machine's CPU time that was idle", 0.15, "", "with idle CPUs nobody waits for a neighbour"
)


class Group:
    """What the processes of one cgroup wanted and got, in CPUs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.runners: list[Runner] = []

    @property
    def ran(self) -> float:
        return sum(each.ran for each in self.runners)

    @property
    def waiting(self) -> float:
        return sum(each.waiting for each in self.runners)

    @property
    def starved(self) -> float:
        """The part of what it wanted that it did not get."""
        return self.waiting / (self.ran + self.waiting) if self.runners else 0.0


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(process_cgroups.SOURCE) or window.why_absent(processes.SOURCE)
    if missing:
        yield Unknown(reason=f"which process is in which cgroup cannot be read: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="who waits for whom takes two readings, and there is one")
        return
    times = processors.machine(view)
    if times is None:
        yield Unknown(reason="the CPU times of /proc/stat cannot be read")
        return
    groups = _groups(view)
    idle = processors.share_evidence(
        view, "idle_s", times.idle + times.iowait, "part of the machine's CPU time that was idle"
    )
    if len([name for name in groups if name != "/"]) < 1:
        yield Refuted(reason="no process that runs is in a cgroup of its own")
        return
    # What this check itself took would have been idle, or somebody's.
    if times.idle + times.iowait > IDLE.value:
        yield Refuted(
            reason=f"the CPUs were idle for {times.idle + times.iowait:.0%} of the time", evidence=(idle,)
        )
        return
    unclear = [
        each.pid
        for group in groups.values()
        for each in group.runners
        if not each.whole and each.demand >= 0.2
    ][:5]
    if unclear and len(groups) > 1 and view.can_read(threads.SOURCE, *unclear):
        yield Open(
            suspicion=0.4,
            reason="the CPUs are busy, and groups share them; how long the threads of each waited is not known yet",
            sources=((threads.SOURCE.name, tuple(unclear)), (process_status.SOURCE.name, tuple(unclear))),
        )
        return
    pairs = [(victim, noisy) for victim in groups.values() if (noisy := _neighbour(view, victim, groups))]
    struck = [(victim, noisy) for victim, noisy in pairs if _suffers(victim, noisy)]
    if not struck:
        most = max(groups.values(), key=lambda each: each.waiting)
        yield Refuted(
            reason=(
                f"no group goes without for another one that uses {HOLDS.value:.0%} of the CPU time: {most.name} waits "
                f"most, for {most.starved:.0%} of what it wants ({most.waiting:.2f} threads on average)"
            ),
            evidence=(idle,),
        )
        return
    for name in dict.fromkeys(noisy.name for _, noisy in struck):
        victims = [victim for victim, noisy in struck if noisy.name == name]
        noisy = next(noisy for _, noisy in struck if noisy.name == name)
        yield _confirmed(view, noisy, sorted(victims, key=lambda each: -each.waiting))


def _groups(view: View) -> dict[str, Group]:
    """The groups whose processes ran or waited, but for those that wait for their own quota."""
    back = processors.throttled(view)
    found: dict[str, Group] = {}
    for each in processors.others(view):
        if each.group is None or each.process.kernel_thread or processors.held_back(each, back):
            continue
        found.setdefault(each.group, Group(each.group)).runners.append(each)
    return found


def _neighbour(view: View, victim: Group, groups: dict[str, Group]) -> Group | None:
    """The group that uses most, with all below it, and has nothing to do with the victim; the narrowest such.

    The root is no neighbour: what runs there is named by its process, and is no victim either.
    """
    if victim.name == "/":
        return None
    above: dict[str, Group] = {}
    for group in groups.values():
        for name in _ancestors(group.name):
            if not contains(name, victim.name) and not contains(victim.name, name):
                above.setdefault(name, Group(name)).runners.extend(group.runners)
    most = max(above.values(), key=lambda each: each.ran, default=None)
    there = max(processors.cpus(view) - processors.own_share(view), 0.1)
    if most is None or most.ran < HOLDS.value * there:
        return None
    inside = [
        each for each in above.values() if contains(most.name, each.name) and each.ran >= MOSTLY * most.ran
    ]
    return max(inside, key=lambda each: (each.name.count("/"), each.ran))


def _ancestors(name: str) -> Iterator[str]:
    """/a/b/c -> /a/b/c, /a/b, /a"""
    while name and name != "/":
        yield name
        name = name.rpartition("/")[0]


def _suffers(victim: Group, noisy: Group) -> bool:
    return (
        victim.waiting >= WAITING.value
        and victim.starved >= STARVED.value
        and noisy.ran >= TAKES.value * victim.ran
    )


def _used(view: View, group: Group) -> Evidence:
    top = max(group.runners, key=lambda each: each.ran)
    usage = view.window.each_over(cgroup_cpu.SOURCE).get(group.name)
    if usage is not None and usage.usage_s is not None:
        return view.evidence(
            cgroup_cpu.SOURCE,
            "usage_s",
            usage.usage_s / view.window.seconds_of(cgroup_cpu.SOURCE),
            unit="CPUs",
            scope=Scope("cgroup", group.name),
            says=f"of {processors.cpus(view)}; most of it is {top.name}",
        )
    return view.evidence(
        processes.SOURCE,
        "user_s",
        group.ran,
        unit="CPUs",
        scope=Scope("cgroup", group.name),
        says=f"of {processors.cpus(view)}, its processes together; most of it is {top.name}",
    )


def _confirmed(view: View, noisy: Group, victims: list[Group]) -> Confirmed:
    worst = victims[0]
    evidence = [
        view.evidence(
            processes.SOURCE,
            "waited_s",
            worst.waiting,
            unit="threads",
            scope=Scope("cgroup", worst.name),
            says=f"of its threads waited for a CPU on average; it got {worst.ran:.2f} CPUs",
        ),
        _used(view, noisy),
        *_pressure(view, worst),
        *_weights(view, noisy, worst),
    ]
    confidence = 0.88
    behind = _behind(view, worst, noisy)
    if behind is not None:
        evidence.append(behind)
        confidence = 0.95
    threads_of_noisy = sum(each.process.threads or 1 for each in noisy.runners)
    return Confirmed(
        scope=Scope("cgroup", noisy.name),
        confidence=confidence,
        impact=worst.starved,
        mechanism=(
            f"{noisy.name} ran {threads_of_noisy} threads and used {noisy.ran:.2f} of {processors.cpus(view)} CPUs. "
            f"{worst.name} could run and waited for {worst.starved:.0%} of that time: pick_next_entity() in "
            "kernel/sched/fair.c serves the groups by their weights (update_cfs_group()), and what the neighbour "
            "gets is missing there."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{noisy.name} wants more CPU time than is left",
            "the groups' weights decide, and no quota stops it",
            f"{worst.name} waits for {worst.starved:.0%} of the time in which it could run",
        ),
        victims=tuple(Scope("cgroup", each.name) for each in victims[:5]),
    )


def _pressure(view: View, group: Group) -> Iterator[Evidence]:
    over = view.window.each_over(cgroup_pressure.SOURCE).get(group.name)
    if over is not None and over.cpu_some_s is not None:
        yield view.evidence(
            cgroup_pressure.SOURCE,
            "cpu_some_s",
            min(1.0, over.cpu_some_s / view.window.seconds_of(cgroup_pressure.SOURCE)),
            unit="",
            scope=Scope("cgroup", group.name),
            says="part of the time in which one of its tasks waited for a CPU",
        )


def _weights(view: View, noisy: Group, victim: Group) -> Iterator[Evidence]:
    for group in (noisy, victim):
        settings = view.window.each(cgroup_cpu.SOURCE).get(group.name)
        if settings is None:
            continue
        for field in ("weight", "shares"):
            value = getattr(settings, field)
            if value is not None:
                yield view.evidence(
                    cgroup_cpu.SOURCE, field, value, scope=Scope("cgroup", group.name), change=False
                )


def _behind(view: View, victim: Group, noisy: Group) -> Evidence | None:
    """What the measurement says of whose tasks ran while the victim's waited."""
    if not view.has(preempt.SOURCE.name):
        return None
    measured = view.window.each_over(preempt.SOURCE).get(victim.name)
    behind = (measured.waited_behind_s or {}).get(noisy.name) if measured else None
    if measured is None or not behind or behind < 0.3 * (measured.wait_s or behind):
        return None
    return view.evidence(
        preempt.SOURCE,
        "waited_behind_s",
        behind,
        scope=Scope("cgroup", victim.name),
        says=f"waited on CPUs where a task of {noisy.name} ran just before",
    )


HYPOTHESIS = Hypothesis(
    id="cpu-noisy-neighbour",
    title="CPU time taken by a neighbour",
    group="cpu",
    claim="A cgroup waits for CPU time that another cgroup uses.",
    signals=(
        Signal("processes.waited_s", "the victim's threads could run and waited for a CPU"),
        Signal("processes.user_s", "what the processes of each group got"),
        Signal("cgroup_pressure.cpu_some_s", "part of the time in which a task of the victim waited"),
        Signal("cgroup_cpu.weight", "what each group may claim against its siblings"),
        Signal(
            "preempt.waited_behind_s",
            "whose tasks ran while the victim's waited: names the neighbour directly",
        ),
    ),
    thresholds=(STARVED, WAITING, TAKES, HOLDS, IDLE),
    rivals=(
        Rival(
            "cpu-run-queue-overload", "there too much work of one process fills the queues, whoever else runs"
        ),
        Rival("cpu-quota-throttling", "there the victim's own quota holds it back; cpu.stat counts it"),
        Rival("cpu-steal", "there the neighbour is another virtual machine, which this kernel does not see"),
    ),
    explains=("cpu-run-queue-overload",),
    mechanism=(
        "Each cgroup has an entity on the run queue of each CPU, weighed by cpu.weight (cpu.shares in version 1) "
        "among its siblings and by how many of its threads are there (calc_group_shares() and update_cfs_group() "
        "in kernel/sched/fair.c). pick_next_entity() gives time by these weights. A neighbour with a greater "
        "weight, or with equal weight and more threads on the CPUs that the victim uses, leaves less to it; no "
        "limit is hit, and nothing is printed."
    ),
    actions=(
        Action(
            "now",
            "Lower the neighbour's weight, or hold it with a quota while the victim recovers.",
            "The neighbour gets slower; a quota withholds time also when CPUs are idle.",
            "echo 20 > /sys/fs/cgroup/NEIGHBOUR/cpu.weight",
        ),
        Action(
            "for good",
            "Give what serves users the greater weight, and batch work cpu.idle or CPUs of its own "
            "(cpuset.cpus.partition).",
            "CPUs of one's own stay idle when their owner is.",
        ),
    ),
    cost="in a second look, /proc/PID/task of at most 5 processes; the measurement preempt if it runs anyway",
    see=("Documentation/admin-guide/cgroup-v2.rst (cpu.weight)", "kernel/sched/fair.c"),
    test=_test,
)
