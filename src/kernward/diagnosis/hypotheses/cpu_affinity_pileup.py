"""Busy threads are bound to few CPUs and wait for each other there, while other CPUs are idle."""

from collections.abc import Iterator

from kernward.collectors.sources import cpu, process_status, processes, threads
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
from kernward.diagnosis.processors import Runner, Shares
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

WAITING = Threshold(
    "threads of the process that wait for a CPU, on average",
    0.5,
    "",
    "a thread that is woken waits for microseconds; half a thread waiting all the time is a queue",
)
PILED = Threshold(
    "threads that run or wait, for each CPU that they may run on",
    1.5,
    "",
    "up to one the CPUs that it is bound to suffice",
)
SPARE = Threshold(
    "CPUs that are idle elsewhere",
    0.25,
    "CPUs",
    "with less to spare, its threads would wait without the binding as well; what this check uses counts as idle",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    if window.since_boot:
        yield Unknown(reason="who waits for a CPU takes two readings, and there is one")
        return
    missing = window.why_absent(processes.SOURCE) or window.why_absent(cpu.SOURCE)
    if missing:
        yield Unknown(reason=f"who waits for which CPU cannot be read: {missing}")
        return
    each_cpu = processors.each_cpu(view)
    if len(each_cpu) < 2:
        yield Refuted(reason="the machine has one CPU, so nothing can be bound away from another")
        return
    # Whoever reads the machine runs where there is room.
    spare = sum(each.idle + each.iowait for each in each_cpu.values()) + processors.own_share(view)
    idlest = max(each_cpu, key=lambda name: each_cpu[name].idle)
    idle = _idle(view, idlest, each_cpu[idlest])
    if spare < SPARE.value:
        yield Refuted(
            reason=f"no CPU has time to spare: together they were idle for {spare:.2f} CPUs' time",
            evidence=(idle,),
        )
        return
    back = processors.throttled(view)
    suspects = [
        each
        for each in processors.others(view)
        if each.waiting >= WAITING.value and not processors.held_back(each, back)
    ]
    # Where the main thread sleeps, the waits of the others are not known yet.
    unclear = [
        each
        for each in processors.others(view)
        if not each.whole and each.ran >= 0.5 and (each.process.threads or 1) > 1 and each not in suspects
    ]
    ask = [each.pid for each in (*suspects, *unclear)][:8]
    if ask and (view.can_read(process_status.SOURCE, *ask) or view.can_read(threads.SOURCE, *ask)):
        yield Open(
            suspicion=0.6 if suspects else 0.3,
            reason="threads wait for a CPU while others are idle; to which they are bound is not known yet",
            sources=((process_status.SOURCE.name, tuple(ask)), (threads.SOURCE.name, tuple(ask))),
            evidence=(idle,),
        )
        return
    struck = False
    unread = []
    for each in suspects:
        allowed = _allowed(view, each)
        if allowed is None:
            unread.append(each.name)
            continue
        here = allowed & processors.online(view)
        if not here or len(here) == len(processors.online(view)):
            continue
        if each.demand < PILED.value * len(here):
            continue
        if _elsewhere(each_cpu, here) + processors.own_share(view) < SPARE.value:
            continue
        struck = True
        yield _confirmed(view, each, here, each_cpu)
    if struck:
        return
    if unread:
        yield Unknown(
            reason=f"{unread[0]} waits for a CPU while others are idle; to which it is bound could not be read",
            evidence=(idle,),
        )
    elif suspects:
        yield Refuted(
            reason=f"{suspects[0].name} waits for a CPU most, and it may run on all that have time to spare",
            evidence=(_waits(view, suspects[0]), idle),
        )
    else:
        yield Refuted(
            reason="no process waits for a CPU for long while another CPU is idle", evidence=(idle,)
        )


def _allowed(view: View, runner: Runner) -> frozenset[int] | None:
    """The CPUs that its threads that wait may run on: bindings are of threads, not of processes."""
    known = processors.threads_of(view).get(runner.pid, {})
    waiting = sorted(known.values(), key=lambda each: -(each.waited_s or 0.0))
    if waiting and waiting[0].allowed_cpus and (waiting[0].waited_s or 0) > 0:
        return processors.cpu_list(waiting[0].allowed_cpus)
    return processors.allowed(view, runner.pid)


def _elsewhere(each_cpu: dict[str, Shares], here: frozenset[int]) -> float:
    return sum(
        each.idle + each.iowait
        for name, each in each_cpu.items()
        if name not in {f"cpu{one}" for one in here}
    )


def _idle(view: View, name: str, times: Shares) -> Evidence:
    return view.evidence(
        cpu.SOURCE,
        "idle_s",
        times.idle + times.iowait,
        unit="",
        scope=Scope("cpu", name),
        says="part of its time in which the idlest CPU was idle",
    )


def _waits(view: View, runner: Runner) -> Evidence:
    return view.evidence(
        processes.SOURCE,
        "waited_s",
        runner.waiting,
        unit="threads",
        scope=runner.scope,
        says=f"of its {runner.process.threads or 1} threads waited for a CPU on average; it ran on {runner.ran:.2f} CPUs",
    )


def _confirmed(view: View, runner: Runner, here: frozenset[int], each_cpu: dict[str, Shares]) -> Confirmed:
    names = ", ".join(f"cpu{number}" for number in sorted(here)[:8]) + (", …" if len(here) > 8 else "")
    idlest = max(each_cpu, key=lambda name: each_cpu[name].idle + each_cpu[name].iowait)
    busiest = min(
        (f"cpu{one}" for one in here if f"cpu{one}" in each_cpu), key=lambda name: each_cpu[name].idle
    )
    lost = runner.waiting / runner.demand
    return Confirmed(
        scope=runner.scope,
        confidence=0.95 if runner.whole else 0.88,
        impact=lost,
        mechanism=(
            f"{runner.demand:.1f} threads of {runner.name} want to run, and their affinity allows {len(here)} of "
            f"{len(each_cpu)} CPUs ({names}): can_migrate_task() in kernel/sched/fair.c may not move them to the "
            f"others. They waited for {lost:.0%} of the time in which they could have run."
        ),
        evidence=(
            _waits(view, runner),
            view.evidence(
                process_status.SOURCE,
                "allowed_cpus",
                ",".join(str(number) for number in sorted(here)[:32]),
                scope=runner.scope,
                says=f"CPUs that it may run on, of {len(each_cpu)}",
                change=False,
            ),
            view.evidence(
                cpu.SOURCE,
                "idle_s",
                each_cpu[busiest].idle + each_cpu[busiest].iowait,
                unit="",
                scope=Scope("cpu", busiest),
                says="part of its time in which it was idle, though bound threads wait for it only if it is busy",
            ),
            _idle(view, idlest, each_cpu[idlest]),
        ),
        chain=(
            f"the affinity of {runner.name} is {names}",
            "load balancing may not use the other CPUs",
            f"its threads wait for {lost:.0%} of the time they could run",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="cpu-affinity-pileup",
    title="Threads bound to too few CPUs",
    group="cpu",
    claim="An affinity (taskset, a cpuset, isolated CPUs) keeps busy threads on few CPUs while others are idle.",
    signals=(
        Signal("processes.waited_s", "its threads could run and waited"),
        Signal("threads.waited_s", "the same for each thread"),
        Signal("process_status.allowed_cpus", "the CPUs that it may run on, fewer than are online"),
        Signal("cpu.idle_s", "another CPU had time"),
    ),
    thresholds=(WAITING, PILED, SPARE),
    rivals=(
        Rival("cpu-run-queue-overload", "there all CPUs are busy"),
        Rival("single-thread-bottleneck", "there one thread has a CPU to itself and does not wait for it"),
        Rival("cpu-quota-throttling", "there the threads wait for their quota, on any CPU"),
    ),
    explains=("cpu-run-queue-overload",),
    mechanism=(
        "Each thread has a set of CPUs that it may run on (cpus_ptr), set by sched_setaffinity(), narrowed by its "
        "cpuset and by isolcpus=. select_task_rq_fair() chooses among them when it wakes, and can_migrate_task() in "
        "kernel/sched/fair.c refuses to move it to another one when load is balanced. A set with fewer CPUs than "
        "busy threads is a queue that no idle CPU can shorten."
    ),
    actions=(
        Action(
            "now",
            "Widen the affinity of the process and all its threads.",
            "If it was bound for its caches, its memory node or its interrupts, those are lost.",
            "taskset -a -p -c 0-N PID",
        ),
        Action(
            "for good",
            "Find who sets it: the unit (CPUAffinity=, AllowedCPUs=), a wrapper with taskset or numactl, a cpuset of "
            "the container, isolcpus= on the command line, a library that binds its threads. Bind each thread "
            "to a CPU of its own or none.",
            "None.",
        ),
    ),
    cost="in a second look, /proc/PID/status and task of at most 8 processes that wait",
    see=("sched_setaffinity(2)", "Documentation/admin-guide/cgroup-v2.rst (cpuset)", "kernel/sched/fair.c"),
    test=_test,
)
