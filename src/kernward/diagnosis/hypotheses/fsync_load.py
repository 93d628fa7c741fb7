"""A process spends its time in fsync()."""

from collections.abc import Iterator

from kernward.collectors.measurements import syscalls
from kernward.collectors.sources import diskstats, journal, task_waits
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
from kernward.diagnosis.memory import stall, stall_evidence
from kernward.diagnosis.storage import Disk, Storage, Waiter, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names
from kernward.records.check import Action, Evidence, Scope

SLEEPS = Threshold(
    "part of the samples in which a task of the process sleeps in fsync()",
    0.5,
    "",
    "a process found there in every other sample spends half of its time waiting for its own writes to be safe",
)
OFTEN = Threshold(
    "flushes or commits that somebody waits for",
    5.0,
    "1/s",
    "below that it is not how often it syncs but how long one takes: the device is slow",
)
CALLS = Threshold(
    "part of the time in which a thread of the process is in fsync()",
    0.5,
    "",
    "as above, measured of each call",
)
SUSPECT = Threshold(
    "flushes at which it is worth to look who calls",
    20.0,
    "1/s",
    "a busy database's log flushes as often and hardly waits; the calls tell",
)
SEEN = Threshold(
    "part of the samples in which it sleeps there, of a device that is flushed that often, where calls cannot be measured",
    0.2,
    "",
    "a flush that takes less time than the calls around it is rarely met asleep",
)
BUSY = Threshold(
    "part of the time in which the flushed device is busy",
    0.3,
    "",
    "who waits for a device half of the time keeps it busy for most of that; a process that was seen in fsync() by chance "
    "does not",
)
SMALL = Threshold(
    "mean size of a write",
    float(256 << 10),
    "bytes",
    "who syncs after each record writes little at a time; large writes are a copy, which waits for bandwidth",
)
_CALLS = ("fsync", "fdatasync", "msync", "sync_file_range", "pwritev2", "syncfs")


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(diskstats.SOURCE)
    if missing:
        yield Unknown(reason=f"flushes of devices cannot be counted: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="how often a device is flushed takes two readings, and there is one")
        return
    storage = Storage(view)
    often, disk = _how_often(view, storage)
    sleepers = [each for each in waiters(view) if not each.kernel and each.part("fsync") > 0]
    heavy = [each for each in sleepers if each.part("fsync") >= SLEEPS.value]
    measured = _by_calls(view) if view.has("syscalls") else None
    if often < OFTEN.value:
        yield Refuted(
            reason=f"devices are flushed and journals committed for somebody {often:.1f} times a second"
            + (f"; {heavy[0].scope.name} waits in fsync() for other reasons" if heavy else ""),
            evidence=(_flushes(view, disk, often),) if disk is not None else (),
        )
        return
    if (
        disk is not None
        and disk.over.writes
        and (disk.over.write_bytes or 0) / disk.over.writes > SMALL.value
    ):
        yield Refuted(
            reason=f"{disk.name} is written {(disk.over.write_bytes or 0) / disk.over.writes / 1024:.0f} KiB at a time: bulk "
            "data, not records",
            evidence=(_flushes(view, disk, often),),
        )
        return
    busy = disk is None or disk.busy >= BUSY.value
    if heavy and busy:
        first = max(heavy, key=lambda each: each.part("fsync") * each.tasks)
        share = first.part("fsync")
        yield _confirmed(view, disk, often, first.scope, share, heavy, _asleep(view, first), 0.92)
        return
    if measured is not None:
        scope, share, calls, spent = measured
        if share >= CALLS.value:
            evidence = view.evidence(
                syscalls.SOURCE,
                "by_name_s",
                spent,
                unit="s",
                scope=scope,
                says=f"in {calls} calls of fsync() and the like, {milliseconds(spent / max(calls, 1))} each",
            )
            yield _confirmed(view, disk, often, scope, min(share, 1.0), sleepers, evidence, 0.93)
            return
    if often >= SUSPECT.value and busy and measured is None:
        if view.can_ask("syscalls"):
            yield Open(
                suspicion=0.5,
                reason=f"a device is flushed {often:.0f} times a second and busy; the calls tell for whom",
                asks=("syscalls",),
            )
        elif sleepers and sleepers[0].part("fsync") >= SEEN.value:
            first = max(sleepers, key=lambda each: each.part("fsync") * each.tasks)
            share = first.part("fsync")
            yield _confirmed(view, disk, often, first.scope, share, sleepers, _asleep(view, first), 0.6)
        else:
            yield Unknown(
                reason=f"a device is flushed {often:.0f} times a second and busy; for whom could not be measured",
                evidence=(_flushes(view, disk, often),),
            )
        return
    yield Refuted(
        reason=f"flushed {often:.0f} times a second, and no process spends half of its time waiting for it",
        evidence=(_flushes(view, disk, often),) if disk is not None else (),
    )


def _how_often(view: View, storage: Storage) -> tuple[float, Disk | None]:
    """Flushes a second of the device with most, or commits that somebody waits for where no flush is counted."""
    flushed = [disk for disk in storage.disks.values() if disk.over.flushes]
    most = max(flushed, key=lambda disk: disk.over.flushes or 0, default=None)
    rate = (most.over.flushes or 0) / most.seconds if most is not None else 0.0
    commits: dict[str, float] = {}
    seconds = view.window.seconds_of(journal.SOURCE)
    for name, each in view.window.each_over(journal.SOURCE).items():
        commits[storage.whole(name)] = (each.commits_requested or 0) / seconds
    if commits:
        name = max(commits, key=lambda each: commits[each])
        if commits[name] > rate:
            return commits[name], storage.disks.get(name)
    # A device without a cache to flush: the writes themselves are what is waited for.
    synchronous = [
        disk
        for disk in storage.disks.values()
        if disk.block is not None and disk.block.write_cache == "write through" and disk.over.writes
    ]
    plain = max(synchronous, key=lambda disk: disk.over.writes or 0, default=None)
    if plain is not None and (plain.over.writes or 0) / plain.seconds > rate:
        return (plain.over.writes or 0) / plain.seconds, plain
    return rate, most


def _by_calls(view: View) -> tuple[Scope, float, int, float] | None:
    """The process with most time in such calls: its scope, the part of the time, the calls, their time."""
    found: tuple[Scope, float, int, float] | None = None
    seconds = view.window.seconds_of(syscalls.SOURCE)
    for pid, each in view.window.each_over(syscalls.SOURCE).items():
        spent = sum((each.by_name_s or {}).get(name, 0.0) for name in _CALLS)
        calls = sum((each.calls_by_name or {}).get(name, 0) for name in _CALLS)
        if found is None or spent > found[3]:
            found = Scope("process", f"{each.comm or ''}[{pid}]"), spent / seconds, calls, spent
    return found


def _asleep(view: View, waiter: Waiter) -> Evidence:
    return view.evidence(
        task_waits.SOURCE,
        "blocked",
        waiter.tasks,
        scope=waiter.scope,
        change=False,
        says=f"{waiter.tasks:.1f} tasks, in fsync() in {waiter.part('fsync'):.0%} of the samples",
    )


def _flushes(view: View, disk: Disk | None, often: float) -> Evidence:
    counted = disk is not None and bool(disk.over.flushes)
    took = (
        ""
        if disk is None or not disk.over.flushes
        else (f", {milliseconds((disk.over.flush_ms or 0) / 1000 / disk.over.flushes)} each")
    )
    return view.evidence(
        diskstats.SOURCE if counted else journal.SOURCE,
        "flushes" if counted else "commits_requested",
        often,
        unit="1/s",
        scope=disk.scope if disk is not None else Scope(),
        says=("flushes of the device's cache" if counted else "commits that somebody waits for") + took,
    )


def _confirmed(
    view: View,
    disk: Disk | None,
    often: float,
    scope: Scope,
    share: float,
    sleepers: list[Waiter],
    who: Evidence,
    confidence: float,
) -> Confirmed:
    evidence = [who, _flushes(view, disk, often)]
    if disk is not None:
        evidence.append(
            view.evidence(
                diskstats.SOURCE,
                "write_bytes",
                (disk.over.write_bytes or 0) / disk.seconds,
                unit="bytes/s",
                scope=disk.scope,
                says=f"{disk.name} is written {(disk.over.writes or 0) / disk.seconds:,.0f} times a second, and busy for "
                f"{disk.busy:.0%} of the time",
            )
        )
    for device, each in view.window.each(journal.SOURCE).items():
        if disk is not None and each.commit_s and Storage(view).whole(device) == disk.name:
            evidence.append(
                view.evidence(
                    journal.SOURCE,
                    "commit_s",
                    each.commit_s,
                    scope=Scope("device", device),
                    change=False,
                    file=f"/proc/fs/jbd2/{device}-8/info",
                    says="a commit of the journal takes so long on average",
                )
            )
    waited = stall(view, "io_some")
    if waited is not None:
        evidence.append(stall_evidence(view, waited, "io_some"))
    others = [each.scope for each in sleepers if each.scope != scope]
    where = disk.name if disk is not None else "the device"
    return Confirmed(
        scope=scope,
        confidence=confidence,
        impact=min(1.0, share),
        mechanism=(
            f"{scope.name} is in fsync() for {share:.0%} of the time: {where} is flushed or its journal committed {often:,.0f} "
            "times a second, each time for little data. ext4_sync_file() in fs/ext4/fsync.c has the journal commit, and "
            "blkdev_issue_flush() in block/blk-flush.c waits for the cache of the device."
            + (f" {names(others)} wait for the same commits." if others else "")
        ),
        evidence=tuple(evidence),
        chain=(
            f"{scope.name} syncs after each small write",
            "each sync commits the journal and flushes the device's cache",
            "the next write begins only then, and every other fsync() of the file system waits too",
        ),
        victims=tuple(others)[:8],
    )


HYPOTHESIS = Hypothesis(
    id="fsync-load",
    title="Process waits for its own fsync()",
    group="io",
    claim="A process syncs after each small write, and spends its time waiting for that.",
    signals=(
        Signal("task_waits.blocked", "tasks that sleep in fsync(), sample after sample"),
        Signal("diskstats.flushes", "how often the device's cache is flushed"),
        Signal("journal.commits_requested", "commits of the journal that somebody waits for"),
        Signal("diskstats.write_bytes", "little data for so many writes"),
        Signal("syscalls.by_name_s", "measured: the time in fsync() of each process"),
    ),
    thresholds=(SLEEPS, OFTEN, CALLS, SUSPECT, SEEN, BUSY, SMALL),
    rivals=(
        Rival("device-slow", "there one flush or write takes long, however seldom"),
        Rival("dirty-page-throttling", "there plain writes sleep, without any fsync()"),
        Rival(
            "journal-stall",
            "there operations wait for a commit that is under way, without having asked for it",
        ),
        Rival("device-saturated", "there many requests queue; here one waits for the other"),
    ),
    # Thousands of flushes a second are as many interrupts and wake-ups, and the CPU that these take.
    explains=(
        "journal-stall",
        "d-state-pileup",
        "lock-held-asleep",
        "device-saturated",
        "interrupt-load",
        "softirq-load",
        "context-switch-load",
        "cpu-run-queue-overload",
    ),
    mechanism=(
        "fsync() returns when the data, the journal and the device's own cache are safe: do_fsync() in fs/sync.c, "
        "ext4_sync_file() with ext4_fc_commit() or jbd2_complete_transaction(), blkdev_issue_flush(). One such round is a "
        "flush of the device, 0.02 ms with a protected cache and 10 ms on a disk without; nothing is gained by a faster "
        "CPU or more bandwidth."
    ),
    actions=(
        Action(
            "now",
            "See whether what syncs may sync less often: group commits, a larger batch, one file instead of many.",
            "What was not synced is lost at a power cut: ask who relies on it.",
            "strace -c -f -e trace=fsync,fdatasync -p PID",
        ),
        Action(
            "for good",
            "Put the log on a device with power-loss protection (its cache needs no flush), or on one of its own, so that "
            "others do not wait for the same journal.",
            "Mounting with barrier=0 or turning the write cache's flush off loses data at a power cut.",
        ),
    ),
    asks=("syscalls",),
    see=("fs/ext4/fsync.c", "block/blk-flush.c"),
    test=_test,
)
