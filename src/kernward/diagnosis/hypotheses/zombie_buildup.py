"""Dead children of a process are not collected."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_limits, processes
from kernward.collectors.sources.processes import Process
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

MANY = Threshold(
    "zombies of one parent that stay",
    12,
    "",
    "a parent that waits collects a child within milliseconds; a few may have been forgotten at its start and do no "
    "harm, a dozen that stay are a parent that does not wait",
)
STAY = Threshold(
    "time that they stay", 2.0, "s", "a parent that is busy, or was stopped for a moment, collects them later"
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    now = window.each(processes.SOURCE)
    if not now:
        yield Unknown(reason=f"processes could not be read: {window.why_absent(processes.SOURCE)}")
        return
    dead = {pid: each for pid, each in now.items() if each.state == "Z"}
    stayed = _stayed(view, dead)
    parents: dict[int, list[str]] = {}
    for pid in stayed:
        parents.setdefault(dead[pid].parent, []).append(pid)
    found = False
    for parent, children in sorted(parents.items(), key=lambda each: -len(each[1])):
        if len(children) < MANY.value:
            continue
        found = True
        yield _confirmed(view, parent, now.get(str(parent)), len(children), dead[children[0]].comm)
    if not found:
        most = max((len(each) for each in parents.values()), default=0)
        yield Refuted(
            reason=f"no process has more than {most} dead children that stay"
            if most
            else "no dead child of any process stays",
            evidence=(
                view.evidence(
                    processes.SOURCE, "state", len(dead), change=False, says="zombies on the whole machine"
                ),
            ),
        )


def _stayed(view: View, dead: dict[str, Process]) -> list[str]:
    """Those that were dead already in the first sample, or all where there is one only."""
    window = view.window
    if window.since_boot or window.seconds < STAY.value:
        return list(dead)
    early = next((each for each in window.samples if processes.SOURCE.name in each.read), window.first)
    before = early.each(processes.SOURCE)
    return [
        pid
        for pid, each in dead.items()
        if pid in before and before[pid].state == "Z" and before[pid].start_s == each.start_s
    ]


def _confirmed(view: View, pid: int, parent: Process | None, count: int, comm: str) -> Confirmed:
    scope = Scope("process", f"{parent.comm if parent else ''}[{pid}]")
    limits = view.window.of(kernel_limits.SOURCE)
    pid_max = limits.pid_max if limits is not None else None
    share = count / pid_max if pid_max else 0.0
    proof: list[Evidence] = [
        view.evidence(
            processes.SOURCE,
            "state",
            count,
            unit="",
            scope=scope,
            change=False,
            says=f"children of it that are dead and not collected, such as {comm}",
        )
    ]
    if pid_max:
        proof.append(
            view.evidence(
                kernel_limits.SOURCE,
                "pid_max",
                pid_max,
                change=False,
                says=f"{share:.1%} of all ids are taken by them",
            )
        )
    return Confirmed(
        scope=scope,
        confidence=0.75 if view.window.since_boot else 0.95,
        impact=min(1.0, 0.4 + share),
        mechanism=(
            f"{count} children of {scope.name} have ended and are not collected: it neither waits for them nor ignores "
            "SIGCHLD, so exit_notify() in kernel/exit.c leaves them as zombies. They have no memory, but each keeps a "
            "process id and counts against pids.max and RLIMIT_NPROC until their parent waits or ends."
        ),
        evidence=tuple(proof),
        chain=(
            "children end",
            "their parent does not wait()",
            "ids run out: forks fail with EAGAIN in the end",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="zombie-buildup",
    title="Dead processes that nobody collects",
    group="tasks",
    claim="A process starts children and never waits for them, so that they pile up as zombies.",
    signals=(
        Signal("processes.state", "Z, of many children of one parent, from the first sample to the last"),
        Signal("kernel_limits.pid_max", "how many ids there are to take"),
    ),
    thresholds=(MANY, STAY),
    rivals=(
        Rival("fork-storm", "there children are alive, or come and go"),
        Rival("thread-leak", "there one process has ever more threads"),
        Rival("pid-limit", "there hardly any id is left, whoever has them"),
    ),
    explains=("pid-limit", "cgroup-pids-limit"),
    mechanism=(
        "A process that ends stays as EXIT_ZOMBIE until its parent calls wait(): release_task() in kernel/exit.c frees "
        "its id only then, or at once when the parent ignores SIGCHLD (do_notify_parent()). When the parent ends, the "
        "first process of the pid namespace inherits them, which in a container often does not wait either."
    ),
    actions=(
        Action(
            "now",
            "Restart the parent: its zombies go to the first process, which collects them.",
            "The service is gone while it restarts. Killing the zombies themselves does nothing: they are dead.",
            "systemctl restart UNIT",
        ),
        Action(
            "for good",
            "Have the program wait for its children; in a container run it below an init that does.",
            "None.",
            "docker run --init …; in Kubernetes shareProcessNamespace: true",
        ),
    ),
    see=("kernel/exit.c", "wait(2)"),
    test=_test,
)
