"""Some sectors of a device cannot be read."""

from collections.abc import Iterator

from kernward.collectors.sources import diskstats
from kernward.diagnosis.disk_errors import SPOT_SECTORS, Blamed, by_failure
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Rival,
    Signal,
    Threshold,
    Verdict,
)
from kernward.diagnosis.log_events import ago, summed_up
from kernward.diagnosis.storage import Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

SPOT = Threshold(
    "sectors between the first and the last that failed, where the device does not say why",
    SPOT_SECTORS,
    "",
    "a scratch or a worn block is at most a track, 1 to 2 MiB; what fails further apart is not one bad spot",
)


def _test(view: View) -> Iterator[Verdict]:
    return by_failure(
        view,
        "medium",
        _confirmed,
        known_by="unreadable sectors",
        others=lambda other: "are not those of single sectors",
        none="unreadable sector",
    )


def _confirmed(view: View, storage: Storage, bad: Blamed) -> Confirmed:
    scope = Scope("device", bad.device)
    sectors = sorted(
        {each.fields["sector"] for each in bad.events if isinstance(each.fields.get("sector"), int)}
    )
    where = (
        ""
        if not sectors
        else f" (sector {sectors[0]})"
        if len(sectors) == 1
        else f" (sectors {sectors[0]} to {sectors[-1]})"
    )
    evidence = [summed_up(view, bad.events, scope=scope, says=bad.says)]
    disk = storage.disks.get(bad.device)
    if disk is not None and disk.now.reads:
        evidence.append(
            view.evidence(
                diskstats.SOURCE,
                "reads",
                disk.now.reads,
                scope=scope,
                change=False,
                says="reads since the device appeared, nearly all of which succeeded",
            )
        )
    return Confirmed(
        scope=scope,
        confidence=0.93,
        impact=0.9,
        mechanism=(
            f"{bad.device} cannot read a place of its medium{where}, {ago(bad.events[-1].age_s)}: {bad.says}. After the "
            "drive's own retries the driver fails the request (scsi_io_completion_action() in drivers/scsi/scsi_lib.c, "
            "nvme_complete_rq() in drivers/nvme/host/core.c, ata_eh_analyze_tf() in drivers/ata/libata-eh.c), and whoever "
            "asked gets EIO; all other places can be read."
        ),
        evidence=tuple(evidence),
        chain=(
            "the drive cannot read some sectors, and tries for seconds",
            "the driver fails the request, blk_print_req_error() names the sector",
            "a program gets EIO for that part of its file",
        ),
        victims=storage.filesystems_on(bad.device),
    )


HYPOTHESIS = Hypothesis(
    id="device-medium-error",
    title="Unreadable sectors",
    group="io",
    claim="Some sectors of a device cannot be read; all else works.",
    signals=(
        Signal(
            "kernel_events.recent",
            "the device's own verdict (medium error, UNC, status type 2), and the sectors",
        ),
        Signal("diskstats.reads", "how much else was read without an error"),
    ),
    thresholds=(SPOT,),
    rivals=(
        Rival("device-failing", "there requests fail wherever they go, now and then"),
        Rival("device-failed", "there nothing can be read or written any more"),
        Rival("device-data-changed", "there the drive delivers the sector, with other content"),
    ),
    explains=("filesystem-corrupted", "filesystem-read-only", "device-failing", "device-slow"),
    mechanism=(
        "A drive that cannot correct what it reads answers with a medium error (SCSI sense key 3, ATA UNC, NVMe status "
        "code type 2). The block layer fails the request as BLK_STS_MEDIUM, which blk_print_req_error() in "
        'block/blk-mq.c prints as "critical medium error". The sector stays unreadable until it is written again: only '
        "then does the drive put a spare one in its place."
    ),
    actions=(
        Action(
            "now",
            "Find the file that lies there and restore it from a copy; in a mirror, a check reads and rewrites it.",
            "A check of an array reads all of it and slows others down.",
            "smartctl -l error -A /dev/DEVICE; debugfs -R 'icheck BLOCK' /dev/DEVICE; echo check > /sys/block/md0/md/sync_action",
        ),
        Action(
            "for good",
            "Replace a drive whose pending or reallocated sectors grow; have arrays checked every month.",
            "none beyond the rebuild's load",
        ),
    ),
    kinds=("block-io-error", "buffer-io-error", "scsi-sense-error", "nvme-command-error", "ata-exception"),
    see=("block/blk-core.c (blk_errors)", "drivers/scsi/scsi_lib.c"),
    test=_test,
)
