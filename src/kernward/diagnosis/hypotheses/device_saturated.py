"""More requests are sent to a device than it can answer, and those that wait are waited for."""

from collections.abc import Iterator

from kernward.collectors.sources import diskstats, process_io, task_waits, writeback
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
from kernward.diagnosis.memory import page_bytes, stall, stall_evidence
from kernward.diagnosis.storage import Disk, Storage, Waiter, asleep, steps, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names, size
from kernward.records.check import Action, Evidence, Scope

BUSY = Threshold(
    "part of time in which a request was under way",
    0.75,
    "",
    "a device that is idle for a quarter of the time had capacity left in it; one that is held to a rate from outside is "
    "given its requests in bursts, and idle between them",
)
PERSISTS = Threshold(
    "part of the samples in which the device was busy with a queue",
    0.75,
    "",
    "a burst that the device has worked off before the next sample hurts nobody for long",
)
QUEUE = Threshold(
    "requests under way that somebody waits for, on average",
    4.0,
    "",
    "one process that reads a file after the other has one or two under way, read ahead included; four means that "
    "each request waits for three others",
)
WAIT = Threshold(
    "time of a request that somebody waits for",
    0.005,
    "s",
    "flash with sixty-four requests under way answers each within a millisecond: then it is busy and not saturated",
)
SLEEPS = Threshold(
    "part of the samples in which a process sleeps for I/O",
    0.5,
    "",
    "who is found asleep in every other sample spends half of its time waiting",
)
BELOW_BUSY = Threshold(
    "part of time in which the device below is busy",
    0.5,
    "",
    "where the device below a mapped one is idle, it is the mapping that holds requests back: device-slow",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(diskstats.SOURCE)
    if missing:
        yield Unknown(reason=f"requests of devices cannot be counted: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="how busy a device is takes two readings, and there is one")
        return
    storage = Storage(view)
    full = storage.lowest([name for name, disk in storage.disks.items() if _saturated(view, storage, disk)])
    if not full and (uncounted := storage.uncounted()):
        yield Unknown(reason=f"requests of {', '.join(uncounted[:4])} are not counted (queue/iostats is 0)")
        return
    if not full:
        yield _refuted(view, storage)
        return
    waiting = [each for each in waiters(view) if _waits(each)]
    seen = window.why_absent(task_waits.SOURCE) is None
    if seen and not [each for each in waiting if not each.kernel]:
        disk = storage.disks[full[0]]
        yield Refuted(
            reason=f"{disk.name} is busy for {disk.busy:.0%} of the time with {disk.queue:.1f} requests under way, and "
            "no process waits for it",
            evidence=(_queue(view, disk),),
        )
        return
    pids = tuple(each.pid for each in waiting if not each.kernel)[:64]
    if pids and view.can_read(process_io.SOURCE, *pids):
        yield Open(
            suspicion=0.8,
            reason="who sends the requests and who waits behind them is told by the processes' own counts",
            sources=((process_io.SOURCE.name, pids),),
        )
        return
    for name in full:
        yield _confirmed(view, storage.disks[name], waiting)


def _saturated(view: View, storage: Storage, disk: Disk) -> bool:
    if disk.busy < BUSY.value or disk.mean_s < WAIT.value or storage.stuck(disk.name):
        return False
    if _waited_for(view, storage, disk) < QUEUE.value:
        return False
    lower = [storage.disks[each] for each in storage.below(disk.name) if each in storage.disks]
    if lower and all(each.busy < BELOW_BUSY.value for each in lower):
        return False
    course = list(steps(view, disk.name))
    so = [
        (grown.busy_ms or 0) / 1000 >= 0.5 * seconds
        and ((grown.read_ms or 0) + (grown.write_ms or 0)) / 1000 >= 0.5 * QUEUE.value * seconds
        for seconds, grown in course
    ]
    return bool(so) and sum(so) >= PERSISTS.value * len(so)


def _waited_for(view: View, storage: Storage, disk: Disk) -> float:
    """Requests under way that a task waits for: reads, and writes that are not the page cache being written."""
    if not disk.over.writes:
        return disk.read_queue
    pages = [
        each.writeback_pages
        for sample in view.window.samples
        if (each := sample.of(writeback.SOURCE)) is not None and each.writeback_pages is not None
    ]
    if pages:
        # Very long writes end with time that they took before the window: so many were not under way in it.
        flights = storage.in_flight(disk.name)
        queue = min(disk.write_queue, sum(flights) / len(flights)) if flights else disk.write_queue
        under_way = queue * (disk.over.write_bytes or 0) / disk.over.writes
        if sum(pages) / len(pages) * page_bytes(view) >= under_way / 2:
            return disk.read_queue
    if view.window.why_absent(task_waits.SOURCE) is None and not any(
        each.part("device", "tag", "fsync") > 0 and not each.kernel for each in waiters(view)
    ):
        return disk.read_queue
    return disk.queue


def _waits(waiter: Waiter) -> bool:
    return waiter.share >= SLEEPS.value and waiter.part("read", "device", "tag", "fsync", "journal") > 0


def _confirmed(view: View, disk: Disk, waiting: list[Waiter]) -> Confirmed:
    users = [each for each in waiting if not each.kernel]
    hog = _hog(view, users)
    victims = [each.scope for each in users if hog is None or each.scope != hog[0]]
    evidence = [_queue(view, disk), _time(view, disk)]
    if hog is not None:
        evidence.append(
            view.evidence(
                process_io.SOURCE,
                "read_bytes",
                hog[1],
                unit="bytes/s",
                scope=hog[0],
                says=f"{hog[0].name} moves {size(hog[1])} a second, {hog[2]:.0%} of what all that wait move",
            )
        )
    evidence += asleep(
        view,
        users,
        lambda each: (
            f"{each.tasks:.1f} tasks of {each.scope.name} slept for I/O in {each.share:.0%} of the samples"
        ),
    )
    waited = stall(view, "io_some")
    if waited is not None:
        evidence.append(stall_evidence(view, waited, "io_some"))
    service = disk.service_s or 0.0
    return Confirmed(
        scope=disk.scope,
        confidence=0.93 if len(users) > 1 else 0.85 if users else 0.7,
        # Of the time of a request, the part that it waits for the others.
        impact=max(0.0, 1.0 - service / disk.mean_s),
        mechanism=(
            f"{disk.name} is busy for {disk.busy:.0%} of the time and ends {disk.requests / disk.seconds:,.0f} requests a "
            f"second, one in {milliseconds(service)}; {disk.queue:.1f} are under way on average, so that each takes "
            f"{milliseconds(disk.mean_s)}, most of it behind others"
            + (f". {hog[0].name} sends most of them" if hog is not None and hog[2] > 0.5 else "")
            + "."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{hog[0].name} sends more requests than {disk.name} can answer"
            if hog is not None
            else f"more requests are sent than {disk.name} can answer",
            "each request queues behind the others",
            f"{names(victims or [each.scope for each in users])} sleep in io_schedule()"
            if users
            else "readers sleep",
        ),
        victims=tuple(victims)[:8],
        plots=(
            view.plot(
                diskstats.SOURCE,
                "waited_ms",
                [
                    (at, ((grown.read_ms or 0) + (grown.write_ms or 0)) / 1000 / seconds)
                    for at, seconds, grown in view.window.each_steps(diskstats.SOURCE, disk.name)
                ],
                scope=disk.scope,
                unit="requests",
            ),
        ),
    )


def _hog(view: View, users: list[Waiter]) -> tuple[Scope, float, float] | None:
    """Of those that wait, the one that moves most: who, bytes a second, its part."""
    counted = view.window.each_over(process_io.SOURCE)
    moved = {
        each.scope: (counted[each.pid].read_bytes or 0) + (counted[each.pid].write_bytes or 0)
        for each in users
        if each.pid in counted
    }
    total = sum(moved.values())
    if not total:
        return None
    scope = max(moved, key=lambda each: moved[each])
    return scope, moved[scope] / view.window.seconds_of(process_io.SOURCE), moved[scope] / total


def _queue(view: View, disk: Disk) -> Evidence:
    return view.evidence(
        diskstats.SOURCE,
        "waited_ms",
        disk.queue,
        unit="requests",
        scope=disk.scope,
        says=f"{disk.queue:.1f} requests under way on average ({disk.read_queue:.1f} reads), busy for {disk.busy:.0%} of "
        "the time",
    )


def _time(view: View, disk: Disk) -> Evidence:
    return view.evidence(
        diskstats.SOURCE,
        "read_ms" if disk.over.reads else "write_ms",
        (disk.read_s if disk.over.reads else disk.write_s) or 0.0,
        unit="s",
        scope=disk.scope,
        says=f"a {'read' if disk.over.reads else 'write'} takes "
        f"{milliseconds((disk.read_s if disk.over.reads else disk.write_s) or 0.0)}, of which the device is busy for "
        f"{milliseconds(disk.service_s or 0.0)}",
    )


def _refuted(view: View, storage: Storage) -> Refuted:
    busiest = max(storage.disks.values(), key=lambda each: (each.busy, each.queue), default=None)
    if busiest is None:
        return Refuted(reason="no device had a request")
    waited_for = _waited_for(view, storage, busiest)
    return Refuted(
        reason=f"the busiest device, {busiest.name}, is busy for {busiest.busy:.0%} of the time with {waited_for:.1f} "
        "requests under way that somebody waits for",
        evidence=(_queue(view, busiest),),
    )


HYPOTHESIS = Hypothesis(
    id="device-saturated",
    title="Device saturated",
    group="io",
    claim="More requests are sent to a device than it can answer: they queue, and tasks sleep behind them.",
    signals=(
        Signal("diskstats.busy_ms", "near all of the time: the device has no capacity left"),
        Signal(
            "diskstats.waited_ms", "how many are under way on average; many means that each waits for others"
        ),
        Signal("writeback.writeback_pages", "writes that nobody waits for: the page cache being written"),
        Signal("task_waits.blocked", "who sleeps for it; nobody: it is busy, and no harm is done"),
        Signal("process_io.read_bytes", "who sends the requests"),
    ),
    thresholds=(BUSY, PERSISTS, QUEUE, WAIT, SLEEPS, BELOW_BUSY),
    rivals=(
        Rival("device-slow", "there few requests are under way and each takes long"),
        Rival(
            "dirty-page-throttling",
            "there the queue is the page cache being written, and writers are held back",
        ),
        Rival("swap-thrashing", "there the requests are pages that come and go between memory and swap"),
        Rival(
            "page-cache-thrashing", "there the same file pages are read again and again for want of memory"
        ),
        Rival("cgroup-io-limit", "there requests wait before the device, which is not busy"),
    ),
    explains=(
        "fsync-load",
        "journal-stall",
        "dirty-page-throttling",
        "writeback-storm",
        "d-state-pileup",
        "interrupt-load",
        "softirq-load",
        "lock-held-asleep",
    ),
    mechanism=(
        "A device takes so many requests at a time; blk_mq_get_tag() in block/blk-mq-tag.c and the I/O scheduler keep "
        "the others. By Little's law the time of a request is the number under way divided by the rate at which they "
        "end: above capacity each further request only makes all wait longer. Time counts from "
        "blk_account_io_start() in block/blk-mq.c."
    ),
    actions=(
        Action(
            "now",
            "Slow the process down that sends most: lower its I/O priority, or give its cgroup a limit.",
            "The idle class and limits starve it while others are busy; priorities need the BFQ or mq-deadline scheduler.",
            "ionice -c 3 -p PID; echo 'MAJ:MIN riops=100' > /sys/fs/cgroup/GROUP/io.max",
        ),
        Action(
            "for good",
            "Put the two on different devices, cache what is read again and again, or buy more requests a second; "
            "protect the one that must be quick with io.latency or io.weight.",
            "Weights need BFQ or io.cost; io.latency slows all others down.",
        ),
    ),
    cost="reads /proc/PID/io of the processes that wait, when a device is saturated",
    see=("Documentation/block/stat.rst", "Documentation/admin-guide/cgroup-v2.rst (IO)"),
    test=_test,
)
