"""A device fails some of its requests and is still used."""

from collections.abc import Iterator

from kernward.collectors.sources import block, diskstats
from kernward.diagnosis.disk_errors import ERRORS, Blamed, by_failure
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Verdict
from kernward.diagnosis.log_events import ago, summed_up
from kernward.diagnosis.storage import Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope


def _test(view: View) -> Iterator[Verdict]:
    return by_failure(
        view,
        "failing",
        _confirmed,
        known_by="failed requests",
        others=lambda other: f"are of another kind ({other.failure})",
        none="failed request",
    )


def _confirmed(view: View, storage: Storage, failing: Blamed) -> Confirmed:
    scope = Scope("device", failing.device)
    evidence = [summed_up(view, failing.events, scope=scope)]
    first, last = failing.events[0].age_s, failing.events[-1].age_s
    disk = storage.disks.get(failing.device)
    if disk is not None and not view.window.since_boot and disk.requests:
        evidence.append(
            view.evidence(
                diskstats.SOURCE,
                "reads",
                disk.requests,
                unit="",
                scope=scope,
                says="reads and writes that ended while it was watched: it is still used",
            )
        )
    device = storage.blocks.get(failing.device)
    if device is not None and device.command_errors:
        evidence.append(
            view.evidence(
                block.SOURCE,
                "command_errors",
                device.command_errors,
                scope=scope,
                change=False,
                says=f"of {device.commands or 0} SCSI commands since the device appeared",
            )
        )
    below = storage.below(failing.device)
    span = (
        f" from {ago(first)} to {ago(last)}"
        if first is not None and last is not None and first - last > 1
        else ""
    )
    return Confirmed(
        scope=scope,
        confidence=0.9,
        impact=0.9,
        mechanism=(
            f"{failing.device} failed {failing.errors} requests that the log tells of{span} (the log is rate-limited: "
            f"there may be more), the last: {failing.says}. "
            + (
                f"What it lies on ({', '.join(sorted(below))}) reports no error: it is the mapping that fails them. "
                if below
                else ""
            )
            + "Whoever asked gets EIO: a read gives no data, a write that was already acknowledged is lost."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{failing.device} fails some requests",
            "the error reaches whoever asked, or the page cache drops what it could not write",
            "programs get EIO; file systems stop when it is their journal",
        ),
        victims=storage.filesystems_on(failing.device),
    )


HYPOTHESIS = Hypothesis(
    id="device-failing",
    title="Device fails requests",
    group="io",
    claim="A block device fails some of its requests; it is still used.",
    signals=(
        Signal("kernel_events.recent", "requests that failed, by device; none: the device is not failing"),
        Signal("block.command_errors", "SCSI commands that ended with an error"),
        Signal("diskstats.reads", "requests that ended: it is still in use"),
    ),
    thresholds=(),
    rivals=(
        Rival("device-failed", "there somebody has given the device up"),
        Rival("device-medium-error", "there the same few sectors fail, and all others can be read"),
        Rival("device-slow", "there requests time out, and succeed when they are tried again"),
        Rival("device-data-changed", "there the request succeeds, and what came does not fit its checksum"),
    ),
    explains=("filesystem-read-only", "filesystem-corrupted", "device-slow"),
    mechanism=(
        "blk_print_req_error() in block/blk-mq.c and buffer_io_error() in fs/buffer.c report what failed after all "
        "retries. A bad cable, a loose connector, a controller or a path that comes and goes fails whatever is under way "
        "at that moment, at any place of the device."
    ),
    actions=(
        Action(
            "now",
            "Read what the device and its link say: interface errors point at the cable, reallocated sectors at the disk.",
            "none: it only reads",
            "smartctl -x /dev/DEVICE; dmesg --level err,warn | tail -50",
        ),
        Action(
            "now",
            "Stop what must not lose data, and copy it while the device still answers.",
            "Reading a failing disk from end to end may finish it: the most important first.",
        ),
        Action(
            "for good",
            "Replace the cable, then the device; run a check of the file system afterwards.",
            "A check of a file system on a device that still fails makes things worse.",
        ),
    ),
    kinds=ERRORS,
    see=("block/blk-mq.c", "fs/buffer.c"),
    test=_test,
)
