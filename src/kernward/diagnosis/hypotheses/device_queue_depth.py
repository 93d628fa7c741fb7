"""A device may be sent only few commands at a time, and requests wait for their turn to be sent."""

from collections.abc import Iterator

from kernward.collectors.sources import block, diskstats
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.storage import Disk, Storage, victims, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds
from kernward.records.check import Action, Evidence

SHALLOW = Threshold(
    "commands that may be under way at a time",
    8.0,
    "",
    "SATA has 31, SCSI and NVMe hundreds: so few is a setting, an old adapter, or a queue that was turned down after the "
    "device answered that it was full (scsi_track_queue_full())",
)
ALWAYS = Threshold(
    "part of the samples in which the queue is full",
    0.75,
    "",
    "at the limit by chance now and then is what a limit is for",
)
WAITING = Threshold(
    "requests for each one that may be under way",
    2.0,
    "",
    "then a request waits longer for its turn than it takes",
)
QUICK = Threshold(
    "time that the device needs for one",
    0.02,
    "s",
    "where the device itself takes longer than that, more at a time would not help",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(block.SOURCE) or window.why_absent(diskstats.SOURCE)
    if missing:
        yield Unknown(reason=f"the depth of queues could not be read: {missing}")
        return
    if window.since_boot:
        yield Unknown(reason="whether a queue stays full takes several readings, and there is one")
        return
    storage = Storage(view)
    shallow = 0
    found = False
    for name, disk in storage.disks.items():
        limit = _limit(disk)
        if limit is None or limit > SHALLOW.value:
            continue
        shallow += 1
        flights = storage.in_flight(name)
        full = sum(each >= limit for each in flights)
        quick = disk.requests > 0 and limit * disk.seconds / disk.requests <= QUICK.value
        if (
            len(flights) > 2
            and full >= ALWAYS.value * len(flights)
            and disk.queue >= WAITING.value * limit
            and quick
            and any(not each.kernel and each.share >= 0.5 for each in waiters(view))
        ):
            found = True
            yield _confirmed(view, disk, limit, full / len(flights))
    if not found:
        yield Refuted(
            reason="every device may be sent more than eight commands at a time"
            if not shallow
            else f"{shallow} devices have shallow queues, and none of them is full all the time with requests waiting"
        )


def _limit(disk: Disk) -> int | None:
    if disk.block is None:
        return None
    found = [each for each in (disk.block.queue_depth, disk.block.requests_limit) if each]
    return min(found) if found else None


def _confirmed(view: View, disk: Disk, limit: int, full: float) -> Confirmed:
    own_s = limit * disk.seconds / disk.requests
    whole_s = disk.queue * disk.seconds / disk.requests
    return Confirmed(
        scope=disk.scope,
        confidence=0.8,
        impact=max(0.0, 1 - own_s / whole_s),
        mechanism=(
            f"{disk.name} may be sent {limit} commands at a time, and has so many under way in {full:.0%} of the samples; "
            f"{disk.queue:.1f} requests are there on average. A request takes {milliseconds(whole_s)}, of which the device "
            f"needs {milliseconds(own_s)}: the rest it waits for a tag (blk_mq_get_tag() in block/blk-mq-tag.c, "
            "scsi_dev_queue_ready() in drivers/scsi/scsi_lib.c)."
        ),
        evidence=(
            _depth(view, disk, limit),
            view.evidence(
                diskstats.SOURCE,
                "waited_ms",
                disk.queue,
                unit="requests",
                scope=disk.scope,
                says="requests there on average, those not yet sent included",
            ),
        ),
        chain=(
            f"only {limit} commands may be under way",
            "further requests wait before they are sent",
            "readers sleep",
        ),
        victims=victims(each for each in waiters(view) if each.share >= 0.5),
    )


def _depth(view: View, disk: Disk, limit: int) -> Evidence:
    depth = disk.block is not None and disk.block.queue_depth == limit
    return view.evidence(
        block.SOURCE,
        "queue_depth" if depth else "requests_limit",
        limit,
        scope=disk.scope,
        change=False,
        file=f"/sys/block/{disk.name}/{'device/queue_depth' if depth else 'queue/nr_requests'}",
        says="commands that may be under way at a time",
    )


HYPOTHESIS = Hypothesis(
    id="device-queue-depth",
    title="Device's queue too shallow",
    group="io",
    claim="A device may be sent so few commands at a time that requests wait for their turn while it could do more.",
    signals=(
        Signal("block.queue_depth", "commands that a SCSI device is sent at a time"),
        Signal("block.requests_limit", "requests that a queue can hold"),
        Signal("diskstats.in_flight", "at that limit in most samples"),
        Signal("diskstats.waited_ms", "requests there on average: many more than are under way"),
    ),
    thresholds=(SHALLOW, ALWAYS, WAITING, QUICK),
    rivals=(
        Rival("device-saturated", "there the device has as many as it can use, and is at its capacity"),
        Rival("device-slow", "there each takes long in the device itself"),
    ),
    explains=("device-saturated", "d-state-pileup"),
    mechanism=(
        "Each command in flight takes a tag. SCSI lowers the depth when a device answers TASK SET FULL "
        "(scsi_track_queue_full() in drivers/scsi/scsi.c) and raises it again slowly, if at all."
    ),
    actions=(
        Action(
            "now",
            "Raise the depth, and see whether more requests end in a second.",
            "A device that said that it was full gets slower for everybody who shares it.",
            "echo 32 > /sys/block/DEVICE/device/queue_depth",
        ),
        Action(
            "for good",
            "Set it where the adapter's driver is configured; ask the array's vendor for the depth for each host.",
            "Many hosts with deep queues overrun an array's ports.",
        ),
    ),
    see=("block/blk-mq-tag.c", "drivers/scsi/scsi.c"),
    test=_test,
)
