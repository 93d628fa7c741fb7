"""A device takes long for each request although few are under way."""

from collections.abc import Iterator

from kernward.collectors.durations import at_least, quantile_s
from kernward.collectors.measurements import blocklat
from kernward.collectors.sources import block, diskstats
from kernward.diagnosis.disk_errors import Blamed, blamed
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
from kernward.diagnosis.log_events import ago, summed_up
from kernward.diagnosis.memory import stall, stall_evidence
from kernward.diagnosis.storage import Disk, Storage, Wait, Waiter, asleep, victims, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names
from kernward.records.check import Action, Evidence, Scope

SLOW_FLASH = Threshold(
    "time that one small request takes on a device without moving parts",
    0.02,
    "s",
    "flash answers in 0.1 ms, a network disk in 1 to 5 ms; 20 ms is a device that retries, collects garbage or is held "
    "back from outside",
)
SLOW_SPINNING = Threshold(
    "time that one small request takes on a disk that spins, or that says nothing of it",
    0.05,
    "s",
    "a seek across the disk and a full turn at 5,400 a minute take 30 ms together; 50 ms means that it tries again",
)
STREAM = Threshold(
    "what even a slow disk moves in a second",
    20e6,
    "bytes/s",
    "large requests take longer, by their size: disks of the last twenty years stream 20 MB/s on their worst track",
)
BULK = Threshold(
    "mean size of a write that is bulk data",
    float(128 << 10),
    "bytes",
    "a journal and its metadata are written some blocks at a time; the page cache writes files in requests that are as "
    "large as the device takes",
)
ADDED = Threshold(
    "time that a mapped device adds to what the device below it takes",
    0.004,
    "s",
    "handing a request on takes microseconds; 4 ms is a tick of a timer at 250 Hz: somebody waits",
)
ADDED_BY_WORK = Threshold(
    "time that a mapping adds which encrypts or checks each block",
    0.02,
    "s",
    "that is work for a CPU, a millisecond for each MiB, and it waits for its turn on a busy machine; 20 ms is more than "
    "such a wait",
)
MOSTLY_ADDED = Threshold(
    "part of the whole time that the mapping adds",
    0.75,
    "",
    "then the device below, were it twice as fast, would change little",
)
IDLE_BELOW = Threshold(
    "busy time of the device below, for each second that the mapped device is busy",
    0.5,
    "",
    "what waits for the device below keeps that busy for as long; a mapping that waits by itself leaves it idle",
)
LIKE_BEFORE = Threshold(
    "mean size of a request, as a multiple of what it was since boot",
    4.0,
    "",
    "a request of a mebibyte takes longer than one of four kibibytes on the best of disks",
)
FEW = Threshold(
    "requests under way, on average",
    4.0,
    "",
    "with more, each waits for the others, and the queue explains the time: that is device-saturated",
)
BUSY = Threshold(
    "part of time in which a request was under way",
    0.2,
    "",
    "one slow request in an idle minute is a cache flush or a disk that woke up, and delays nobody for long",
)
STALLED = Threshold(
    "part of time in which some task waits for I/O, at which single requests are looked at",
    0.1,
    "",
    "below that nobody is slowed down by more than a tenth",
)
SPIKE = Threshold(
    "time of a read or a flush that is late beside quick ones",
    1.048576,
    "s",
    "no queue of a few requests takes a second; a drive's own retry of a sector takes one to seven (histograms count by "
    "powers of two)",
)
SPIKES = Threshold("reads and flushes that are so late", 2.0, "", "one may be a disk that woke up")
AGAINST_PAST = Threshold(
    "how many times longer a request takes than it did since boot",
    10.0,
    "",
    "the mix of sizes and places changes the time of a request by a factor of a few",
)


def _test(view: View) -> Iterator[Verdict]:
    storage = Storage(view)
    found = False
    late = {name: each for name, each in blamed(view, storage).items() if each.failure == "late"}
    for name, each in late.items():
        found = True
        yield _timed_out(view, storage, name, each)
    missing = view.window.why_absent(diskstats.SOURCE)
    if missing or view.window.since_boot:
        if missing and not found:
            yield Unknown(reason=f"requests of devices cannot be counted: {missing}")
        elif not found:
            yield _since_boot(view, storage)
        return
    slowest: tuple[float, Disk] | None = None
    waiting = waiters(view)
    for name, disk in storage.disks.items():
        if name in late or storage.remote(name) and storage.stuck(name):
            continue
        verdict = _mapped(view, storage, disk, waiting) or _plain(view, storage, disk, waiting)
        if verdict is not None:
            found = True
            yield verdict
        taken = disk.service_s
        if taken is not None and (slowest is None or taken > slowest[0]):
            slowest = taken, disk
    if found:
        return
    if view.has("blocklat"):
        late_ones = list(_at_times(view, storage))
        if late_ones:
            yield from late_ones
            return
    elif _worth_measuring(view, storage, waiting):
        yield Open(
            suspicion=0.3,
            reason="tasks wait for I/O although no device is slow on average; single requests may be",
            asks=("blocklat",),
        )
        return
    if uncounted := storage.uncounted():
        yield Unknown(reason=f"requests of {', '.join(uncounted[:4])} are not counted (queue/iostats is 0)")
        return
    if slowest is None:
        yield Refuted(reason="no device ended a read or a write while it was watched, and none timed out")
        return
    yield Refuted(
        reason=f"no device is slow for how few requests it has; the one that takes longest, {slowest[1].name}, is busy "
        f"for {milliseconds(slowest[0])} for each request with {slowest[1].queue:.1f} under way",
        evidence=(_time(view, slowest[1]),),
    )


def _since_boot(view: View, storage: Storage) -> Unknown:
    """One reading: means since boot tell of the past, not whether a device is slow now."""
    used = [disk for disk in storage.disks.values() if disk.requests and disk.service_s is not None]
    slowest = max(used, key=lambda disk: disk.service_s or 0.0, default=None)
    return Unknown(
        reason="how long a request takes now needs two readings, and there is one; no time-out is in the log"
        + (
            ""
            if slowest is None
            else f". Since boot {slowest.name} was busy for {milliseconds(slowest.service_s or 0.0)} for each request"
        ),
        evidence=() if slowest is None else (_time(view, slowest),),
    )


def _worth_measuring(view: View, storage: Storage, waiting: list[Waiter]) -> bool:
    """Somebody waits for I/O, and neither a queue nor the mean time of a request says why."""
    users = [each for each in waiting if not each.kernel and each.part("read", "fsync", "device") > 0]
    stalled = stall(view, "io_some")
    return (
        view.can_ask("blocklat")
        and bool(users)
        and (stalled is None or stalled >= STALLED.value)
        and all(disk.queue < FEW.value for disk in storage.disks.values())
    )


def _at_times(view: View, storage: Storage) -> Iterator[Confirmed]:
    """Devices that answer quickly but for some reads or flushes, which take very long."""
    for name, each in view.window.each_over(blocklat.SOURCE).items():
        counts = [some for some in (each.read_histogram, each.flush_histogram) if some]
        disk = storage.disks.get(name)
        if not counts or disk is not None and disk.queue >= FEW.value:
            continue
        both = [sum(some) for some in zip(*counts, strict=True)]
        spikes, median = at_least(both, SPIKE.value), quantile_s(both, 0.5)
        if spikes < SPIKES.value or median is None or median > SLOW_SPINNING.value:
            continue
        scope = Scope("device", name)
        longest = each.longest_s or SPIKE.value
        yield Confirmed(
            scope=scope,
            confidence=0.75,
            impact=0.5,
            mechanism=(
                f"Half of the reads and flushes of {name} take less than {milliseconds(median)}, but {spikes} of "
                f"{sum(both)} took {milliseconds(SPIKE.value)} or more, the longest {milliseconds(longest)}: the device "
                "stops now and then, as one does that tries a bad sector again, collects garbage or moves to another "
                "path. Means do not show it (block_rq_issue to block_rq_complete, block/blk-mq.c)."
            ),
            evidence=(
                view.evidence(
                    blocklat.SOURCE,
                    "read_histogram",
                    spikes,
                    unit="",
                    scope=scope,
                    says=f"reads and flushes of {milliseconds(SPIKE.value)} or more, of {sum(both)}",
                ),
                view.evidence(
                    blocklat.SOURCE,
                    "longest_s",
                    longest,
                    scope=scope,
                    change=False,
                    says="the longest request",
                ),
            ),
            chain=(
                f"{name} stops for a while",
                "whoever reads or syncs then waits",
                "a request in a thousand is very late",
            ),
            victims=tuple(one.scope for one in waiters(view) if not one.kernel)[:8],
        )


def _timed_out(view: View, storage: Storage, name: str, late: Blamed) -> Confirmed:
    disk = storage.disks.get(name)
    scope = Scope("device", name)
    evidence = [summed_up(view, late.events, scope=scope)]
    limit = storage.blocks[name].request_timeout_s if name in storage.blocks else None
    if limit is not None:
        evidence.append(
            view.evidence(
                block.SOURCE,
                "request_timeout_s",
                limit,
                scope=scope,
                change=False,
                says="a request that takes longer is given up",
            )
        )
    if disk is not None and not view.window.since_boot and disk.requests:
        evidence.append(_time(view, disk))
    newest = late.events[-1]
    return Confirmed(
        scope=scope,
        confidence=0.95,
        impact=0.95,
        mechanism=(
            f"Requests to {name} took longer than the driver waits"
            + (f" ({milliseconds(limit)})" if limit else "")
            + f": blk_mq_timeout_work() in block/blk-mq.c finds them too old, and the driver aborts them or resets the "
            f"device; the last time {ago(newest.age_s)}. Each such recovery stops all of the device's I/O."
        ),
        evidence=tuple(evidence),
        chain=(
            "the device does not answer in time",
            "the driver aborts the command and resets the device or its link",
            "tasks sleep until the request has been tried again",
        ),
        victims=victims(waiters(view)),
    )


def _mapped(view: View, storage: Storage, disk: Disk, waiting: list[Waiter]) -> Confirmed | None:
    """A device on top of others that adds most of the time itself."""
    if disk.block is None or disk.block.mapped_name is None or disk.requests < 2:
        return None
    whole = disk.mean_s
    lower = [storage.disks[each] for each in storage.below(disk.name) if each in storage.disks]
    under = max((each.mean_s for each in lower if each.requests), default=0.0)
    added = whole - under
    works = (disk.block.mapped_id or "").startswith("CRYPT-")
    if added < (ADDED_BY_WORK if works else ADDED).value or added < MOSTLY_ADDED.value * whole:
        return None
    if any(each.busy > IDLE_BELOW.value * disk.busy for each in lower) or disk.busy < BUSY.value:
        return None
    names_below = ", ".join(sorted(each.name for each in lower)) or "the device below"
    evidence = [
        view.evidence(
            diskstats.SOURCE,
            "read_ms" if (disk.over.read_ms or 0) >= (disk.over.write_ms or 0) else "write_ms",
            whole,
            unit="s",
            scope=disk.scope,
            says=f"a request to {disk.name} ({disk.block.mapped_name}) takes {milliseconds(whole)}",
        )
    ]
    evidence += [
        view.evidence(
            diskstats.SOURCE,
            "busy_ms",
            each.busy,
            unit="",
            scope=each.scope,
            says=f"{each.name} below it takes {milliseconds(each.mean_s)} and is busy for {each.busy:.0%} of the time",
        )
        for each in lower
        if each.requests
    ]
    return _confirmed(
        view,
        disk,
        waiting,
        evidence,
        0.9,
        f"A request to {disk.name} takes {milliseconds(whole)}, of which {names_below} takes {milliseconds(under)}: the "
        f"mapping {disk.block.mapped_name} itself holds requests back (dm_submit_bio() in drivers/md/dm.c hands them to "
        "its target, which delays, retries or queues them).",
    )


def _plain(view: View, storage: Storage, disk: Disk, waiting: list[Waiter]) -> Confirmed | None:
    """A device that takes long by itself, measured by its own counters."""
    taken = disk.service_s
    if taken is None or disk.requests < 3 or disk.queue >= FEW.value or disk.busy < BUSY.value:
        return None
    if any(below in storage.disks and storage.disks[below].requests for below in storage.below(disk.name)):
        return None  # its time is that of the device below, which is judged itself
    if not disk.over.reads and _only_written_back(disk, waiting):
        return None
    allowed = _allowed_s(disk)
    usual = disk.usual_service_s
    evidence = [_time(view, disk)]
    if taken >= allowed:
        compared = f"longer than the {milliseconds(allowed)} that such a disk takes at most"
        confidence = 0.85 if waiting else 0.7
    elif (
        usual is not None
        and taken >= SLOW_FLASH.value
        and taken >= AGAINST_PAST.value * max(usual, 1e-5)
        and disk.request_bytes <= LIKE_BEFORE.value * disk.usual_request_bytes
    ):
        compared = f"{taken / max(usual, 1e-5):.0f} times what it took since boot ({milliseconds(usual)})"
        confidence = 0.7 if waiting else 0.5
    else:
        return None
    if usual is not None:
        evidence.append(
            view.evidence(
                diskstats.SOURCE,
                "waited_ms",
                usual,
                unit="s",
                scope=disk.scope,
                change=False,
                says="the time for each request from boot until now",
            )
        )
    return _confirmed(
        view,
        disk,
        waiting,
        evidence,
        confidence,
        f"{disk.name} is busy for {milliseconds(taken)} for each request of {disk.request_bytes / 1024:.0f} KiB, "
        f"{compared}, with {disk.queue:.1f} requests under way: no queue explains it, so the device, its link or what "
        "limits it from outside is slow. Whoever needs the data sleeps in io_schedule() in kernel/sched/core.c.",
    )


def _confirmed(
    view: View, disk: Disk, waiting: list[Waiter], evidence: list[Evidence], confidence: float, mechanism: str
) -> Confirmed:
    users = [
        each for each in waiting if not each.kernel and each.part("read", "device", "fsync", "journal", "tag")
    ]
    if users:
        evidence += asleep(
            view,
            users[:1],
            lambda each: f"{each.scope.name} was asleep for I/O in {each.share:.0%} of the samples",
            as_share=True,
        )
    waited = stall(view, "io_some")
    if waited is not None:
        evidence.append(stall_evidence(view, waited, "io_some"))
    return Confirmed(
        scope=disk.scope,
        confidence=confidence,
        impact=max(disk.busy, waited or 0.0),
        mechanism=mechanism,
        evidence=tuple(evidence),
        chain=(
            f"{disk.name} answers late",
            "reads and fsync() wait for it",
            f"{names(each.scope for each in users)} sleep uninterruptibly"
            if users
            else "whoever reads or syncs sleeps",
        ),
        victims=tuple(each.scope for each in users)[:8],
    )


def _only_written_back(disk: Disk, waiting: list[Waiter]) -> bool:
    """Nobody waits for the device but writers that are held back by dirty pages: bandwidth, not latency.

    Who waits for the journal waits for these pages as well, when it is bulk data that is being written.
    """
    waits: tuple[Wait, ...] = ("read", "fsync", "device")
    if disk.request_bytes < BULK.value:
        waits = (*waits, "journal")
    return not any(each.part(*waits) > 0 and not each.kernel for each in waiting)


def _allowed_s(disk: Disk) -> float:
    flash = disk.block is not None and disk.block.rotational == 0
    return (SLOW_FLASH if flash else SLOW_SPINNING).value + disk.request_bytes / STREAM.value


def _time(view: View, disk: Disk) -> Evidence:
    return view.evidence(
        diskstats.SOURCE,
        "busy_ms",
        disk.service_s or 0.0,
        unit="s",
        scope=disk.scope,
        says=f"{disk.requests} requests, {disk.queue:.1f} under way on average, busy for {disk.busy:.0%} of the time: "
        f"{milliseconds(disk.service_s or 0.0)} for each",
    )


HYPOTHESIS = Hypothesis(
    id="device-slow",
    title="Device answers late",
    group="io",
    claim="A block device takes long for each request although few are under way, or lets requests time out.",
    signals=(
        Signal(
            "diskstats.busy_ms", "busy time for each request: what one takes without its wait in the queue"
        ),
        Signal("diskstats.read_ms", "time of reads; few under way and a long time each is a slow device"),
        Signal("diskstats.write_ms", "the same of writes"),
        Signal("block.lies_on", "the device below: where it is fast, the mapping above it is what is slow"),
        Signal("kernel_events.recent", "commands that timed out name the device without any doubt"),
        Signal("task_waits.blocked", "who sleeps for it"),
        Signal(
            "blocklat.read_histogram", "measured: single requests that are very late, which means do not show"
        ),
    ),
    thresholds=(
        SLOW_FLASH,
        SLOW_SPINNING,
        STREAM,
        BULK,
        ADDED,
        ADDED_BY_WORK,
        MOSTLY_ADDED,
        IDLE_BELOW,
        FEW,
        BUSY,
        STALLED,
        SPIKE,
        SPIKES,
        AGAINST_PAST,
        LIKE_BEFORE,
    ),
    rivals=(
        Rival(
            "device-saturated",
            "there many requests are under way, and their time is their wait for each other",
        ),
        Rival("cgroup-io-limit", "there requests are held before the device, whose own time stays short"),
        Rival(
            "dirty-page-throttling", "there only writing back is under way, and writers wait for bandwidth"
        ),
        Rival("device-hung", "there nothing ends at all"),
        Rival(
            "device-medium-error",
            "a disk that tries to read a bad sector again is slow as well; the log names it",
        ),
    ),
    explains=(
        "dirty-page-throttling",
        "journal-stall",
        "fsync-load",
        "writeback-storm",
        "device-saturated",
        "d-state-pileup",
        "lock-held-asleep",
        "page-cache-thrashing",
    ),
    mechanism=(
        "blk_account_io_start() and blk_account_io_done() in block/blk-mq.c count each request's time, and "
        "update_io_ticks() in block/blk-core.c the time with any in flight. Where few are in flight, the time of a "
        "request is the device's own. After its time-out (queue/io_timeout) blk_mq_timeout_work() hands it to the "
        "driver, which aborts it or resets the device."
    ),
    actions=(
        Action(
            "now",
            "Look at what the device says of itself, and whether its neighbours behind the same controller, "
            "hypervisor or array are slow too.",
            "none: it only reads",
            "smartctl -x /dev/DEVICE; nvme smart-log /dev/DEVICE; dmsetup table; dmsetup status",
        ),
        Action(
            "now",
            "Move what is urgent off the device: fail over, or drop it from its mirror if it has one.",
            "An array without its mirror has no second copy.",
        ),
        Action(
            "for good",
            "Replace the device, or raise what it is promised (IOPS, bandwidth) where somebody else's limit holds it "
            "back; alarm on latency, not on utilisation.",
            "Copying a worn device reads all of it; take the important data first.",
        ),
    ),
    asks=("blocklat",),
    kinds=("nvme-timeout", "scsi-timeout", "scsi-task-abort", "ata-exception", "block-io-error"),
    see=("Documentation/admin-guide/iostats.rst", "Documentation/block/stat.rst"),
    test=_test,
)
