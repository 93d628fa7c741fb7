"""The machine has no process id, or no thread, left."""

from collections import Counter
from collections.abc import Iterator, Mapping

from kernward.collectors.sources import kernel_limits, processes
from kernward.collectors.sources.kernel_limits import KernelLimits
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
from kernward.records.check import Action, Scope

# Once ids have wrapped around, those below are not given again: RESERVED_PIDS in kernel/pid.c.
_RESERVED = 300
FREE = Threshold(
    "ids that are left",
    128,
    "",
    "starting a service, a cron job or a shell pipeline takes tens of ids at once; with so few left one of them fails",
)
PART = Threshold(
    "part of the ids that is left",
    0.02,
    "",
    "on a machine with millions of ids a leak reaches the last 2% well before it reaches the last hundred",
)
TAKEN = Threshold(
    "part of all tasks that one process and its children are",
    0.5,
    "",
    "half of a machine's tasks being those of one service is what a leak looks like",
)


def _test(view: View) -> Iterator[Verdict]:
    limits = view.window.of(kernel_limits.SOURCE)
    if limits is None or limits.tasks is None or limits.pid_max is None:
        missing = view.window.why_absent(kernel_limits.SOURCE) or "/proc/loadavg or kernel.pid_max is missing"
        yield Unknown(reason=f"the number of tasks or its limit could not be read: {missing}")
        return
    everybody = view.window.each(processes.SOURCE)
    room, free = _ids(limits, everybody)
    what, limit = "process ids (kernel.pid_max)", limits.pid_max
    if limits.threads_max is not None and limits.threads_max - limits.tasks < free:
        room, free = limits.threads_max, limits.threads_max - limits.tasks
        what, limit = "threads (kernel.threads-max)", limits.threads_max
    proof = [
        view.evidence(
            kernel_limits.SOURCE,
            "tasks",
            limits.tasks,
            change=False,
            says="processes and threads there are",
        ),
        view.evidence(kernel_limits.SOURCE, "pid_max", limits.pid_max, change=False),
    ]
    if limits.threads_max is not None:
        proof.append(
            view.evidence(
                kernel_limits.SOURCE,
                "threads_max",
                limits.threads_max,
                change=False,
            )
        )
    scope, theirs = _who(everybody)
    # Where there are few ids anyway, few being left means little unless somebody has taken most of them.
    most = FREE.value if theirs >= TAKEN.value * limits.tasks else min(FREE.value, room / 2)
    near = free <= max(PART.value * room, most)
    if not near:
        yield Refuted(reason=f"{min(max(free, 0), room)} of {room} {what} are left", evidence=tuple(proof))
        return
    yield Confirmed(
        scope=scope,
        confidence=0.93 if scope.kind == "process" else 0.85,
        impact=1.0 if free <= FREE.value / 4 else 0.8,
        mechanism=(
            f"{limits.tasks} tasks exist, and about {max(free, 0)} more {what} are left of {limit}: who forks or starts "
            'threads faster than that gets EAGAIN ("Resource temporarily unavailable"), and the kernel prints nothing.'
            + (f" {scope.name} has {theirs} of them." if theirs else "")
        ),
        evidence=tuple(proof),
        chain=(
            f"{scope.name or 'somebody'} keeps tasks",
            "alloc_pid() finds no free number",
            "fork() and pthread_create() fail for everybody",
        ),
    )


def _ids(limits: KernelLimits, everybody: Mapping[str, Process]) -> tuple[int, int]:
    """How many ids there are to give, and about how many of them are free."""
    assert limits.pid_max is not None
    assert limits.tasks is not None
    low = sum(int(pid) < _RESERVED for pid in everybody)
    room = limits.pid_max - _RESERVED
    return room, room - (limits.tasks - low)


def _who(everybody: Mapping[str, Process]) -> tuple[Scope, int]:
    """Who has most of them: a process with its threads, or one with its children and theirs."""
    tasks: Counter[str] = Counter()
    for pid, process in everybody.items():
        if process.kernel_thread:
            continue
        tasks[pid] += process.threads or 1
        # Process 1 inherits what others leave behind, and is seldom the one that made it.
        if process.parent > 1 and str(process.parent) in everybody:
            tasks[str(process.parent)] += process.threads or 1
    if not tasks:
        return Scope(), 0
    pid, count = tasks.most_common(1)[0]
    all_ = sum(each.threads or 1 for each in everybody.values() if not each.kernel_thread)
    if count < 0.25 * all_:
        return Scope(), 0
    return Scope("process", processes.label(pid, everybody[pid])), count


HYPOTHESIS = Hypothesis(
    id="pid-limit",
    title="No process id left on the machine",
    group="tasks",
    claim="The machine has about as many processes and threads as kernel.pid_max or kernel.threads-max allows.",
    signals=(
        Signal("kernel_limits.tasks", "how many tasks there are"),
        Signal("kernel_limits.pid_max", "ids are below this"),
        Signal("kernel_limits.threads_max", "the other limit on tasks"),
        Signal("processes.threads", "who has them"),
    ),
    thresholds=(FREE, PART, TAKEN),
    rivals=(
        Rival("cgroup-pids-limit", "there one cgroup's forks fail while the machine has ids left"),
        Rival(
            "zombie-buildup",
            "there the ids are held by the dead, and the parent that does not wait is the cause",
        ),
        Rival("host-memory-exhausted", "there fork fails with ENOMEM"),
    ),
    mechanism=(
        "alloc_pid() in kernel/pid.c takes the next free number below pid_max, after the first round only from 300 on; "
        "copy_process() in kernel/fork.c also refuses beyond threads-max. Both give EAGAIN, without a message. Each "
        "thread takes an id, and a zombie keeps its."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit, then stop or restart the process that has them.",
            "With a higher limit a leak goes on; each task takes some 10 KB of kernel memory at least.",
            "sysctl kernel.pid_max=4194304",
        ),
        Action(
            "for good",
            "Give each service a limit of its own (TasksMax=, pids.max), so that one leak does not stop the machine.",
            "A limit that is too low makes the service's own forks fail.",
            "systemctl set-property UNIT TasksMax=4096",
        ),
    ),
    see=("kernel/pid.c", "kernel/fork.c", "Documentation/admin-guide/sysctl/kernel.rst"),
    test=_test,
)
