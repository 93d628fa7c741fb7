"""One thread of a service computes without a pause while its other threads wait for what it hands out."""

from collections.abc import Iterator, Mapping

from kernward.collectors.sources import processes, task_waits, threads
from kernward.collectors.sources.threads import Thread
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

FULL = Threshold(
    "part of the time in which the thread ran or waited for a CPU",
    0.85,
    "",
    "a thread cannot use more than one CPU; what wants one nearly all the time is at that limit",
)
REST = Threshold(
    "part of the process's CPU time that its other threads use",
    0.25,
    "",
    "where the others compute as well, the work is spread, and the one thread is just another",
)
IDLE_WAIT = Threshold(
    "wait for a CPU for each second of running, beyond which a thread computes nothing",
    100.0,
    "s",
    "a delay counts as a whole when it ends, with what of it lay before; a hundred threads on one CPU wait 99 s for "
    "each second. Who waits longer had hardly anything to do when its turn came",
)
SPARE = Threshold(
    "CPUs that are idle",
    0.25,
    "CPUs",
    "on a machine without idle CPUs more threads would not help either; what this check uses counts as idle",
)
HANDED = Threshold(
    "part of the other threads that wait to be handed something",
    0.5,
    "",
    "threads in a timer's sleep or in a poll for clients do not wait for the one that computes",
)
# Where a thread sleeps that waits for another thread of its program: pipes, futexes, event counters, sockets
# between threads, System V and POSIX queues (the functions that wchan shows).
HANDING = (
    "pipe_read",
    "pipe_wait",
    "anon_pipe_read",
    "futex_wait",
    "futex_do_wait",
    "eventfd_read",
    "unix_stream",
    "unix_dgram",
    "unix_wait",
    "__skb_wait_for_more_packets",
    "do_msgrcv",
    "wq_sleep",
    "do_semtimedop",
    "__do_semtimedop",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    if window.since_boot:
        yield Unknown(reason="whether a thread never pauses takes two readings, and there is one")
        return
    missing = window.why_absent(processes.SOURCE)
    if missing:
        yield Unknown(reason=f"processes cannot be read: {missing}")
        return
    count = processors.cpus(view)
    times = processors.machine(view)
    if count < 2 or times is None:
        yield Refuted(reason="the machine has one CPU: one thread can use all of it")
        return
    spare = (times.idle + times.iowait) * count + processors.own_share(view)
    idle = processors.share_evidence(
        view, "idle_s", times.idle + times.iowait, "part of the machine's CPU time that was idle"
    )
    if spare < SPARE.value:
        yield Refuted(reason="no CPU is idle, so more threads would not help", evidence=(idle,))
        return
    # One thread at its limit, and little besides.
    suspects = [
        each
        for each in processors.others(view)
        if not each.process.kernel_thread
        and (each.process.threads or 1) > 1
        and 0.3 <= each.ran
        and each.demand >= FULL.value
        and each.ran <= 1 / (1 - REST.value)
    ][:5]
    back = processors.throttled(view)
    suspects = [each for each in suspects if not processors.held_back(each, back)]
    if not suspects:
        yield Refuted(
            reason="no process with several threads uses one CPU and little more",
            evidence=(idle,),
        )
        return
    ask = [each.pid for each in suspects]
    if view.can_read(threads.SOURCE, *ask):
        yield Open(
            suspicion=0.6,
            reason=f"{suspects[0].name} has {suspects[0].process.threads} threads and uses one CPU",
            sources=((threads.SOURCE.name, tuple(ask)),),
            evidence=(idle,),
        )
        return
    known = processors.threads_of(view)
    struck = False
    said: list[str] = []
    for each in suspects:
        found = _bottleneck(view, each, known.get(each.pid, {}))
        if isinstance(found, Confirmed):
            struck = True
            yield found
        else:
            said.append(found)
    if not struck and not any(each.pid in known for each in suspects):
        yield Unknown(reason=f"the threads of {suspects[0].name}, which uses one CPU, cannot be read")
    elif not struck:
        yield Refuted(reason=said[0], evidence=(idle,))


def _bottleneck(view: View, runner: Runner, found: Mapping[str, Thread]) -> Confirmed | str:
    """The finding, or why it is none."""
    seconds = view.window.seconds_of(threads.SOURCE)
    wants = {tid: _wants(each) / seconds for tid, each in found.items()}
    if len(wants) < 2:
        return f"{runner.name} has one thread that was seen: nothing waits for it within the process"
    busiest = max(wants, key=lambda tid: wants[tid])
    rest = sum(wants.values()) - wants[busiest]
    if wants[busiest] < FULL.value:
        return (
            f"no thread of {runner.name} wants a CPU all the time; the busiest does for {wants[busiest]:.0%}"
        )
    if rest > REST.value * (rest + wants[busiest]):
        return f"the other threads of {runner.name} compute too, on {rest:.2f} CPUs"
    others = [each for tid, each in found.items() if tid != busiest]
    where = [each.wait for each in others if each.wait]
    handed = [name for name in where if name.startswith(HANDING)]
    told = len(where) >= len(others) / 2
    if told and len(handed) < HANDED.value * len(others):
        return (
            f"one thread of {runner.name} computes all the time, and its others do not wait for it: they sleep in "
            f"{', '.join(sorted(set(where))[:3])}"
        )
    if _for_a_lock(view, runner, len(others)):
        return (
            f"one thread of {runner.name} computes all the time, and its others want a lock that it has: see "
            "user-lock-contention"
        )
    woken = sum(each.voluntary_switches or 0 for each in others)
    if not woken:
        return f"one thread of {runner.name} computes all the time, and no other was woken: none waits for its work"
    thread = found[busiest]
    scope = runner.scope
    where_said = f"sleep in {max(set(handed), key=handed.count)}()" if handed else "sleep"
    return Confirmed(
        scope=scope,
        confidence=0.85 if handed else 0.6,
        impact=min(1.0, wants[busiest]),
        mechanism=(
            f"Thread {busiest} ({thread.comm}) of {runner.name} ran or waited for a CPU for {wants[busiest]:.0%} of the "
            f"time, the other {len(others)} used {rest:.2f} CPUs and {where_said} until it hands them work. A "
            "thread runs on one CPU at a time, so sched_balance_rq() in kernel/sched/fair.c has nothing to move, "
            "and idle CPUs do not help."
        ),
        evidence=(
            view.evidence(
                threads.SOURCE,
                "ran_s",
                wants[busiest],
                unit="CPUs",
                scope=scope,
                says=f"thread {busiest} ({thread.comm}), its waits for a CPU included",
            ),
            view.evidence(
                threads.SOURCE,
                "ran_s",
                rest,
                unit="CPUs",
                scope=scope,
                says=f"its other {len(others)} threads together",
            ),
            view.evidence(
                threads.SOURCE,
                "voluntary_switches",
                woken,
                scope=scope,
                says=f"times one of the others went back to sleep; {len(handed)} of {len(others)} {where_said} now",
            ),
        ),
        chain=(
            f"one thread of {runner.name} does what all others wait for",
            "it is at the speed of one CPU",
            "throughput does not grow with CPUs or threads",
        ),
        victims=(Scope("process", runner.name),),
    )


def _for_a_lock(view: View, runner: Runner, others: int) -> bool:
    """Whether most of its other threads slept in most readings as for a taken lock, which hands out no work."""
    readings = [
        each.each(task_waits.SOURCE).get(runner.pid)
        for each in view.window.samples
        if task_waits.SOURCE.name in each.read
    ]
    such = [
        each
        for each in readings
        if each is not None and each.futex_lock and (each.futex_same or 0) >= HANDED.value * others
    ]
    return 2 * len(such) > len(readings)


def _wants(thread: Thread) -> float:
    if thread.ran_s is not None:
        waited_s = thread.waited_s or 0.0
        return thread.ran_s + (waited_s if waited_s <= IDLE_WAIT.value * thread.ran_s else 0.0)
    return (thread.user_s or 0.0) + (thread.system_s or 0.0)


HYPOTHESIS = Hypothesis(
    id="single-thread-bottleneck",
    title="One thread is the bottleneck",
    group="cpu",
    claim="One thread of a service is as busy as a thread can be, and its other threads wait for it.",
    signals=(
        Signal("threads.ran_s", "one thread runs all the time, the others hardly"),
        Signal("threads.wait", "the others sleep where threads wait for each other"),
        Signal("threads.voluntary_switches", "the others are woken now and then, so work reaches them"),
        Signal("task_waits.futex_lock", "where they sleep as for a taken lock, it is that lock they want"),
        Signal("stat.idle_s", "other CPUs had time"),
    ),
    thresholds=(FULL, REST, IDLE_WAIT, SPARE, HANDED),
    rivals=(
        Rival("cpu-affinity-pileup", "there several threads want to run, and wait for one CPU"),
        Rival(
            "user-lock-contention",
            "there the others sleep for a lock, whether they take turns or one has it nearly always",
        ),
        Rival("cpu-quota-throttling", "there the quota stops it, not the speed of a CPU"),
    ),
    mechanism=(
        "A thread is on one run queue at a time, so its speed is bounded by one CPU whatever else is idle "
        "(sched_balance_rq() in kernel/sched/fair.c, load_balance() before 6.10, moves whole threads). Threads that "
        "it feeds sleep in pipe_read(), futex_wait() or the like; the host looks half used."
    ),
    actions=(
        Action(
            "now",
            "See where the thread spends its time, and whether its CPU runs at its full clock.",
            "perf record costs a few percent of one CPU while it runs.",
            "perf record -g -t TID -- sleep 10",
        ),
        Action(
            "now",
            "Keep others off its CPU: it is the one thread for which a wait counts.",
            "What ran there is crowded elsewhere.",
            "taskset -c -p CPU TID",
        ),
        Action(
            "for good",
            "Spread its work: several dispatchers, several processes behind SO_REUSEPORT, a sharded lock or loop; "
            "or a faster core rather than more of them.",
            "Order that one thread guaranteed has to be kept otherwise.",
        ),
    ),
    cost="in a second look, /proc/PID/task of at most 5 processes that use one CPU",
    see=("kernel/sched/fair.c", "fs/pipe.c", "kernel/futex/waitwake.c"),
    test=_test,
)
