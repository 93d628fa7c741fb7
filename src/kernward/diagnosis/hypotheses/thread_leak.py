"""A process starts threads and never ends them."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_limits, processes
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

MORE = Threshold(
    "threads more at the end of the window",
    20,
    "",
    "pools grow by a few threads when load rises, and stop at their size",
)
STEPS = Threshold(
    "part of the steps in which the number grew",
    0.7,
    "",
    "a leak goes on; a pool grows once",
)
OLD = Threshold("age of the process", 60.0, "s", "a service starts its threads when it starts")
LONG = Threshold(
    "length of the window", 60.0, "s", "what grows for a minute without a pause seldom stops by itself"
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    having = [each for each in window.samples if processes.SOURCE.name in each.read]
    if not having:
        yield Unknown(reason=f"processes could not be read: {window.why_absent(processes.SOURCE)}")
        return
    found = False
    undecided: Scope | None = None
    most = (0, Scope())
    for pid, process in having[-1].each(processes.SOURCE).items():
        if process.kernel_thread or (process.threads or 1) < MORE.value:
            continue
        counts = []
        for sample in having:
            then = sample.each(processes.SOURCE).get(pid)
            if then is not None and then.start_s == process.start_s and then.threads is not None:
                counts.append((sample.at_utc, then.threads))
        if len(counts) < 2:
            continue
        scope = Scope("process", processes.label(pid, process))
        more = counts[-1][1] - counts[0][1]
        most = max(most, (more, scope), key=lambda each: each[0])
        steps = [after - before for (_, before), (_, after) in zip(counts, counts[1:], strict=False)]
        age_s = having[0].at_s - process.start_s
        if more < MORE.value or sum(step > 0 for step in steps) < STEPS.value * len(steps) or min(steps) < 0:
            continue
        if age_s < OLD.value:
            continue
        if len(steps) < 2:
            undecided = scope
            continue
        found = True
        seconds = window.seconds_of(processes.SOURCE)
        limits = window.of(kernel_limits.SOURCE)
        ceiling = limits.threads_max if limits is not None else None
        part = (process.threads or 0) / ceiling if ceiling else 0.0
        yield Confirmed(
            scope=scope,
            confidence=0.85 if window.seconds >= LONG.value else 0.7,
            impact=min(1.0, 0.3 + part + more / (process.threads or 1) / 2),
            mechanism=(
                f"{scope.name} has {process.threads} threads, {more} more than {seconds:.0f} s ago, and ended none "
                "meanwhile. Each keeps a process id, a stack and kernel memory, until pids.max, threads-max or memory "
                "ends it."
            ),
            evidence=(
                view.evidence(
                    processes.SOURCE,
                    "threads",
                    process.threads or 0,
                    scope=scope,
                    change=False,
                    says=f"{more} more than at first",
                ),
            ),
            chain=("threads are started and do not end", "ids, stacks and kernel memory are used up"),
            plots=(
                view.plot(
                    processes.SOURCE,
                    "threads",
                    [(at, float(count)) for at, count in counts],
                    scope=scope,
                    unit="",
                ),
            ),
        )
    if found:
        return
    if undecided is not None or len(having) < 2:
        yield Unknown(
            reason="whether threads become more takes several readings"
            + (f"; {undecided.name} has more than before" if undecided else "")
        )
    else:
        yield Refuted(
            reason="no process that has run for a minute keeps starting threads"
            + (f"; {most[1].name} has {most[0]} more than at first" if most[0] > 0 else ""),
        )


HYPOTHESIS = Hypothesis(
    id="thread-leak",
    title="A process with ever more threads",
    group="tasks",
    claim="A process starts threads and does not end them.",
    signals=(
        Signal("processes.threads", "grows from reading to reading and never falls"),
        Signal("kernel_limits.threads_max", "where it ends"),
    ),
    thresholds=(MORE, STEPS, OLD, LONG),
    rivals=(
        Rival("fork-storm", "there processes, not threads, become more or come and go"),
        Rival("zombie-buildup", "there the dead are not collected"),
        Rival("process-memory-leak", "there memory grows while the number of threads does not"),
    ),
    explains=("pid-limit", "cgroup-pids-limit", "process-memory-leak"),
    mechanism=(
        "copy_process() in kernel/fork.c makes a task_struct (some 10 KB) and a kernel stack (16 KB) for each thread, "
        "charges pids.max and takes an id; glibc maps a stack of 8 MB of address space. Only its end gives them back."
    ),
    actions=(
        Action(
            "now",
            "See what the threads do, then restart the service before it meets its limit.",
            "What it works on is lost.",
            "ps -L -o comm,wchan -p PID | sort | uniq -c | sort -n",
        ),
        Action(
            "for good",
            "Use a pool of a fixed size; give calls to other services a time limit, since threads that wait for an "
            "answer that does not come are the usual leak.",
            "A pool that is too small makes requests queue.",
        ),
    ),
    see=("kernel/fork.c",),
    test=_test,
)
