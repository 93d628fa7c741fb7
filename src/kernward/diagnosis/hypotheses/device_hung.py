"""A local device, or a mapping, no longer answers at all."""

from collections.abc import Iterator

from kernward.collectors.measurements import blocklat
from kernward.collectors.sources import block, diskstats, task_waits
from kernward.diagnosis.disk_errors import blamed
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
from kernward.diagnosis.storage import Storage, Waiter, victims, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import names
from kernward.records.check import Action, Scope

SILENT = Threshold(
    "time in which no request ended although some were in flight",
    4.0,
    "s",
    "a disk that wakes up takes 10 s at most but is asleep before it has requests; one that tries a bad sector again "
    "takes 7 s, and the driver reports it. Below this any answer may still be on its way",
)
SURE = Threshold(
    "time in which no request ended, to be sure of it",
    30.0,
    "s",
    "the usual time-out of a request: what has not ended by then will not end by itself",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(diskstats.SOURCE)
    if missing:
        yield Unknown(reason=f"requests of devices cannot be counted: {missing}")
        return
    storage = Storage(view)
    waiting = [
        each for each in waiters(view) if each.share >= 0.9 and each.part("frozen", "network") < each.share
    ]
    held = [name for name in storage.blocks if _held(view, name) and (waiting or storage.stuck(name))]
    for name in storage.lowest(held):
        yield _suspended(view, storage, name, waiting)
    if held:
        return
    if window.since_boot:
        yield Unknown(reason="whether requests end takes two readings, and there is one")
        return
    explained = blamed(view, storage)
    silent = [
        name
        for name in storage.disks
        if storage.stuck(name) and storage.remote(name) is None and storage.whole(name) not in explained
    ]
    lowest = [name for name in storage.lowest(silent) if not storage.below(name) & set(explained)]
    seconds = window.seconds_of(diskstats.SOURCE)
    if not lowest:
        yield Refuted(reason="each device that has requests in flight ended some of them")
        return
    if window.why_absent(task_waits.SOURCE) is None and not waiting:
        yield Refuted(
            reason=f"{lowest[0]} has requests in flight that do not end, and no task waits for them"
        )
        return
    if seconds < SURE.value and view.can_ask(blocklat.SOURCE.name):
        yield Open(
            suspicion=0.6,
            reason=f"{lowest[0]} ended no request in {seconds:.1f} s; one that is merely slow ends some in as long again",
            asks=(blocklat.SOURCE.name,),
        )
        return
    if seconds < SILENT.value:
        yield Unknown(reason=f"{lowest[0]} ended no request in {seconds:.1f} s, which is too short to tell")
        return
    for name in lowest:
        flights = storage.in_flight(name)
        yield Confirmed(
            scope=Scope("device", name),
            confidence=0.95 if seconds >= SURE.value else 0.8,
            impact=1.0,
            mechanism=(
                f"{name} has {flights[-1]} requests in flight, and none of any kind ended in {seconds:.1f} s. No time-out was "
                "reported. Whoever waits for one sleeps in io_schedule() in kernel/sched/core.c and cannot be killed."
            ),
            evidence=(
                view.evidence(
                    diskstats.SOURCE,
                    "in_flight",
                    flights[-1],
                    scope=Scope("device", name),
                    change=False,
                    says=f"in flight in each of {len(flights)} samples, at least {min(flights)}",
                ),
                view.evidence(
                    diskstats.SOURCE,
                    "reads",
                    0,
                    scope=Scope("device", name),
                    says="requests of any kind that ended",
                ),
            ),
            chain=(
                f"{name} does not answer",
                "its requests stay in flight",
                f"{names(each.scope for each in waiting)} sleep",
            ),
            victims=victims(waiting),
        )


def _held(view: View, name: str) -> bool:
    """Suspended in each sample: a snapshot suspends for a moment."""
    seen = [
        each for sample in view.window.samples if (each := sample.each(block.SOURCE).get(name)) is not None
    ]
    return bool(seen) and all(each.suspended for each in seen)


def _suspended(view: View, storage: Storage, name: str, waiting: list[Waiter]) -> Confirmed:
    device = storage.blocks[name]
    return Confirmed(
        scope=Scope("device", name),
        confidence=0.93,
        impact=1.0,
        mechanism=(
            f"The device-mapper table {device.mapped_name} ({name}) is suspended: dm_submit_bio() in drivers/md/dm.c puts "
            "all I/O aside until it is resumed, as during a change of its table that was not finished."
        ),
        evidence=(
            view.evidence(
                block.SOURCE,
                "suspended",
                1,
                scope=Scope("device", name),
                change=False,
                file=f"/sys/block/{name}/dm/suspended",
                says="all I/O to it is held back",
            ),
        ),
        chain=(
            "the table is suspended",
            "its I/O is put aside",
            f"{names(each.scope for each in waiting)} sleep",
        ),
        victims=victims(waiting),
    )


HYPOTHESIS = Hypothesis(
    id="device-hung",
    title="Device no longer answers",
    group="io",
    claim="A local device has requests in flight of which none ends, or a mapping holds all I/O back.",
    signals=(
        Signal("diskstats.in_flight", "stays above 0"),
        Signal("diskstats.reads", "no request of any kind ends"),
        Signal("block.suspended", "a device-mapper table that was suspended and not resumed"),
        Signal("task_waits.blocked", "tasks that sleep all the time"),
        Signal("blocklat.writes", "measured, and a longer look with it: whether any request ends after all"),
    ),
    thresholds=(SILENT, SURE),
    rivals=(
        Rival("remote-storage-hung", "there it is the server behind a network that does not answer"),
        Rival("device-slow", "there requests end late, or the driver reports that they timed out"),
        Rival("filesystem-frozen", "there no request is in flight: writers wait before they send any"),
    ),
    explains=(
        "d-state-pileup",
        "lock-held-asleep",
        "journal-stall",
        "fsync-load",
        "dirty-page-throttling",
        "filesystem-frozen",
    ),
    mechanism=(
        "A request stays in flight until the driver ends it with blk_mq_end_request(). Drivers without a time-out of "
        "their own (virtio, many mapped "
        "devices) wait for ever; others report the time-out and reset the device."
    ),
    actions=(
        Action(
            "now",
            "Look at what should answer: the hypervisor's storage, the controller, the suspended table.",
            "Resuming a table of which somebody is in the middle of a change may show old data.",
            "dmsetup info; dmsetup resume NAME; cat /sys/block/DEVICE/inflight",
        ),
        Action(
            "for good",
            "Restart the machine if nothing answers: tasks in state D do not end otherwise.",
            "What was not written is lost.",
        ),
    ),
    asks=("blocklat",),
    see=("block/blk-mq.c", "drivers/md/dm.c"),
    test=_test,
)
