"""A device has failed for good: its driver, its array or its file system has given it up."""

from collections.abc import Iterator

from kernward.collectors.sources import block, kernel_events, md, mounts
from kernward.diagnosis.disk_errors import GIVEN_UP, STOPPED, Blamed, blamed
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Refuted, Rival, Signal, Unknown, Verdict
from kernward.diagnosis.log_events import ago, summed_up
from kernward.diagnosis.storage import Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope


def _test(view: View) -> Iterator[Verdict]:
    storage = Storage(view)
    blames = blamed(view, storage)
    failed = [each for each in blames.values() if each.failure == "failed"]
    for each in failed:
        yield _confirmed(view, storage, each)
    if failed:
        return
    missing = view.window.why_absent(kernel_events.SOURCE)
    if missing and view.window.why_absent(block.SOURCE):
        yield Unknown(reason=f"neither the kernel's log nor the state of devices could be read: {missing}")
    elif missing:
        yield Refuted(
            reason="no driver and no array says that a device is out of use (the log could not be read)"
        )
    else:
        yield Refuted(
            reason="no driver, array or file system has given a device up"
            + ("" if not blames else f"; errors of {', '.join(blames)} are of another kind")
        )


def _confirmed(view: View, storage: Storage, failed: Blamed) -> Confirmed:
    scope = Scope("device", failed.device)
    evidence: list[Evidence] = []
    if failed.events:
        evidence.append(summed_up(view, failed.events, scope=scope, says=failed.says))
    for array, members in view.window.each(md.SOURCE).items():
        if failed.device in {storage.whole(each) for each in members.faulty}:
            evidence.append(
                view.evidence(
                    md.SOURCE,
                    "missing",
                    members.missing or 0,
                    scope=Scope("device", array),
                    change=False,
                    says=f"{array} ({members.level}) has marked {failed.device} faulty and lacks "
                    f"{members.missing or 0} of {members.disks or 0} members",
                )
            )
    device = storage.blocks.get(failed.device)
    if device is not None and device.state is not None and not evidence:
        evidence.append(
            view.evidence(block.SOURCE, "state", device.state, scope=scope, change=False, says=failed.says)
        )
    points = storage.on(failed.device)
    if device is None and not evidence:
        points = [point for point, each in storage.mounts.items() if each.source == f"/dev/{failed.device}"]
        evidence.append(
            view.evidence(
                mounts.SOURCE,
                "number",
                storage.mounts[points[0]].number or "" if points else "",
                scope=scope,
                change=False,
                says=failed.says,
            )
        )
    when = f" ({ago(failed.events[-1].age_s)})" if failed.events else ""
    return Confirmed(
        scope=scope,
        confidence=0.95,
        impact=1.0,
        mechanism=(
            f"{failed.device} fails requests, and what uses it has given it up: {failed.says}{when}. The block layer "
            "passes the error to whoever asked (blk_update_request() in block/blk-mq.c, bio_io_error() for a mapped "
            "device); an array goes on without it (md_error() in drivers/md/md.c), a journal aborts "
            "(jbd2_journal_abort() in fs/jbd2/journal.c), and nothing can be written any more."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{failed.device} fails requests",
            "its driver, its array or its file system gives it up",
            f"what lies on it ({', '.join(points[:4])}) can no longer be written"
            if points
            else "what lies on it is lost",
        ),
        victims=tuple(Scope("filesystem", each) for each in points[:8]),
    )


HYPOTHESIS = Hypothesis(
    id="device-failed",
    title="Device failed",
    group="io",
    claim="A block device fails requests for good, and its driver, array or file system no longer uses it.",
    signals=(
        Signal("kernel_events.recent", "who gave it up, and the failed requests before"),
        Signal("md.faulty", "members that an array no longer uses"),
        Signal("block.state", "offline or dead: the driver sends it nothing any more"),
        Signal("mounts.number", "a file system is mounted from a device that is no longer there"),
    ),
    thresholds=(),
    rivals=(
        Rival("device-failing", "there requests fail, and the device is still used"),
        Rival("device-medium-error", "there some sectors cannot be read, and all others can"),
        Rival("filesystem-corrupted", "there the file system stops for what it read, and no request failed"),
        Rival("filesystem-read-only", "there the file system stopped, and the device has had no error"),
    ),
    explains=(
        "filesystem-read-only",
        "filesystem-corrupted",
        "device-failing",
        "device-medium-error",
        "device-slow",
        "device-hung",
        "d-state-pileup",
        "lock-held-asleep",
    ),
    mechanism=(
        "Each request that fails is given back with an error (blk_status_t in include/linux/blk_types.h). A write of a "
        "journal or of an array's member that fails ends the use of the device: md_error(), jbd2_journal_abort(), "
        "xfs_force_shutdown(). SCSI sets a device offline in scsi_eh_offline_sdevs(), libata disables it in "
        "ata_eh_recover(), NVMe removes the controller in nvme_remove_dead_ctrl()."
    ),
    actions=(
        Action(
            "now",
            "Fail over, or mount what lies on it elsewhere. In an array: check that the others are well before anything "
            "else.",
            "A rebuild reads all other members to the end; have a backup first.",
            "cat /proc/mdstat; mdadm --detail /dev/md0; dmesg --level err,warn | tail -50",
        ),
        Action(
            "for good",
            "Replace the device and rebuild or restore. Look at the cable, the controller and the shelf if several fail.",
            "Taking the wrong disk out of a degraded array loses it: check the serial number.",
            "smartctl -i /dev/DEVICE",
        ),
    ),
    kinds=(*GIVEN_UP, *STOPPED),
    see=("drivers/md/md.c", "fs/jbd2/journal.c", "drivers/scsi/scsi_error.c"),
    test=_test,
)
