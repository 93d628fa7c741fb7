"""Tasks queue, again and again, for a lock of the kernel that is held for short times only."""

from collections import Counter
from collections.abc import Iterator

from kernward.collectors.measurements import kernel_locks
from kernward.collectors.measurements.kernel_locks import KernelLock
from kernward.collectors.sources import task_waits
from kernward.diagnosis.blocked import stuck, unclear
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
from kernward.records.check import Action, Scope

_SLEEPING = ("mutex", "rwsem", "percpu", "rt")
SEEN = Threshold(
    "tasks that sleep uninterruptibly in one function, not for I/O, on average of the readings",
    0.8,
    "",
    "a lock that is free or held for a moment is found with nobody waiting; nearly one at any time is worth measuring",
)
WAITING = Threshold(
    "tasks that wait for one lock at any time",
    1.0,
    "",
    "when one waits on average, a task's worth of work is lost to the lock for good",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    blind = window.why_absent(task_waits.SOURCE)
    if view.has("kernel-locks"):
        yield from _measured(view)
        return
    if blind or window.since_boot:
        yield Unknown(
            reason=f"what tasks wait for could not be read: {blind}" if blind else "it takes several readings"
        )
        return
    place, mean = _busiest(view)
    proof = view.evidence(
        task_waits.SOURCE,
        "blocked",
        mean,
        says=f"sleep in {place}() on average" if place else "",
        change=False,
    )
    if place is None or mean < SEEN.value:
        yield Refuted(
            reason=f"at most {mean:.1f} tasks on average sleep uninterruptibly in one place, I/O left out",
            evidence=(proof,),
        )
    elif view.can_ask("kernel-locks"):
        yield Open(
            suspicion=0.5,
            reason=f"{mean:.1f} tasks on average sleep in {place}(); whether for a lock is to be measured",
            asks=("kernel-locks",),
            evidence=(proof,),
        )
    else:
        tried = view.measured.get("kernel-locks")
        yield Unknown(
            reason=f"{mean:.1f} tasks on average sleep uninterruptibly in {place}(); /proc does not tell whether for a lock"
            + (f", and that could not be measured: {tried.reason}" if tried and tried.reason else ""),
            evidence=(proof,),
        )


def _busiest(view: View) -> tuple[str | None, float]:
    """Where most tasks sleep that go on now and then, and how many on average."""
    still = {each.task.task for each in stuck(view)}
    readings = [each for each in view.window.samples if task_waits.SOURCE.name in each.read]
    places: Counter[str] = Counter()
    for reading in readings:
        for record in reading.each(task_waits.SOURCE).values():
            for task in record.blocked_tasks:
                if task.task not in still and unclear(task.stack):
                    places[task.stack[0]] += 1
    if not places:
        return None, 0.0
    place = max(places, key=places.__getitem__)
    return place, places[place] / len(readings)


def _measured(view: View) -> Iterator[Verdict]:
    seconds = view.window.seconds_of(kernel_locks.SOURCE)
    waits: list[tuple[float, str, KernelLock]] = [
        (each.wait_s / seconds, name, each)
        for name, each in view.window.each_over(kernel_locks.SOURCE).items()
        if each.kind in _SLEEPING and each.wait_s
    ]
    if not waits:
        yield Refuted(reason="no task had to sleep for a lock of the kernel while that was measured")
        return
    share, name, lock = max(waits, key=lambda each: each[0])
    mean_ms = 1e3 * (lock.wait_s or 0.0) / (lock.waits or 1)
    proof = view.evidence(
        kernel_locks.SOURCE,
        "wait_s",
        share,
        unit="tasks",
        says=f"wait in {name} on average, {lock.waits} times for {mean_ms:.1f} ms each",
        file="eBPF",
    )
    if share < WAITING.value:
        yield Refuted(
            reason=f"{share:.2f} tasks on average wait for one lock of the kernel at most, in {name}",
            evidence=(proof,),
        )
        return
    by = lock.by_process_s or {}
    most = max(by, key=by.__getitem__) if by else None
    scope = Scope("process", lock.holder or most or "") if lock.holder or most else Scope()
    yield Confirmed(
        scope=scope,
        confidence=0.85,
        impact=share / (share + 1.0),
        mechanism=(
            f"{share:.1f} tasks on average sleep for one lock of the kernel ({lock.kind}) in {lock.function or name}(): "
            f"{lock.waits} waits of {mean_ms:.1f} ms within {seconds:.0f} s"
            + (f", held last by {lock.holder}" if lock.holder else "")
            + ". Each holds it for a short time only, and the next one is waiting."
        ),
        evidence=(proof,),
        chain=(
            "many tasks need one lock of the kernel",
            "one has it, the others sleep in state D",
            "they get on one by one",
        ),
        victims=tuple(Scope("process", each) for each in sorted(by, key=lambda each: -by[each])[:4]),
    )


HYPOTHESIS = Hypothesis(
    id="kernel-lock-contention",
    title="Tasks that queue for a lock of the kernel",
    group="tasks",
    claim="Many tasks want one mutex or semaphore of the kernel so often that they mostly wait for it.",
    signals=(
        Signal(
            "task_waits.blocked_tasks", "tasks that sleep in one function again and again, and not for I/O"
        ),
        Signal("kernel-locks.wait_s", "how long tasks wait for which lock, where measured"),
        Signal("kernel-locks.by_process_s", "which processes wait"),
    ),
    thresholds=(SEEN, WAITING),
    rivals=(
        Rival("lock-held-asleep", "there one task keeps the lock, and the others do not come on at all"),
        Rival("lock-held-busy", "there waiters spin and take CPUs"),
        Rival("user-lock-contention", "there the lock is the program's own"),
        Rival("memory-pressure", "there who holds the lock of the memory map reclaims with it"),
    ),
    mechanism=(
        "rwsem_down_write_slowpath() in kernel/locking/rwsem.c and __mutex_lock() in kernel/locking/mutex.c spin for a "
        "moment while the owner runs, then queue the task and let it sleep. The usual ones: the inode's lock for writes to "
        "one file (inode_lock()), the memory map's for mmap() and page faults of many threads (mmap_lock), a directory's."
    ),
    actions=(
        Action(
            "now",
            "See which call leads there, and what the tasks share: a file, a directory, an address space.",
            "None.",
            "perf lock contention -a -b sleep 5",
        ),
        Action(
            "for good",
            "Share less: a file or a directory for each worker, processes instead of threads, larger and fewer mappings.",
            "Processes instead of threads take more memory.",
        ),
    ),
    asks=("kernel-locks",),
    see=("kernel/locking/rwsem.c", "kernel/locking/mutex.c"),
    test=_test,
)
