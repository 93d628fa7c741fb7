"""The threads of a process queue for one of its own locks."""

from collections.abc import Iterator
from typing import NamedTuple

from kernward.collectors import task_files
from kernward.collectors.measurements import futex
from kernward.collectors.sources import processes, stat, task_waits, threads
from kernward.collectors.sources.processes import Process
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

WAITING = Threshold(
    "threads that queue for one lock, on average",
    1.2,
    "",
    "a lock that is mostly free is found with nobody waiting; more than one on average means that whoever wants it "
    "waits longer than another keeps it",
)
OFTEN = Threshold(
    "part of the readings in which some thread waited there",
    0.6,
    "",
    "a queue that comes and goes costs little; this one is always there",
)
LOST = Threshold(
    "part of the threads that are at work which waits for the lock, where the queue is not always there",
    0.3,
    "",
    "with a third of them waiting, as much again could be done without the lock",
)
RUNS = Threshold(
    "CPUs that the process uses",
    0.1,
    "",
    "below it whoever has the lock sleeps with it; or nobody goes on, and the threads are parked or deadlocked, which "
    "is told by whether they ever wake",
)
READINGS = Threshold("readings", 4, "", "fewer do not tell a queue that stays from a moment's")
SPREAD = Threshold(
    "largest part that one thread has of the process's CPU time",
    0.6,
    "",
    "threads that take turns under a lock share the time; where one has most of it, the others wait for its work, or it "
    "takes the lock again before those that it wakes have come",
)
ALONE = Threshold(
    "CPUs that the process uses, where nothing says that what its threads wait for is a lock",
    0.85,
    "",
    "threads that take turns use one CPU together whatever there is to do; those of a pool use as much as comes in, "
    "which is one CPU by chance only",
)
SHORT = Threshold(
    "mean wait for the lock",
    0.1,
    "s",
    "threads of a pool that have nothing to do wait for longer, or without end",
)


class Queue(NamedTuple):
    """What was seen of one process over the readings."""

    pid: str
    process: Process
    # Of each reading: how many waited at the address where most did.
    waiting: list[int]
    as_lock: bool
    address: str
    cpus: float

    @property
    def mean(self) -> float:
        """How many waited on average."""
        return sum(self.waiting) / len(self.waiting)

    @property
    def often(self) -> float:
        """In which part of the readings some thread waited."""
        return sum(each > 0 for each in self.waiting) / len(self.waiting)

    @property
    def scope(self) -> Scope:
        """The process as a scope."""
        return Scope("process", processes.label(self.pid, self.process))


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    blind = window.why_absent(task_waits.SOURCE)
    if blind:
        yield Unknown(reason=f"what threads wait for could not be read: {blind}")
        return
    if window.since_boot:
        yield Unknown(
            reason="one reading does not tell threads that queue from threads that have nothing to do"
        )
        return
    queues = sorted(_queues(view), key=lambda each: -each.mean)
    suspects = [
        each
        for each in queues
        if _always(each) and (each.as_lock or _one_at_a_time(each)) or each.as_lock and _mostly(each)
    ]
    found = False
    parked: Queue | None = None
    for queue in suspects:
        plain = (
            queue.as_lock
            and _always(queue)
            and len(queue.waiting) >= READINGS.value
            and queue.cpus >= RUNS.value
        )
        if not plain and (view.can_read(threads.SOURCE, queue.pid) or view.can_ask("futex")):
            yield Open(
                suspicion=0.8 if queue.as_lock else 0.5,
                reason=f"{queue.mean:.1f} threads of {queue.scope.name} wait at one address; whether they take turns "
                "is told by the times of each",
                asks=("futex",),
                sources=((threads.SOURCE.name, (queue.pid,)),),
            )
            found = True
            continue
        proof = _decide(view, queue)
        if proof is None:
            parked = parked or queue
            continue
        found = True
        yield _confirmed(view, queue, *proof)
    if found:
        return
    if task_files.SYSCALL in window.last.missing and parked is None:
        yield Unknown(
            reason=f"{task_files.SYSCALL}: {window.last.missing[task_files.SYSCALL]}; of those that could be read "
            "none waits for a lock all the time"
        )
    elif parked is not None:
        yield Refuted(
            reason=f"threads of {parked.scope.name} wait at one address, as those of a pool do that have nothing to do",
            evidence=(_waiting(view, parked),),
        )
    elif queues:
        yield Refuted(
            reason=f"no process has threads that queue for one lock all the time; most wait in "
            f"{queues[0].scope.name}, {queues[0].mean:.1f} on average, which uses {queues[0].cpus:.2f} CPUs",
            evidence=(_waiting(view, queues[0]),),
        )
    else:
        yield Refuted(reason="no two threads of any process wait at the same address")


def _queues(view: View) -> Iterator[Queue]:
    window = view.window
    readings = [
        each.each(task_waits.SOURCE) for each in window.samples if task_waits.SOURCE.name in each.read
    ]
    names = window.each(processes.SOURCE)
    over = window.each_over(processes.SOURCE)
    seconds = window.seconds_of(processes.SOURCE)
    for pid in {pid for reading in readings for pid in reading}:
        process, used = names.get(pid), over.get(pid)
        records = [reading.get(pid) for reading in readings]
        seen = [each for each in records if each is not None and each.futex_same]
        if process is None or used is None or max((each.futex_same or 0 for each in seen), default=0) < 2:
            continue
        addresses = [each.futex_address for each in seen if each.futex_address]
        if not addresses:
            continue
        address = max(set(addresses), key=addresses.count)
        there = [each for each in seen if each.futex_address == address]
        waiting = [
            each.futex_same or 0 if each is not None and each.futex_address == address else 0
            for each in records
        ]
        yield Queue(
            pid,
            process,
            waiting,
            2 * sum(bool(each.futex_lock) for each in there) > len(there),
            address,
            ((used.user_s or 0.0) + (used.system_s or 0.0)) / seconds,
        )


def _decide(view: View, queue: Queue) -> tuple[float, list[Evidence]] | None:
    """How sure it is that they take turns, with what says so; None when they do not."""
    proof: list[Evidence] = []
    spread = _largest_part(view, queue.pid)
    measured = _measured(view, queue)
    confidence = 0.85 if queue.as_lock else 0.5
    if len(queue.waiting) < READINGS.value:
        confidence -= 0.15
    if not _always(queue):
        if len(queue.waiting) <= READINGS.value or spread is None or spread >= SPREAD.value:
            return None
        confidence -= 0.15
    if spread is not None:
        if spread >= SPREAD.value and not queue.as_lock:
            return None
        proof.append(
            view.evidence(
                threads.SOURCE,
                "user_s",
                spread,
                unit="",
                scope=queue.scope,
                says="the largest part that one thread has of the process's CPU time",
            )
        )
        confidence += 0.05 if spread < SPREAD.value else -0.1
    if measured is not None:
        waits, mean_s, evidence = measured
        proof.append(evidence)
        if not queue.as_lock and (mean_s > SHORT.value or not waits):
            return None
        confidence += 0.05 if mean_s <= SHORT.value else -0.1
    if queue.cpus < RUNS.value:
        # Whoever has the lock sleeps. That it is given on shows in that those who wait for it wake now and then.
        woke = _woke(view, queue.pid)
        if woke is None or woke < WAITING.value:
            return None
        proof.append(
            view.evidence(
                threads.SOURCE,
                "voluntary_switches",
                woke,
                scope=queue.scope,
                says="threads went to sleep again and again: the lock goes from one to the next",
            )
        )
        confidence -= 0.05
    if not queue.as_lock and (spread is None or measured is None):
        # A pool that waits for work looks the same but for the times.
        return None
    return min(confidence, 0.95), proof


def _always(queue: Queue) -> bool:
    return queue.mean >= WAITING.value and queue.often >= OFTEN.value


def _mostly(queue: Queue) -> bool:
    """A queue that is not there all the time, but in which much of what the threads could do is lost.

    On a machine without a free CPU those that were woken wait for one, and no longer for the lock.
    """
    return (
        queue.often >= OFTEN.value / 2
        and queue.cpus >= RUNS.value
        and queue.mean >= LOST.value * (queue.mean + queue.cpus)
    )


def _one_at_a_time(queue: Queue) -> bool:
    """Whether its threads together use what one could: locks of other kinds than those of glibc show so."""
    return ALONE.value <= queue.cpus <= 2 - ALONE.value


def _largest_part(view: View, pid: str) -> float | None:
    mine = [
        (each.user_s or 0.0) + (each.system_s or 0.0) if each.ran_s is None else each.ran_s
        for entity, each in view.window.each_over(threads.SOURCE).items()
        if entity.partition("/")[0] == pid and (each.user_s is not None or each.ran_s is not None)
    ]
    total = sum(mine)
    return max(mine) / total if total > 0 else None


def _woke(view: View, pid: str) -> int | None:
    """How many of its threads went to sleep several times; None where its threads were not read."""
    slept = [
        each.voluntary_switches
        for entity, each in view.window.each_over(threads.SOURCE).items()
        if entity.partition("/")[0] == pid and each.voluntary_switches is not None
    ]
    return sum(each >= 2 for each in slept) if slept else None


def _measured(view: View, queue: Queue) -> tuple[int, float, Evidence] | None:
    if not view.has("futex"):
        return None
    found = view.window.each_over(futex.SOURCE).get(queue.pid) or view.window.each_over(futex.SOURCE).get(
        queue.scope.name
    )
    if found is None or not found.waits or found.wait_s is None:
        return None
    waits = found.waits
    wait_s = found.wait_s
    if found.by_address_s and queue.address in found.by_address_s and found.waits_by_address:
        waits = found.waits_by_address.get(queue.address) or waits
        wait_s = found.by_address_s[queue.address]
    seconds = view.window.seconds_of(futex.SOURCE)
    mean_s = wait_s / waits
    evidence = view.evidence(
        futex.SOURCE,
        "wait_s",
        wait_s / seconds,
        unit="threads",
        scope=queue.scope,
        says=f"waited on average; {waits / seconds:.0f} waits a second of {mean_s * 1e3:.2f} ms",
    )
    return waits, mean_s, evidence


def _waiting(view: View, queue: Queue) -> Evidence:
    return view.evidence(
        task_waits.SOURCE,
        "futex_same",
        queue.mean,
        scope=queue.scope,
        says=f"threads wait at {queue.address} on average of {len(queue.waiting)} readings, of {queue.process.threads}",
    )


def _confirmed(view: View, queue: Queue, confidence: float, proof: list[Evidence]) -> Confirmed:
    machine = view.window.over(stat.SOURCE)
    idle: float | None = None
    if machine is not None and machine.idle_s is not None:
        idle = machine.idle_s / view.window.seconds_of(stat.SOURCE)
    used = view.evidence(
        processes.SOURCE,
        "user_s",
        queue.cpus,
        unit="CPUs",
        scope=queue.scope,
        says="the process uses, all threads together",
    )
    spare = (
        []
        if idle is None
        else [view.evidence(stat.SOURCE, "idle_s", idle, unit="CPUs", says="are idle meanwhile")]
    )
    lost = queue.mean / (queue.mean + max(queue.cpus, 0.2))
    spread = _largest_part(view, queue.pid)
    alone = queue.as_lock and queue.cpus >= RUNS.value and spread is not None and spread >= SPREAD.value
    return Confirmed(
        scope=queue.scope,
        confidence=confidence,
        impact=min(0.95, lost),
        mechanism=(
            f"{queue.mean:.1f} of the {queue.process.threads} threads of {queue.scope.name} wait at any time for one "
            f"lock (at {queue.address}), while all its threads together use {queue.cpus:.2f} CPUs: "
            + (
                "whoever has the lock runs, the others sleep in futex_wait() until it is given back"
                if queue.cpus >= RUNS.value
                else "whoever has the lock sleeps with it, for I/O or an answer, and the others in futex_wait() for the lock"
            )
            + (f", and {idle:.1f} CPUs stand idle." if idle is not None and idle > 0.1 else ".")
            + (
                f" One thread has {spread:.0%} of that time: it takes the lock again before the one that it wakes has come."
                if alone
                else ""
            )
        ),
        evidence=(_waiting(view, queue), used, *proof, *spare),
        chain=(
            "threads need one lock for much of their work",
            "they sleep in futex_wait() one behind the other",
            "more threads, or more CPUs, bring no more work done",
        ),
        plots=(
            view.plot(
                task_waits.SOURCE,
                "futex_same",
                list(
                    zip(
                        (each.at_utc for each in view.window.samples if task_waits.SOURCE.name in each.read),
                        map(float, queue.waiting),
                        strict=False,
                    )
                ),
                scope=queue.scope,
                unit="",
            ),
        ),
    )


HYPOTHESIS = Hypothesis(
    id="user-lock-contention",
    title="Threads that queue for one lock of their process",
    group="tasks",
    claim="The threads of a process want one lock (a mutex in user space) so often that they mostly wait for it.",
    signals=(
        Signal("task_waits.futex_same", "how many threads wait at one address, reading after reading"),
        Signal("task_waits.futex_lock", "whether they wait for the value that a taken lock has"),
        Signal("processes.user_s", "the process computes, though not more than one thread could"),
        Signal("threads.ran_s", "the threads share that time: they take turns"),
        Signal("threads.voluntary_switches", "where the lock is held asleep: waiters wake now and then"),
        Signal("futex.wait_s", "many short waits at that address, where measured"),
    ),
    thresholds=(WAITING, OFTEN, LOST, RUNS, READINGS, SPREAD, ALONE, SHORT),
    rivals=(
        Rival(
            "single-thread-bottleneck",
            "there one thread has all the CPU time, and the others wait for its work",
        ),
        Rival("cpu-quota-throttling", "there threads are runnable and may not run"),
        Rival("cpu-run-queue-overload", "there threads are runnable, and no CPU is idle"),
        Rival("lock-held-asleep", "there the lock is the kernel's, and the state is D"),
    ),
    mechanism=(
        "A mutex that is free costs no system call. One that is taken makes pthread_mutex_lock() call futex(), and "
        "futex_wait() in kernel/futex/waitwake.c queues the thread on the hash bucket of the address and lets it sleep "
        "until the owner calls futex_wake(). The kernel sees the address, not the owner."
    ),
    actions=(
        Action(
            "now",
            "Find the place: the stacks of the waiting threads all end in the same lock. Fewer threads often bring more.",
            "A debugger stops the process while it looks.",
            "gdb -p PID -batch -ex 'thread apply all bt 8'; perf trace -s -p PID -e futex sleep 5",
        ),
        Action(
            "for good",
            "Hold the lock for less (compute outside of it), split it, or keep one of the data for each thread. Many in "
            "malloc(): another allocator, or MALLOC_ARENA_MAX.",
            "Finer locks bring deadlocks and races when they are taken in different orders.",
        ),
    ),
    asks=("futex",),
    cost="where asked: /proc/PID/task/*/stat and status of that process, some 10 us a thread",
    see=("kernel/futex/waitwake.c", "futex(2)"),
    test=_test,
)
