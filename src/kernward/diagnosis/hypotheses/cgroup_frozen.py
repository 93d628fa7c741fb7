"""The processes of a cgroup do not run because somebody has frozen it."""

from collections.abc import Iterator

from kernward.collectors.sources import cgroup_freezer, cgroup_trees, process_cgroups, processes
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
from kernward.diagnosis.kinship import contains
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import counted, names
from kernward.records.check import Action, Scope

TASKS = Threshold(
    "processes in the group",
    1,
    "",
    "a group that is frozen and empty stops nobody; with one process in it somebody may wait for that",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    blind = window.why_absent(cgroup_freezer.SOURCE)
    if blind:
        yield Unknown(reason=f"whether cgroups are frozen could not be read: {blind}")
        return
    frozen = {name: each for name, each in window.each(cgroup_freezer.SOURCE).items() if each.frozen}
    everybody = window.each(processes.SOURCE)
    found = False
    for name, each in frozen.items():
        above = any(other != name and contains(other, name) for other in frozen)
        if each.itself is False or each.itself is None and above:
            continue
        inside = tuple(
            Scope("process", processes.label(pid, everybody[pid]))
            for pid, groups in window.each(process_cgroups.SOURCE).items()
            if pid in everybody
            and contains(name, (groups.of("freezer") if each.version == 1 else groups.cgroup) or "")
        )
        if len(inside) < TASKS.value:
            continue
        found = True
        scope = Scope("cgroup", name)
        yield Confirmed(
            scope=scope,
            confidence=0.95,
            # Who froze it may have meant it: a paused container, a backup, a migration.
            impact=0.6,
            mechanism=(
                f"The group is frozen: nothing in it runs until it is thawed ({names(inside)}). "
                "Connections stay open and unanswered, and locks that are held in it stay held."
            ),
            evidence=(
                view.evidence(
                    cgroup_freezer.SOURCE,
                    "frozen",
                    "frozen",
                    scope=scope,
                    change=False,
                    file=cgroup_trees.path(
                        view.window.each(cgroup_trees.SOURCE),
                        name,
                        "cgroup.events",
                        "freezer.state" if each.version == 1 else "",
                    ),
                ),
            ),
            chain=(
                "somebody froze the group",
                "its tasks stop where they are",
                "whoever asks them for something waits",
            ),
            victims=inside[:8],
        )
    if not found:
        yield Refuted(
            reason=f"{counted(len(frozen), 'cgroup')} that are frozen have no processes"
            if frozen
            else "no cgroup is frozen"
        )


HYPOTHESIS = Hypothesis(
    id="cgroup-frozen",
    title="A cgroup that is frozen",
    group="tasks",
    claim="The processes of a cgroup do not run because the cgroup was frozen and not thawed.",
    signals=(
        Signal("cgroup_freezer.frozen", "the group says so itself"),
        Signal("process_cgroups.cgroup", "which processes are in it"),
    ),
    thresholds=(TASKS,),
    rivals=(
        Rival(
            "d-state-pileup", "there tasks are stuck on something; frozen ones show as D too with version 1"
        ),
        Rival("cpu-quota-throttling", "there they run for a part of each period"),
        Rival("filesystem-frozen", "there the file system is frozen, and only those that write to it wait"),
    ),
    explains=("d-state-pileup", "listen-queue-overflow", "file-lock-contention"),
    mechanism=(
        "Version 2: cgroup_do_freeze() in kernel/cgroup/freezer.c sets JOBCTL_TRAP_FREEZE, and each task stops in "
        "do_freezer_trap() on its way to user space. Version 1: freeze_cgroup() in kernel/cgroup/legacy_freezer.c "
        "uses the freezer of suspend, and the tasks show as D. docker pause, systemctl freeze and checkpoints do it."
    ),
    actions=(
        Action(
            "now",
            "Find out who froze it, and thaw it unless it is meant.",
            "A backup or a migration that is under way takes an inconsistent copy.",
            "docker unpause NAME; systemctl thaw UNIT; echo 0 > /sys/fs/cgroup/GROUP/cgroup.freeze",
        ),
        Action(
            "for good",
            "Have whoever freezes thaw by a time limit, also when it dies in between.",
            "None.",
        ),
    ),
    see=("kernel/cgroup/freezer.c", "Documentation/admin-guide/cgroup-v2.rst (cgroup.freeze)"),
    test=_test,
)
