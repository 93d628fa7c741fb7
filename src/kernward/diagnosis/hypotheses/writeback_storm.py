"""Readers wait behind a flood of dirty pages that is being written."""

from collections.abc import Iterator

from kernward.collectors.sources import diskstats, process_io, writeback
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
from kernward.diagnosis.memory import page_bytes
from kernward.diagnosis.storage import Disk, Storage, Waiter, asleep, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names, size
from kernward.records.check import Action, Evidence

QUEUE = Threshold(
    "writes under way, on average",
    16.0,
    "",
    "the page cache is written some requests at a time beside others; a flood keeps the device's queue full",
)
LATE = Threshold(
    "time of a read",
    0.05,
    "s",
    "a read of a disk takes 10 ms; at 50 ms it waits behind others",
)
OWN = Threshold(
    "part of what it reads that a process writes as well",
    0.2,
    "",
    "a copy reads what it then writes: it waits for itself, and that is no fault",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(diskstats.SOURCE) or window.why_absent(writeback.SOURCE)
    if missing:
        yield Unknown(reason=f"requests and dirty pages could not be counted: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="what is being written takes two readings, and there is one")
        return
    storage = Storage(view)
    flooded = storage.lowest([name for name, disk in storage.disks.items() if _flooded(view, disk)])
    if not flooded:
        worst = max(storage.disks.values(), key=lambda disk: disk.write_queue, default=None)
        yield Refuted(
            reason="no device has a queue full of written-back pages in which reads wait"
            + ("" if worst is None else f"; {worst.name} has {worst.write_queue:.1f} writes under way"),
            evidence=() if worst is None else (_queue(view, worst),),
        )
        return
    readers = [each for each in waiters(view) if not each.kernel and each.part("read") >= 0.5]
    pids = tuple(each.pid for each in readers)[:64]
    if pids and view.can_read(process_io.SOURCE, *pids):
        yield Open(
            suspicion=0.5,
            reason="reads wait behind written-back pages; what the readers write tells whether they wait for themselves",
            sources=((process_io.SOURCE.name, pids),),
        )
        return
    counted = window.each_over(process_io.SOURCE)
    waiting = [
        each
        for each in readers
        if each.pid in counted
        and (counted[each.pid].write_bytes or 0) <= OWN.value * (counted[each.pid].read_bytes or 0)
    ]
    disk = storage.disks[flooded[0]]
    if not waiting:
        yield Refuted(
            reason=f"{disk.name} is flooded with writes, and nobody but who writes them waits for it",
            evidence=(_queue(view, disk),),
        )
        return
    yield _confirmed(view, disk, waiting)


def _flooded(view: View, disk: Disk) -> bool:
    pages = [
        each.writeback_pages
        for sample in view.window.samples
        if (each := sample.of(writeback.SOURCE)) is not None and each.writeback_pages is not None
    ]
    if not pages or disk.write_queue < QUEUE.value or not disk.over.writes:
        return False
    under_way = disk.write_queue * (disk.over.write_bytes or 0) / disk.over.writes
    cached = sum(pages) / len(pages) * page_bytes(view) >= under_way / 2
    return cached and (disk.read_s or 0.0) >= LATE.value


def _confirmed(view: View, disk: Disk, waiting: list[Waiter]) -> Confirmed:
    evidence = [
        _queue(view, disk),
        view.evidence(
            diskstats.SOURCE,
            "read_ms",
            disk.read_s or 0.0,
            unit="s",
            scope=disk.scope,
            says=f"a read takes {milliseconds(disk.read_s or 0.0)}, the device is busy for "
            f"{milliseconds(disk.service_s or 0.0)} for each request",
        ),
    ]
    evidence += asleep(
        view,
        waiting,
        lambda each: f"{each.scope.name} waited for a read in {each.part('read'):.0%} of the samples",
        as_share=True,
    )
    return Confirmed(
        scope=disk.scope,
        confidence=0.8,
        impact=max(each.part("read") for each in waiting),
        mechanism=(
            f"{disk.write_queue:.0f} writes of dirty pages are under way on {disk.name}; a read of "
            f"{names(each.scope for each in waiting)} waits behind them and takes {milliseconds(disk.read_s or 0.0)}. "
            "wb_writeback() in fs/fs-writeback.c hands the device whatever it takes."
        ),
        evidence=tuple(evidence),
        chain=("very many pages became dirty", "they are written all at once", "reads wait behind them"),
        victims=tuple(each.scope for each in waiting)[:8],
    )


def _queue(view: View, disk: Disk) -> Evidence:
    now = view.window.of(writeback.SOURCE)
    pages = 0 if now is None else now.writeback_pages or 0
    return view.evidence(
        diskstats.SOURCE,
        "write_ms",
        disk.write_queue,
        unit="requests",
        scope=disk.scope,
        says=f"writes under way on average; {size(pages * page_bytes(view))} of pages are being written",
    )


HYPOTHESIS = Hypothesis(
    id="writeback-storm",
    title="Readers wait behind dirty pages",
    group="io",
    claim="A flood of dirty pages is written at once, and reads of others wait behind it.",
    signals=(
        Signal("diskstats.write_ms", "many writes under way"),
        Signal("writeback.writeback_pages", "they are the page cache's"),
        Signal("diskstats.read_ms", "reads take longer than a disk needs for one"),
        Signal("process_io.write_bytes", "who reads and does not write waits for others"),
    ),
    thresholds=(QUEUE, LATE, OWN),
    rivals=(
        Rival("device-saturated", "there the queue is of reads and synchronous writes"),
        Rival("dirty-page-throttling", "there writers are held back; here readers wait"),
        Rival("device-slow", "there few requests are under way"),
    ),
    explains=("d-state-pileup",),
    mechanism=(
        "Dirty pages are collected until they are old (vm.dirty_expire_centisecs) or many (vm.dirty_background_bytes), and "
        "then written as fast as the device takes them. wbt_wait() in block/blk-wbt.c holds them back when reads get late, "
        "where it is switched on (queue/wbt_lat_usec)."
    ),
    actions=(
        Action(
            "now",
            "Switch throttling of writeback on for the device, or use an I/O scheduler that prefers reads.",
            "Writing the same pages takes longer.",
            "echo 75000 > /sys/block/DEVICE/queue/wbt_lat_usec; echo mq-deadline > /sys/block/DEVICE/queue/scheduler",
        ),
        Action(
            "for good",
            "Have pages written earlier and in smaller amounts: lower vm.dirty_background_bytes, or sync_file_range() in "
            "what writes in bulk.",
            "Pages that are soon dirty again are then written twice.",
            "sysctl -w vm.dirty_background_bytes=67108864",
        ),
    ),
    cost="reads /proc/PID/io of the readers, when a device is flooded",
    see=("fs/fs-writeback.c", "block/blk-wbt.c"),
    test=_test,
)
