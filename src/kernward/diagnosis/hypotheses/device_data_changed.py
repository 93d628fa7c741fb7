"""A device delivers other data than was written to it."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import filesystem_errors, kernel_events
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Refuted, Rival, Signal, Unknown, Verdict
from kernward.diagnosis.log_events import ago, gist, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("dm-verity-corruption", "dm-integrity-error", "btrfs-checksum-failed")
_VERITY = "CRYPT-VERITY-"


def _test(view: View) -> Iterator[Verdict]:
    storage = Storage(view)
    devices: dict[str, list[LogEvent]] = {}
    for event in recent(view, *KINDS, within_s=REPORTED_S):
        device = _device(storage, event)
        if device is not None:
            devices.setdefault(device, []).append(event)
    for device, events in devices.items():
        yield _confirmed(view, storage, device, events)
    grown = {
        name: each.corruption_errors
        for name, each in view.window.each_over(filesystem_errors.SOURCE).items()
        if each.corruption_errors and not view.window.since_boot and name not in devices
    }
    for name, count in grown.items():
        yield _counted(view, name, count)
    if devices or grown:
        return
    missing = view.window.why_absent(kernel_events.SOURCE)
    if missing:
        yield Unknown(reason=f"wrong checksums stand in the kernel's log, which could not be read: {missing}")
    else:
        yield Refuted(
            reason=f"no checksum of dm-verity, dm-integrity or btrfs failed in the last {REPORTED_S / 60:.0f} minutes"
        )


def _device(storage: Storage, event: LogEvent) -> str | None:
    """dm-verity names the device with the data; at fault is what is seen through the mapping on top of it."""
    device = storage.of_event(event)
    if device is None or event.kind != "dm-verity-corruption":
        return device
    above = [
        each
        for each in sorted(storage.above(storage.whole(device)))
        if storage.blocks[each].mapped_name is not None
    ]
    verified = [each for each in above if (storage.blocks[each].mapped_id or "").startswith(_VERITY)]
    read_only = [each for each in above if storage.blocks[each].read_only]
    return (verified or read_only or above or [device])[0]


def _confirmed(view: View, storage: Storage, device: str, events: list[LogEvent]) -> Confirmed:
    scope = Scope("device", device)
    newest = events[-1]
    block = newest.fields.get("block", newest.fields.get("sector", newest.fields.get("logical")))
    return Confirmed(
        scope=scope,
        confidence=0.96,
        impact=0.9,
        mechanism=(
            f"What {device} delivers does not fit its checksum"
            + (f" (block {block})" if isinstance(block, int) else "")
            + f", {ago(newest.age_s)}: {gist(newest)}. The drive reported no error: the data was changed by it, on the way, "
            "or by somebody. verity_verify_io() in drivers/md/dm-verity-target.c (btrfs: btrfs_check_data_csum() in "
            "fs/btrfs/inode.c) fails the read, and whoever asked gets EIO."
        ),
        evidence=(summed_up(view, events, scope=scope),),
        chain=("a block's content changed", "its checksum does not fit", "reading it gives EIO"),
        victims=storage.filesystems_on(device),
    )


def _counted(view: View, device: str, count: int) -> Confirmed:
    scope = Scope("device", device)
    return Confirmed(
        scope=scope,
        confidence=0.9,
        impact=0.7,
        mechanism=(
            f"btrfs found {count} blocks on {device} whose checksum does not fit while it was watched: the drive delivered "
            "other data than was written."
        ),
        evidence=(
            view.evidence(
                filesystem_errors.SOURCE,
                "corruption_errors",
                count,
                scope=scope,
                says="blocks with a wrong checksum",
            ),
        ),
        chain=(
            "a block's content changed",
            "its checksum does not fit",
            "reading it gives EIO, or a mirror's copy",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="device-data-changed",
    title="Data changed on the device",
    group="io",
    claim="A device delivers other data than was written; a checksum above it shows it.",
    signals=(
        Signal(
            "kernel_events.recent",
            "dm-verity, dm-integrity or btrfs found a block that does not fit its checksum",
        ),
        Signal("filesystem_errors.corruption_errors", "the same, counted by btrfs"),
    ),
    thresholds=(),
    rivals=(
        Rival("device-medium-error", "there the drive itself says that it cannot read the sector"),
        Rival(
            "filesystem-corrupted",
            "there it is the structure that makes no sense; nothing vouches for the data",
        ),
    ),
    explains=("device-failing", "filesystem-corrupted", "filesystem-read-only"),
    mechanism=(
        "A checksum that was stored apart from the data (a hash tree, an integrity tag, btrfs's checksum tree) is compared "
        "at each read (verity_verify_io(), integrity_metadata(), btrfs_check_data_csum()). Without one, "
        "the same change is delivered as if it were right."
    ),
    actions=(
        Action(
            "now",
            "Find out who wrote to the device behind the mapping, and compare the block with a good image. Of an image "
            "that is signed, think of an attacker first.",
            "Keep the device as it is until it has been copied.",
        ),
        Action(
            "for good",
            "Write the image or the file again from a good copy; test memory and replace the drive if it happens again.",
            "A second change elsewhere may go unseen on devices without checksums.",
            "btrfs scrub start /MOUNTPOINT; veritysetup verify DATA HASH ROOT",
        ),
    ),
    kinds=KINDS,
    see=("Documentation/admin-guide/device-mapper/verity.rst",),
    test=_test,
)
