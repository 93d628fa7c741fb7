"""More threads want to run than there are CPUs, and each of them waits longer than it runs."""

from collections.abc import Iterator, Sequence

from kernward.collectors.sources import loadavg, pressure, process_status, processes, schedstat, stat, threads
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
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

QUEUE = Threshold(
    "threads that run or wait, for each CPU",
    2.2,
    "",
    "with as many busy threads as CPUs this is 1, and a build keeps a second one ready in its pipes; beyond twice "
    "the CPUs every thread waits longer than it runs",
)
ALONE = Threshold(
    "threads of one process that run or wait, for each CPU",
    1.9,
    "",
    "a process that computes with twice as many threads as there are CPUs has them wait for each other: the number is "
    "its own, and no other process is needed for the queue",
)
IDLE = Threshold(
    "part of the machine's CPU time that was idle",
    0.1,
    "",
    "where CPUs are idle while threads wait, something keeps them apart (an affinity, a quota), and more CPUs "
    "would not help",
)
DOMINATES = Threshold(
    "part of the demand that makes one process the cause",
    0.5,
    "",
    "without it, most of the queue would be gone",
)
OF_ONE_KIND = Threshold(
    "part of the demand that makes processes of one name the cause",
    0.5,
    "",
    "the same, of workers that are processes rather than threads",
)
CROWD = Threshold(
    "tasks that run or wait, for each CPU, when nobody knows whose they are",
    5.0,
    "",
    "processes that live for less than a second are seen in the count of runnable tasks only; a build with as many "
    "jobs as CPUs has up to four, the programs of a pipe",
)
LONG = Threshold(
    "1-minute load for each CPU", 4.0, "", "with one reading only, the average of a minute must do"
)


def _test(view: View) -> Iterator[Verdict]:
    if view.window.since_boot:
        yield from _from_one_reading(view)
        return
    times = processors.machine(view)
    if times is None:
        yield Unknown(reason="the CPU times of /proc/stat cannot be read")
        return
    count = processors.cpus(view)
    idle = _idle_evidence(view, times.idle + times.iowait)
    if times.idle + times.iowait > IDLE.value:
        yield Refuted(
            reason=f"the CPUs were idle for {times.idle + times.iowait:.0%} of the time", evidence=(idle,)
        )
        return
    if view.window.why_absent(processes.SOURCE):
        yield Unknown(reason=f"processes cannot be read: {view.window.why_absent(processes.SOURCE)}")
        return
    back = processors.throttled(view)
    found = [each for each in processors.others(view) if not processors.held_back(each, back)]
    unclear = [
        each.pid
        for each in found
        if not each.whole and each.demand >= 0.2 and (each.process.threads or 1) > 1
    ]
    queue = processors.runnable(view)
    if (
        unclear
        and (queue is None or queue >= QUEUE.value * count)
        and view.can_read(threads.SOURCE, *unclear[:5])
    ):
        yield Open(
            suspicion=0.5,
            reason="the CPUs are busy and tasks wait; which threads they are of is not known yet",
            sources=(
                (threads.SOURCE.name, tuple(unclear[:5])),
                (process_status.SOURCE.name, tuple(unclear[:5])),
            ),
            evidence=(idle,),
        )
        return
    free = [each for each in found if not _confined(view, each)]
    # What runs at a low priority fills the CPUs and keeps hardly anybody waiting.
    demand = sum(each.demand * each.weight for each in free)
    light = sum(each.demand * (1 - each.weight) for each in free)
    crowd = queue - light if queue is not None else 0.0
    if demand < QUEUE.value * count and crowd >= CROWD.value * count and not back:
        yield _crowd(view, crowd, count, idle)
        return
    alone = max((each.demand * each.weight for each in free), default=0.0)
    if demand < QUEUE.value * count and alone < ALONE.value * count:
        yield Refuted(
            reason=(
                f"the CPUs are busy, and {demand:.1f} threads on average wanted to run on {count}: work that keeps "
                "the machine busy, and no queue that makes it wait longer than it runs"
            ),
            evidence=(idle, *_queue(view, queue, count)),
        )
        return
    free = sorted(free, key=lambda each: -each.demand * each.weight)
    yield _confirmed(view, free, sum(each.demand for each in free), count, idle, queue)


def _confined(view: View, runner: Runner) -> bool:
    """Whether it is bound to a part of the CPUs, and waits for that reason."""
    allowed, online = processors.allowed(view, runner.pid), processors.online(view)
    return allowed is not None and len(allowed & online) < len(online)


def _confirmed(
    view: View, found: Sequence[Runner], demand: float, count: int, idle: Evidence, queue: float | None
) -> Confirmed:
    top = found[0]
    same = [each for each in found if each.process.comm == top.process.comm]
    scope, who = HOST, "many processes"
    named: Sequence[Runner] = found[:3]
    if top.demand >= DOMINATES.value * demand:
        scope, who, named = top.scope, f"{top.name} with {top.process.threads or 1} threads", [top]
    elif sum(each.demand for each in same) >= OF_ONE_KIND.value * demand:
        who, named = f"{len(same)} processes named {top.process.comm}", same[:3]
        groups = {each.group for each in same}
        if len(groups) == 1 and (group := groups.pop()) not in (None, "/"):
            scope = Scope("cgroup", group or "")
    waited = sum(each.waiting for each in found)
    lost = waited / demand
    evidence = [
        idle,
        *_queue(view, queue, count),
        *(
            view.evidence(
                processes.SOURCE,
                "waited_s",
                each.waiting,
                unit="threads",
                scope=each.scope,
                says=f"of its threads waited for a CPU on average, while it ran on {each.ran:.2f} CPUs",
            )
            for each in named
        ),
        *_pressure(view),
    ]
    return Confirmed(
        scope=scope,
        confidence=0.93 if all(each.whole for each in named) else 0.85,
        impact=lost,
        mechanism=(
            f"{demand:.1f} threads on average wanted to run on {count} CPU{'s' if count > 1 else ''}, most of "
            f"them of {who}. enqueue_task_fair() in kernel/sched/fair.c put them on the run queues, and "
            f"pick_next_entity() gave each its share: of the time in which they could have run, they waited for {lost:.0%}."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{who} want more CPU time than there is",
            f"{demand / count:.1f} threads for each CPU",
            "every thread on the machine waits for its turn, those of other services too",
        ),
    )


def _crowd(view: View, queue: float, count: int, idle: Evidence) -> Confirmed:
    """Of many tasks that end before anybody can ask them, or that are not shown."""
    who = "No process that lasted accounts for them: they are many that live for a moment each"
    if view.hidden_tasks is not None:
        seen, tasks = view.hidden_tasks
        who = f"Whose they are cannot be told, since only {seen} of {tasks} tasks are shown"
    return Confirmed(
        scope=HOST,
        confidence=0.7,
        impact=1 - count / queue,
        mechanism=(
            f"{queue:.1f} tasks on average ran or waited for {count} CPU{'s' if count > 1 else ''}. {who}, and "
            "enqueue_task_fair() in kernel/sched/fair.c makes all of them and everything else wait for their turns."
        ),
        evidence=(idle, *_queue(view, queue, count), *_pressure(view)),
    )


def _idle_evidence(view: View, idle: float) -> Evidence:
    return processors.share_evidence(view, "idle_s", idle, "part of the machine's CPU time that was idle")


def _queue(view: View, queue: float | None, count: int) -> Iterator[Evidence]:
    waits = [each.waited_s for each in view.window.each_over(schedstat.SOURCE).values()]
    if waits and None not in waits:
        total = sum(each for each in waits if each is not None) / view.window.seconds_of(schedstat.SOURCE)
        yield view.evidence(
            schedstat.SOURCE,
            "waited_s",
            total,
            unit="tasks",
            says=f"waited for a CPU on average, on {count} CPUs, this check included",
        )
    elif queue is not None:
        yield view.evidence(
            stat.SOURCE,
            "running",
            queue,
            says=f"tasks ran or waited on average, on {count} CPUs",
            change=False,
        )


def _pressure(view: View) -> Iterator[Evidence]:
    over = view.window.over(pressure.SOURCE)
    if over is not None and over.cpu_some_s is not None:
        part = min(1.0, over.cpu_some_s / view.window.seconds_of(pressure.SOURCE))
        yield view.evidence(
            pressure.SOURCE,
            "cpu_some_s",
            part,
            unit="",
            says="part of the time in which some task waited for a CPU, this check included",
        )


def _from_one_reading(view: View) -> Iterator[Verdict]:
    """Of a copied tree: the load and the pressure of the last minute, and how many could run just then."""
    load, stalls, now = (
        view.window.of(loadavg.SOURCE),
        view.window.of(pressure.SOURCE),
        view.window.of(stat.SOURCE),
    )
    count = processors.cpus(view)
    if load is None or load.load_1m is None or now is None or now.running is None:
        yield Unknown(reason="there is one reading only, and it has no load average")
        return
    runnable = min(float(now.running), load.load_1m)
    evidence = view.evidence(loadavg.SOURCE, "load_1m", load.load_1m, says=f"on {count} CPUs", change=False)
    stalled = stalls.cpu_some_60s_percent if stalls else None
    if runnable < QUEUE.value * count:
        yield Refuted(
            reason=f"{now.running} tasks could run when it was read, and the load is {load.load_1m:.1f} on {count} CPUs",
            evidence=(evidence,),
        )
    elif runnable >= LONG.value * count and stalled is not None and stalled >= 90:
        yield Confirmed(
            scope=HOST,
            confidence=0.6,
            impact=1 - count / runnable,
            mechanism=(
                f"For a minute some task waited for a CPU during {stalled:.0f} % of the time, the load was "
                f"{load.load_1m:.1f} on {count} CPUs, and {now.running} tasks could run when it was read. A single reading does "
                "not say whose they are."
            ),
            evidence=(
                evidence,
                view.evidence(pressure.SOURCE, "cpu_some_60s_percent", stalled, change=False),
            ),
        )
    else:
        yield Unknown(
            reason=f"the load is {load.load_1m:.1f} on {count} CPUs; how long tasks waited takes two readings",
            evidence=(evidence,),
        )


HYPOTHESIS = Hypothesis(
    id="cpu-run-queue-overload",
    title="Run queues are full",
    group="cpu",
    claim="More threads want to run than the CPUs can serve, so that each waits longer than it runs.",
    signals=(
        Signal("stat.idle_s", "hardly any: all CPUs are in use"),
        Signal(
            "processes.waited_s", "threads that could run and did not get a CPU; also says whose they are"
        ),
        Signal("threads.waited_s", "the same for each thread of the busiest processes"),
        Signal("schedstat.waited_s", "the same for all tasks together"),
        Signal(
            "pressure.cpu_some_s",
            "some task waited nearly all the time; a build does that too, so it decides nothing",
        ),
    ),
    thresholds=(QUEUE, ALONE, IDLE, DOMINATES, OF_ONE_KIND, CROWD, LONG),
    rivals=(
        Rival("cpu-noisy-neighbour", "there one group takes what another one needs; named by the groups"),
        Rival("cpu-quota-throttling", "there threads wait for their quota, also beside idle CPUs"),
        Rival("cpu-affinity-pileup", "there other CPUs are idle while threads wait for one"),
        Rival("context-switch-load", "there threads hand each other the CPU and hardly compute"),
        Rival("cpu-steal", "there the hypervisor takes the time"),
    ),
    mechanism=(
        "A runnable thread stands on the run queue of one CPU (enqueue_task_fair()) and runs when "
        "pick_next_entity() in kernel/sched/fair.c chooses it; with n threads of the same weight each gets 1/n of "
        "that CPU. What it waits is counted by sched_info_arrive() as run_delay, the second number in "
        "/proc/PID/schedstat. Load balancing evens the queues out; it does not shorten them."
    ),
    actions=(
        Action(
            "now",
            "Lower the priority of what can wait, or stop it.",
            "It gets slower; a service mistaken for a batch job then suffers.",
            "renice -n 19 -p PID; systemctl set-property --runtime UNIT CPUWeight=20",
        ),
        Action(
            "now",
            "Let it use fewer threads, if it takes their number from somewhere else than this machine's CPUs.",
            "It may get slower.",
        ),
        Action(
            "for good",
            "Give batch work its own group with a lower cpu.weight or a quota, or machines of its own; plan "
            "capacity by the queue (run_delay), not by utilisation.",
            "A quota withholds time also when CPUs are idle.",
        ),
    ),
    cost="in a second look, /proc/PID/task of at most 5 processes",
    see=(
        "Documentation/scheduler/sched-stats.rst",
        "kernel/sched/fair.c",
        "Documentation/accounting/psi.rst",
    ),
    test=_test,
)
