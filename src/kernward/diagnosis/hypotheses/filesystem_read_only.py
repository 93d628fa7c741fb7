"""A file system that was writable has made itself read-only."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import kernel_events, mounts
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Refuted, Rival, Signal, Unknown, Verdict
from kernward.diagnosis.log_events import ago, gist, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

STOPS = (
    "ext4-remount-read-only",
    "jbd2-abort",
    "xfs-shutdown",
    "btrfs-read-only",
    "f2fs-error",
    "emergency-remount",
)
# A file system that has stopped stays so until it is mounted again, however long ago that was.
_EVER_S = float("inf")


def _test(view: View) -> Iterator[Verdict]:
    missing = view.window.why_absent(mounts.SOURCE)
    if missing and view.window.why_absent(kernel_events.SOURCE):
        yield Unknown(reason=f"neither the mounts nor the kernel's log could be read: {missing}")
        return
    storage = Storage(view)
    stopped: dict[str, list[LogEvent]] = {}
    for event in recent(view, *STOPS, "xfs-recovery", within_s=_EVER_S):
        device = storage.of_event(event)
        if device is not None:
            stopped.setdefault(device, []).append(event)
    found: dict[str, tuple[list[str], list[LogEvent]]] = {}
    for point, mount in storage.mounts.items():
        device = storage.device_of(mount)
        events = stopped.get(device or "", [])
        if mount.shut_down or events and _still(mount, events):
            found.setdefault(device or point, ([], events))[0].append(point)
    for name, (points, events) in found.items():
        yield _confirmed(view, storage, name, points, events)
    if found:
        return
    if not storage.mounts:
        yield Unknown(
            reason=f"which file systems are mounted, and how, could not be read: {missing or 'there are none'}"
        )
    else:
        writable = sum(not each.read_only for each in storage.mounts.values())
        yield Refuted(
            reason=f"no file system has stopped after an error; {writable} of {len(storage.mounts)} are writable"
        )


def _still(mount: mounts.Mount, events: list[LogEvent]) -> bool:
    """Whether it is this mount that stopped, and not an earlier one that was mended since."""
    if mount.kind == "xfs":
        # Its options never say so; a mount after a shutdown begins with a recovery of the log.
        return events[-1].kind in STOPS
    if mount.filesystem_read_only:
        return True
    # Kernels that do not set SB_RDONLY show rw as if nothing had happened: then what is recent counts.
    newest = events[-1].age_s
    return events[-1].kind in STOPS and (newest is None or newest <= REPORTED_S)


def _confirmed(
    view: View, storage: Storage, name: str, points: list[str], events: list[LogEvent]
) -> Confirmed:
    mount = storage.mounts[points[0]]
    device = storage.device_of(mount)
    scope = Scope("device", device) if device else Scope("filesystem", points[0])
    evidence: list[Evidence] = []
    if events:
        evidence.append(summed_up(view, events, scope=scope))
    options = mount.filesystem_options or ""
    field = "shut_down" if mount.shut_down else "filesystem_read_only"
    evidence.append(
        view.evidence(
            mounts.SOURCE,
            field,
            int(getattr(mount, field) or 0),
            scope=Scope("filesystem", points[0]),
            change=False,
            says=f"mounted with {options}"
            + (
                ""
                if mount.shut_down or mount.filesystem_read_only
                else ": this kernel does not show it in the options"
            ),
        )
    )
    when = f" {ago(events[-1].age_s)}" if events else ""
    return Confirmed(
        scope=scope,
        confidence=0.95 if events else 0.85,
        impact=1.0,
        mechanism=(
            f"{mount.kind} of {', '.join(points[:4])} on {device or mount.source} has stopped{when} after an error it could "
            "not go on with"
            + (f": {gist(events[0])}" if events else "")
            + ". Since then whoever writes gets EROFS or EIO: ext4_journal_check_start() in fs/ext4/ext4_jbd2.c refuses "
            "every change, xfs_force_shutdown() in fs/xfs/xfs_fsops.c all access."
        ),
        evidence=tuple(evidence),
        chain=(
            "the file system met an error",
            "it aborted its journal to keep what is on the device as it is",
            "writes give EROFS",
        ),
        victims=tuple(Scope("filesystem", each) for each in points[:8]) if device else (),
    )


HYPOTHESIS = Hypothesis(
    id="filesystem-read-only",
    title="File system made itself read-only",
    group="io",
    claim="A file system that was mounted writable has stopped taking writes.",
    signals=(
        Signal("kernel_events.recent", "the file system's own word that it stops, and why"),
        Signal("mounts.filesystem_read_only", "it cannot be written now"),
        Signal("mounts.shut_down", "its options say that it has aborted or shut down"),
    ),
    thresholds=(),
    rivals=(
        Rival("device-failed", "there the device's errors are what it stopped for"),
        Rival("filesystem-corrupted", "there it stopped for what it read; both are then told"),
        Rival("filesystem-full", "there writes give ENOSPC"),
        Rival("filesystem-frozen", "there writes wait, and give no error"),
    ),
    explains=("d-state-pileup",),
    mechanism=(
        "ext4_handle_error() in fs/ext4/super.c aborts the journal and, with errors=remount-ro, stops; with "
        "errors=continue it goes on. Since commit d3476f3dad4a (Linux 6.12, and stable kernels before) SB_RDONLY is "
        "not set any more, so that /proc/mounts may still say rw. XFS and btrfs stop for what would corrupt them."
    ),
    actions=(
        Action(
            "now",
            "Read what it says it stopped for, before anything is mounted again; the log names the first error.",
            "none: it only reads",
            "dmesg | grep -E 'EXT4-fs|XFS|BTRFS|JBD2|I/O error' | head -20",
        ),
        Action(
            "for good",
            "Unmount it, check it (e2fsck, xfs_repair), mount it again.",
            "A check of a device that fails requests makes things worse: see to the device first, copy it if need be.",
            "umount MOUNTPOINT && e2fsck -f /dev/DEVICE",
        ),
    ),
    kinds=STOPS,
    see=("fs/ext4/super.c", "fs/xfs/xfs_fsops.c"),
    test=_test,
)
