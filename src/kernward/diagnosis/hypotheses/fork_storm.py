"""Processes are started faster than the machine can do anything else."""

from collections import Counter
from collections.abc import Iterator

from kernward.collectors.sources import kernel_limits, processes, stat
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

RATE = Threshold(
    "processes and threads started per second and CPU",
    400,
    "1/s",
    "a fork, an exec and an exit take some 0.5 ms of a CPU together; a compiler's build starts some hundred a second",
)
KERNEL = Threshold(
    "part of the processors' time in the kernel",
    0.35,
    "",
    "making and ending processes is the kernel's work; where programs do something themselves, user time prevails",
)
GROWTH = Threshold(
    "growth of the number of tasks over the window",
    0.5,
    "",
    "processes that all fork double their number until something stops them",
)
TASKS = Threshold("tasks more than at first", 300, "", "a service that starts has some tens of threads")


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    machine = window.over(stat.SOURCE)
    if machine is None or machine.forks is None:
        missing = window.why_absent(stat.SOURCE) or "/proc/stat tells no number of forks"
        yield Unknown(reason=f"forks could not be counted: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="a rate of forks takes two readings, and there is one")
        return
    cpus = machine.cpus or 1
    seconds = window.seconds_of(stat.SOURCE)
    rate = machine.forks / seconds
    spent = [machine.user_s, machine.nice_s, machine.system_s, machine.irq_s, machine.softirq_s]
    system = (machine.system_s or 0.0) / (seconds * cpus)
    busy = sum(each or 0.0 for each in spent) / (seconds * cpus)
    first, last = _tasks(view)
    grown = last - first
    proof = (
        view.evidence(stat.SOURCE, "forks", rate, unit="1/s", says=f"{rate / cpus:.0f} a second and CPU"),
        view.evidence(
            stat.SOURCE, "system_s", system, unit="", says=f"the kernel's part of the time; busy {busy:.0%}"
        ),
        view.evidence(kernel_limits.SOURCE, "tasks", last, change=False, says=f"{first} at first"),
    )
    storm = rate / cpus >= RATE.value and system >= KERNEL.value
    bomb = grown >= TASKS.value and grown >= GROWTH.value * first
    if not storm and not bomb:
        yield Refuted(
            reason=f"{rate:.0f} processes and threads are started a second, the kernel takes {system:.0%} of the "
            f"processors' time, and the number of tasks went from {first} to {last}",
            evidence=proof,
        )
        return
    scope, why = _who(view)
    yield Confirmed(
        scope=scope,
        confidence=0.85 if scope.kind == "process" else 0.7,
        impact=min(1.0, max(system, 0.8 if bomb else 0.0)),
        mechanism=(
            f"{rate:.0f} processes and threads are started a second"
            + (f", and there are {grown} tasks more than {seconds:.0f} s ago" if bomb else "")
            + f". The kernel spends {system:.0%} of the processors' time, mostly to copy, map and take down address "
            f"spaces{why}."
        ),
        evidence=proof,
        chain=(
            f"{scope.name or 'somebody'} starts processes without a pause",
            "copy_process(), execve() and exit take the processors' time",
            "all others get less of it",
        ),
    )


def _tasks(view: View) -> tuple[int, int]:
    counts = [
        each.tasks
        for each in (sample.of(kernel_limits.SOURCE) for sample in view.window.samples)
        if each is not None and each.tasks is not None
    ]
    return (counts[0], counts[-1]) if counts else (0, 0)


def _who(view: View) -> tuple[Scope, str]:
    """Whose children it is: who collected the most of their time, or of whom there are the most new ones."""
    window = view.window
    now, over = window.each(processes.SOURCE), window.each_over(processes.SOURCE)
    seconds = window.seconds_of(processes.SOURCE)
    collected = {pid: each.children_s or 0.0 for pid, each in over.items() if pid != "1"}
    if collected:
        pid = max(collected, key=lambda each: collected[each])
        if collected[pid] >= 0.2 * seconds:
            return (
                Scope("process", processes.label(pid, now[pid])),
                f"; children of {processes.label(pid, now[pid])} used {collected[pid] / seconds:.1f} CPUs",
            )
    early = next((each for each in window.samples if processes.SOURCE.name in each.read), window.first)
    before = early.each(processes.SOURCE)
    new = Counter(each.parent for pid, each in now.items() if pid not in before and each.parent > 1)
    comms = Counter(each.comm for pid, each in now.items() if pid not in before)
    if comms:
        comm, count = comms.most_common(1)[0]
        oldest = min(((each.start_s, pid) for pid, each in now.items() if each.comm == comm), default=None)
        if oldest is not None and count >= 0.5 * comms.total():
            return Scope("process", f"{comm}[{oldest[1]}]"), f"; {count} of the new ones are named {comm}"
    if new:
        parent, count = new.most_common(1)[0]
        if str(parent) in now and count >= 0.5 * new.total():
            return Scope("process", processes.label(str(parent), now[str(parent)])), f"; {count} new children"
    return Scope(), ""


HYPOTHESIS = Hypothesis(
    id="fork-storm",
    title="Processes started without a pause",
    group="tasks",
    claim="Something starts processes so fast that the machine does little else, or their number explodes.",
    signals=(
        Signal("stat.forks", "the rate of new processes and threads"),
        Signal("stat.system_s", "high: making and ending them is the kernel's work"),
        Signal("kernel_limits.tasks", "explodes when all of them fork"),
        Signal("processes.children_s", "who collects the time of children that ended"),
    ),
    thresholds=(RATE, KERNEL, GROWTH, TASKS),
    rivals=(
        Rival("cgroup-pids-limit", "there a limit stops the bomb, and only its group suffers"),
        Rival("thread-leak", "there one process has ever more threads"),
        Rival("kernel-time", "there the kernel's time goes elsewhere, and few processes are started"),
    ),
    explains=("cpu-run-queue-overload", "kernel-time", "pid-limit", "context-switch-load"),
    mechanism=(
        "Each fork copies page tables (copy_process(), copy_page_range()), each exec and exit takes them down "
        "(exit_mmap()), with TLB flushes on all CPUs that ran it; a small program costs some 0.5 ms of CPU for nothing "
        "but its being started."
    ),
    actions=(
        Action(
            "now",
            "Stop who starts them; a bomb is stopped first (SIGSTOP) and killed then, since killing one at a time lets "
            "the others fork.",
            "What it did is stopped as well.",
            "kill -STOP PID; systemctl kill --signal=KILL UNIT",
        ),
        Action(
            "for good",
            "Give the service pids.max; in scripts use the shell's own means instead of a program for each line.",
            "None.",
        ),
    ),
    see=("kernel/fork.c", "mm/memory.c"),
    test=_test,
)
