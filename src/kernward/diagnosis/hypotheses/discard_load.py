"""Whoever frees space waits until the device has taken it back."""

from collections.abc import Iterator
from typing import NamedTuple

from kernward.collectors.measurements import offcpu
from kernward.collectors.sources import diskstats, mounts
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
from kernward.diagnosis.storage import Disk, Storage, Waiter, asleep, wait_of, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names
from kernward.records.check import Action, Evidence, Scope

QUEUE = Threshold(
    "discards under way, on average",
    0.3,
    "",
    "a file deleted now and then is discarded in a millisecond; with a third of one always under way, space is freed "
    "as fast as the device takes it back",
)
WAITS = Threshold(
    "part of the time in which a process waits for discards",
    0.2,
    "",
    "below that, who frees space hardly notices, or does it in the background",
)


class Freeing(NamedTuple):
    """Who waits for discards, for which part of the time (threads together), and what says so."""

    scope: Scope
    share: float
    evidence: Evidence


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(diskstats.SOURCE)
    if missing:
        yield Unknown(reason=f"discards could not be counted: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="how much is discarded now takes two readings, and there is one")
        return
    storage = Storage(view)
    if storage.disks and all(disk.over.discard_ms is None for disk in storage.disks.values()):
        yield Unknown(reason="/proc/diskstats does not count discards here (it does since Linux 4.18)")
        return
    loaded = storage.lowest(
        [name for name, disk in storage.disks.items() if disk.discard_queue >= QUEUE.value]
    )
    if not loaded:
        worst = max(storage.disks.values(), key=lambda disk: disk.discard_queue, default=None)
        yield Refuted(
            reason="nothing is being discarded all the time"
            + (
                ""
                if worst is None or not worst.over.discards
                else f"; {worst.name} has {worst.discard_queue:.2f} discards under way on average"
            ),
            evidence=() if worst is None else (_discards(view, worst),),
        )
        return
    disk = max((storage.disks[name] for name in loaded), key=lambda each: each.discard_queue)
    found = _freeing(view)
    loaded_with = f"{disk.name} has {disk.discard_queue:.1f} discards under way"
    if not found and view.can_ask(offcpu.SOURCE.name):
        yield Open(
            suspicion=0.5,
            reason=f"{loaded_with}; who waits for them is not known yet",
            asks=(offcpu.SOURCE.name,),
            evidence=(_discards(view, disk),),
        )
    elif found:
        yield _confirmed(view, storage, disk, found)
    elif view.has(offcpu.SOURCE.name):
        yield Refuted(
            reason=f"{loaded_with}, and nobody waits for them who was not asked to discard",
            evidence=(_discards(view, disk),),
        )
    else:
        yield Unknown(
            reason=f"{loaded_with}; who waits for them could not be measured",
            evidence=(_discards(view, disk),),
        )


def _freeing(view: View) -> list[Freeing]:
    """The processes that wait for discards, the one with the most first: as measured, else as seen asleep."""
    found = _measured(view) if view.has(offcpu.SOURCE.name) else _seen_asleep(view)
    return sorted((each for each in found if each.share >= WAITS.value), key=lambda each: -each.share)


def _measured(view: View) -> Iterator[Freeing]:
    seconds = view.window.seconds_of(offcpu.SOURCE)
    for pid, each in view.window.each_over(offcpu.SOURCE).items():
        spent = sum(
            took for stack, took in (each.by_stack_s or {}).items() if wait_of(stack.split(";")) == "discard"
        )
        scope = Scope("process", f"{each.comm or ''}[{pid}]")
        evidence = view.evidence(
            offcpu.SOURCE, "by_stack_s", spent, unit="s", scope=scope, says="asleep in blkdev_issue_discard()"
        )
        yield Freeing(scope, spent / seconds, evidence)


def _seen_asleep(view: View) -> Iterator[Freeing]:
    for each in waiters(view):
        share = each.part("discard")
        if share and not each.kernel:
            (evidence,) = asleep(view, [each], _slept)
            yield Freeing(each.scope, share, evidence)


def _slept(waiter: Waiter) -> str:
    return f"slept for a discard in {waiter.part('discard'):.0%} of the samples"


def _discards(view: View, disk: Disk) -> Evidence:
    count = disk.over.discards or 0
    each = f", {milliseconds((disk.over.discard_ms or 0) / 1000 / count)} each" if count else ""
    return view.evidence(
        diskstats.SOURCE,
        "discards",
        count / disk.seconds,
        unit="1/s",
        scope=disk.scope,
        says=f"discards of {disk.name}{each}: {disk.discard_queue:.1f} are under way on average",
    )


def _confirmed(view: View, storage: Storage, disk: Disk, found: list[Freeing]) -> Confirmed:
    first = found[0]
    rate = (disk.over.discards or 0) / disk.seconds
    mounted = {
        point: options
        for point in storage.on(disk.name)
        if (options := storage.mounts[point].filesystem_options)
        and any(option.partition("=")[0] == "discard" for option in options.split(","))
    }
    # Parts of a file system that are mounted elsewhere too are the same file system.
    points = [point for point in mounted if storage.mounts[point].subtree == "/"] or list(mounted)
    evidence = [_discards(view, disk), *(each.evidence for each in found[:4])]
    evidence += [
        view.evidence(
            mounts.SOURCE,
            "filesystem_options",
            mounted[point],
            scope=Scope("filesystem", point),
            change=False,
            says="its mount options",
        )
        for point in points[:2]
    ]
    why = (
        f"{names(Scope('filesystem', point) for point in points)} {'is' if len(points) == 1 else 'are'} mounted with "
        "discard, so that"
        if points
        else "Here"
    )
    return Confirmed(
        scope=disk.scope,
        confidence=0.9 if points else 0.75,
        impact=min(1.0, first.share),
        mechanism=(
            f"{why} space that is freed is handed back to {disk.name} at once, {rate:,.0f} times a second: "
            f"blkdev_issue_discard() in block/blk-lib.c sends each piece and waits until it is done. "
            f"{names(each.scope for each in found)} {'waits' if len(found) == 1 else 'wait'} for that for up to "
            f"{min(first.share, 1.0):.0%} of the time."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{first.scope.name} deletes or truncates files",
            f"{rate:,.0f} discards a second",
            "each is waited for: deleting takes longer than writing did",
        ),
        victims=tuple(each.scope for each in found)[:8],
    )


HYPOTHESIS = Hypothesis(
    id="discard-load",
    title="Freed space is discarded piece by piece",
    group="io",
    claim="Processes that delete or truncate files wait until the device has discarded what they freed.",
    signals=(
        Signal("diskstats.discards", "how often space is handed back"),
        Signal("diskstats.discard_ms", "how long that takes: how many are under way on average"),
        Signal("task_waits.blocked", "tasks that sleep in blkdev_issue_discard()"),
        Signal("offcpu.by_stack_s", "measured: for how long each process sleeps there"),
        Signal("mounts.filesystem_options", "discard: the file system hands back what is freed at once"),
    ),
    thresholds=(QUEUE, WAITS),
    rivals=(
        Rival("device-saturated", "there reads and writes queue; here what is waited for are discards"),
        Rival("fsync-load", "there the wait is for data to be safe, in fsync()"),
        Rival(
            "interrupt-load",
            "there a program asks for tiny pieces; here the file system does, for what it frees",
        ),
    ),
    # Each discard is a request like any other: its interrupt, its waking, its place in the queue.
    explains=(
        "interrupt-load",
        "softirq-load",
        "context-switch-load",
        "device-saturated",
        "device-slow",
        "journal-stall",
        "d-state-pileup",
        "lock-held-asleep",
    ),
    mechanism=(
        "With the mount option discard a file system tells the device of each extent that it frees. ext4 without a "
        "journal does so in ext4_free_blocks() (fs/ext4/mballoc.c), within unlink(), ftruncate() and close(), and waits; "
        "with one it is done after the commit of the transaction, which on older kernels makes the next fsync() wait. A "
        "discard is no cheap request: devices may take milliseconds for each, whatever its size, and some stop "
        "everything else for it."
    ),
    actions=(
        Action(
            "now",
            "Mount without discard, and discard what is free once a week.",
            "A device that is nearly full and never told what is free writes more slowly in the long run.",
            "mount -o remount,nodiscard MOUNTPOINT; systemctl enable --now fstrim.timer",
        ),
        Action(
            "now",
            "See for which files: who deletes and truncates.",
            "strace slows the process down.",
            "strace -f -c -e trace=unlink,unlinkat,truncate,ftruncate -p PID",
        ),
        Action(
            "for good",
            "Keep files and overwrite them rather than delete and create them; leave discarding to fstrim.",
            "Space stays in use.",
        ),
    ),
    asks=("offcpu",),
    see=("block/blk-lib.c", "fs/ext4/mballoc.c", "Documentation/admin-guide/ext4.rst"),
    test=_test,
)
