"""A file system has no free block left, or next to none."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import filesystem
from kernward.collectors.sources.filesystem import Filesystem
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
from kernward.diagnosis.log_events import ago, gist, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Storage, devices_of, statfs_evidence
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

FULL = Threshold(
    "part of the blocks that can still be taken",
    0.005,
    "",
    "ext4 and XFS keep some blocks back for metadata and delayed allocation, and give ENOSPC before the last one",
)
NEARLY = Threshold(
    "part that is used, as df counts it, of a file system that is about to be full",
    0.75,
    "",
    "together with the next: a quarter of a large disk is plenty, a quarter of a small one is the next log file",
)
LITTLE = Threshold(
    "what can still be taken where that much is used",
    float(16 << 20),
    "bytes",
    "one rotated log, one package or one core dump takes more than 16 MiB",
)
POOL_FULL = "dm-thin-out-of-space"
# Written when the system is installed or updated, and full by design.
_BOOT = ("/boot", "/boot/efi", "/efi", "/boot/firmware")


def _test(view: View) -> Iterator[Verdict]:
    storage = Storage(view)
    reported = [
        each
        for each in recent(view, POOL_FULL, within_s=REPORTED_S)
        if each.fields.get("mode") == "out-of-data-space"
    ]
    pools = devices_of(storage, reported)
    for name, events in pools.items():
        yield _pool(view, storage, name, events)
    missing = view.window.why_absent(filesystem.SOURCE)
    if missing:
        if pools:
            return
        yield Unknown(reason=f"how full the file systems are could not be asked: {missing}")
        return
    fullest: tuple[float, str, Filesystem] | None = None
    found = bool(pools)
    for point, each in view.window.each(filesystem.SOURCE).items():
        mount = storage.mounts.get(point)
        used = each.used_share
        if used is None or mount is not None and mount.read_only:
            continue
        if fullest is None or used > fullest[0]:
            fullest = used, point, each
        left = each.available_bytes or 0
        if left <= FULL.value * (each.size_bytes or 0):
            found = True
            yield _confirmed(view, storage, point, each, full=True)
        elif (
            used >= NEARLY.value
            and left < LITTLE.value
            and point not in _BOOT
            and mount
            and mount.kind != "tmpfs"
        ):
            found = True
            yield _confirmed(view, storage, point, each, full=False)
    if found:
        return
    if fullest is None:
        yield Refuted(reason="no local file system can be written, so none can be full")
        return
    yield Refuted(
        reason=f"the fullest file system, {fullest[1]}, is used to {fullest[0]:.0%} and has "
        f"{size(fullest[2].available_bytes or 0)} left",
        evidence=(_left(view, fullest[1], fullest[2], Scope("filesystem", fullest[1])),),
    )


def _confirmed(view: View, storage: Storage, point: str, of: Filesystem, *, full: bool) -> Confirmed:
    mount = storage.mounts.get(point)
    scope, victims = storage.place_of(point)
    left, kept = of.available_bytes or 0, (of.free_bytes or 0) - (of.available_bytes or 0)
    kind = mount.kind if mount else "the file system"
    evidence = [_left(view, point, of, scope)]
    if kept > 0:
        evidence.append(
            view.evidence(
                filesystem.SOURCE,
                "free_bytes",
                of.free_bytes or 0,
                scope=scope,
                change=False,
                says=f"{size(kept)} of it are kept for root or for metadata",
            )
        )
    end = (
        "every write that needs a block gives ENOSPC; the kernel prints nothing"
        if full
        else "the next large write will give ENOSPC"
    )
    return Confirmed(
        scope=scope,
        confidence=0.95 if full else 0.7,
        impact=1.0 if full else 0.4,
        mechanism=(
            f"{point} ({kind}{f' on {scope.name}' if victims else ''}) is used to {of.used_share or 1.0:.0%}: {size(left)} of "
            f"{size(of.size_bytes or 0)} can still be taken, and {end}. ext4 finds that in ext4_claim_free_clusters() in "
            "fs/ext4/balloc.c, XFS in fs/xfs/xfs_mount.c."
        ),
        evidence=tuple(evidence),
        chain=(f"{point} has {size(left)} left", "no block can be reserved", "write() gives ENOSPC"),
        victims=victims,
    )


def _pool(view: View, storage: Storage, name: str, events: list[LogEvent]) -> Confirmed:
    return Confirmed(
        scope=Scope("device", name),
        confidence=0.9,
        impact=1.0,
        mechanism=(
            f"The thin pool {name} had no free block {ago(events[-1].age_s)}: {gist(events[-1])}. File systems on it show "
            "room that is not there: a write that needs a new block waits, or fails after no_space_timeout "
            "(set_pool_mode() in drivers/md/dm-thin.c)."
        ),
        evidence=(summed_up(view, events, scope=Scope("device", name)),),
        chain=(
            f"the pool {name} is full",
            "a write needs a block of it",
            "it waits or fails, whatever df says",
        ),
        victims=storage.filesystems_on(name),
    )


def _left(view: View, point: str, of: Filesystem, scope: Scope) -> Evidence:
    return statfs_evidence(
        view,
        point,
        "available_bytes",
        of.available_bytes or 0,
        scope=scope,
        says=f"{point}: {size(of.available_bytes or 0)} of {size(of.size_bytes or 0)} can still be taken",
    )


HYPOTHESIS = Hypothesis(
    id="filesystem-full",
    title="File system full",
    group="io",
    claim="A file system that is written to, or the thin pool below it, has no free block left, or so few that the next "
    "large write fails.",
    signals=(
        Signal("filesystem.available_bytes", "what any user can still take"),
        Signal(
            "filesystem.free_bytes", "with what is kept for root: root may still write where others cannot"
        ),
        Signal("kernel_events.recent", "a thin pool below says that it is full, while df shows room"),
        Signal("mounts.read_only", "one that cannot be written is full by design"),
    ),
    thresholds=(FULL, NEARLY, LITTLE),
    rivals=(
        Rival(
            "filesystem-inodes-exhausted", "there blocks are free, and no file can be made: df -i shows it"
        ),
        Rival("filesystem-read-only", "there writes give EROFS"),
        Rival(
            "cgroup-memory-limit",
            "a tmpfs is charged to the cgroup that writes to it, and is not full itself",
        ),
    ),
    explains=("filesystem-read-only", "log-flood"),
    mechanism=(
        "A write reserves blocks before it takes them; where too few are free it gives ENOSPC "
        "(ext4_claim_free_clusters() in fs/ext4/balloc.c). Blocks of files that were "
        "deleted while a process holds them open are not free, which is why du and df differ."
    ),
    actions=(
        Action(
            "now",
            "Find what grew, and files that were deleted and are still held open; truncate or delete what can be made "
            "again.",
            "A log that is deleted while it is written frees nothing: truncate it.",
            "du -xh --max-depth=2 MOUNTPOINT | sort -h | tail; lsof +L1 MOUNTPOINT",
        ),
        Action(
            "for good",
            "Rotate logs by size, give what grows a file system of its own, and alarm on the time until it is full.",
            "Growing a file system on a thin pool only moves the shortage there.",
        ),
    ),
    kinds=(POOL_FULL,),
    see=("fs/ext4/balloc.c", "fs/statfs.c"),
    test=_test,
)
