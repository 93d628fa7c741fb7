"""A cgroup has as many tasks as it may."""

from collections.abc import Iterator, Mapping

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import cgroup_pids
from kernward.collectors.sources.cgroup_pids import CgroupPids
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
from kernward.diagnosis.log_events import RECENT_S, evidence, logged
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

FULL = Threshold(
    "part of the limit that is used",
    0.95,
    "",
    "a group that was refused and has fallen below this since is no longer held back by its limit",
)
_EVENT = "pids-limit-reached"


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    now = window.each(cgroup_pids.SOURCE)
    if not now:
        reason = window.why_absent(cgroup_pids.SOURCE)
        yield (
            Unknown(reason=f"tasks of cgroups could not be read: {reason}")
            if reason
            else Refuted(reason="no cgroup counts its tasks")
        )
        return
    grown = {} if window.since_boot else window.each_over(cgroup_pids.SOURCE)
    said = {str(each.fields.get("cgroup")): each for each in logged(view, _EVENT, within_s=RECENT_S).events}
    struck: dict[str, list[tuple[str, int]]] = {}
    highest: tuple[float, str] | None = None
    for name, group in now.items():
        if (
            group.limit
            and group.tasks is not None
            and (not highest or group.tasks / group.limit > highest[0])
        ):
            highest = group.tasks / group.limit, name
        over = grown.get(name)
        hits = (over.limit_hits or 0) if over is not None else 0
        if hits or name in said or _full(group) and (group.limit_hits or 0) > 0:
            holder = _whose_limit(now, name)
            if holder is not None and (hits or _full(now[holder])):
                struck.setdefault(holder, []).append((name, hits))
    for holder, refused in struck.items():
        yield _confirmed(
            view, holder, now[holder], refused, [said[name] for name, _ in refused if name in said]
        )
    if struck:
        return
    if highest is None:
        yield Refuted(reason="no cgroup has a limit on its tasks")
        return
    share, name = highest
    yield Refuted(
        reason=f"no cgroup was refused a task; the nearest to its limit uses {share:.0%} of it",
        evidence=(
            view.evidence(
                cgroup_pids.SOURCE, "tasks", now[name].tasks or 0, scope=Scope("cgroup", name), change=False,
                says=f"of {now[name].limit}",
            ),
        ),
    )  # fmt: skip


def _full(group: CgroupPids) -> bool:
    return group.limit is not None and group.tasks is not None and group.tasks >= FULL.value * group.limit


def _whose_limit(now: Mapping[str, CgroupPids], name: str) -> str | None:
    """The group itself or the nearest above it that is full; else the nearest that has a limit at all."""
    limited: str | None = None
    here = name
    while True:
        group = now.get(here)
        if group is not None and group.limit is not None:
            if _full(group):
                return here
            limited = limited or here
        if here == "/" or not here:
            return limited
        here = here.rpartition("/")[0] or "/"


def _confirmed(
    view: View, name: str, group: CgroupPids, refused: list[tuple[str, int]], said: list[LogEvent]
) -> Confirmed:
    scope = Scope("cgroup", name)
    hits = sum(count for _, count in refused)
    seconds = view.window.seconds_of(cgroup_pids.SOURCE)
    total = group.limit_hits or 0
    proof: list[Evidence] = [
        view.evidence(
            cgroup_pids.SOURCE, "tasks", group.tasks or 0, scope=scope, change=False, says=f"of {group.limit} that it may have"
        ),
        view.evidence(
            cgroup_pids.SOURCE, "limit_hits", hits or total, scope=scope, change=bool(hits),
            says="forks refused" + ("" if hits else " since the group was made"),
        ),
    ]  # fmt: skip
    proof += [evidence(view, each, scope=scope) for each in said[-2:]]
    count = f"{hits} within {seconds:.0f} s" if hits else f"{total} since the group was made"
    return Confirmed(
        scope=scope,
        confidence=0.96 if hits else 0.85,
        impact=1.0 if hits and _full(group) else 0.8,
        mechanism=(
            f"The group has {group.tasks} of {group.limit} tasks and was refused more: {count}. Whoever in it forks or "
            "starts a thread gets EAGAIN; the rest of the machine does not notice."
        ),
        evidence=tuple(proof),
        chain=(
            f"{group.tasks} tasks in {name}, limit {group.limit}",
            "pids_can_fork() refuses",
            "fork() and pthread_create() in the group fail with EAGAIN",
        ),
        victims=tuple(Scope("cgroup", each) for each, _ in refused if each != name),
    )


HYPOTHESIS = Hypothesis(
    id="cgroup-pids-limit",
    title="A cgroup at its limit of tasks",
    group="tasks",
    claim="A cgroup has as many processes and threads as pids.max allows, and its forks fail.",
    signals=(
        Signal("cgroup_pids.limit_hits", "grows: forks are refused now"),
        Signal("cgroup_pids.tasks", "at the limit: the next fork will be refused"),
        Signal("kernel_events.latest", "the kernel names the group once, when it is refused first"),
    ),
    thresholds=(FULL,),
    rivals=(
        Rival("pid-limit", "there the whole machine has no id left"),
        Rival("cgroup-memory-limit", "there memory is refused, and a process is killed"),
    ),
    mechanism=(
        "pids_can_fork() in kernel/cgroup/pids.c charges the new task to the group and to all above it; where one would "
        "exceed its pids.max, copy_process() in kernel/fork.c gives EAGAIN. Threads and zombies count as well."
    ),
    actions=(
        Action(
            "now",
            "See whether the tasks are wanted (ps in the group); raise the limit, or end those that are not.",
            "A fork bomb takes whatever the limit allows, up to kernel.pid_max of the machine.",
            "systemctl set-property UNIT TasksMax=N; echo N > /sys/fs/cgroup/GROUP/pids.max",
        ),
        Action(
            "for good",
            "Limit the service's own pools of threads or workers below pids.max, and alert on pids.current.",
            "None.",
        ),
    ),
    kinds=(_EVENT,),
    see=("kernel/cgroup/pids.c", "Documentation/admin-guide/cgroup-v2.rst (PID)"),
    test=_test,
)
