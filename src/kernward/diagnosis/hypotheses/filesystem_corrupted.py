"""The structure of a file system is damaged, and its device is well."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import filesystem_errors, kernel_events
from kernward.diagnosis.disk_errors import blamed
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
from kernward.diagnosis.storage import REPORTED_S, Storage
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = (
    "ext4-error",
    "xfs-metadata-corruption",
    "xfs-internal-error",
    "xfs-log-corrupt",
    "xfs-lsn-ahead",
    "xfs-shutdown",
    "btrfs-corrupt-leaf",
    "btrfs-transid-mismatch",
    "f2fs-error",
    "fat-error",
    "filesystem-error",
    "erofs-error",
    "jbd2-journal-corrupt",
)
AN_OLD_ERROR = Threshold(
    "age of an error that the file system has counted and the log no longer holds",
    86_400.0,
    "s",
    "the damage stays until a check mends it; one that nobody has met for a day is not what is wrong now",
)
# ext4 reports these through the same function: somebody's order, or what a failed request left behind.
_NO_DAMAGE = (
    "abort forced by user",
    "detected aborted journal",
    "journal has aborted",
    "io failure",
    "i/o error",
    "readonly filesystem",
    "error 28",
    "error 30",
)
_BY_ORDER = (
    "user initiated",
    "user-initiated",
    "forced by a user",
    "user forced",
    "log i/o",
    "metadata i/o",
    "i/o error",
)


def _test(view: View) -> Iterator[Verdict]:
    storage = Storage(view)
    failing = blamed(view, storage)
    found: dict[str, list[LogEvent]] = {}
    aside: LogEvent | None = None
    for event in recent(view, *KINDS, within_s=REPORTED_S):
        device = storage.of_event(event)
        if device is None:
            continue
        whole = storage.whole(device)
        if not _damage(event) or whole in failing or storage.below(whole) & set(failing):
            aside = event
            continue
        found.setdefault(device, []).append(event)
    for device, events in found.items():
        yield _confirmed(view, storage, device, events)
    if found:
        return
    now_unix_s = view.window.at_utc.timestamp()
    for device, each in view.window.each(filesystem_errors.SOURCE).items():
        at = each.last_error_at_unix_s
        recently = at is not None and 0 <= now_unix_s - at < AN_OLD_ERROR.value
        if (
            each.kind == "ext4"
            and each.errors
            and recently
            and storage.whole(device) not in failing
            and aside is None
        ):
            yield Confirmed(
                scope=Scope("device", device),
                confidence=0.6,
                impact=0.6,
                mechanism=(
                    f"ext4 on {device} has counted {each.errors} errors since its last check, the newest in "
                    f"{each.last_error_function or 'a function it does not name'}() {ago(now_unix_s - (at or 0))}; the log "
                    "no longer says what was wrong."
                ),
                evidence=(
                    view.evidence(
                        filesystem_errors.SOURCE,
                        "errors",
                        each.errors,
                        scope=Scope("device", device),
                        change=False,
                        file=f"/sys/fs/ext4/{device}/errors_count",
                        says="errors since the last check",
                    ),
                ),
                chain=("its structure is damaged", "what is damaged gives EUCLEAN or EIO"),
                victims=storage.filesystems_on(device),
            )
            return
    missing = view.window.why_absent(kernel_events.SOURCE)
    if aside is not None:
        yield Refuted(
            reason=f"what a file system reported is no damage of its own: {gist(aside)}",
            evidence=(summed_up(view, [aside]),),
        )
    elif missing:
        yield Unknown(reason=f"damage stands in the kernel's log, which could not be read: {missing}")
    else:
        yield Refuted(reason=f"no file system reported damage in the last {REPORTED_S / 60:.0f} minutes")


def _damage(event: LogEvent) -> bool:
    """Whether it is the structure that is wrong, not an order, a lack of room or a failed request."""
    text = f"{event.text} {event.fields.get('message') or ''} {event.fields.get('reason') or ''}".lower()
    return not any(each in text for each in (_BY_ORDER if event.kind == "xfs-shutdown" else _NO_DAMAGE))


def _confirmed(view: View, storage: Storage, device: str, events: list[LogEvent]) -> Confirmed:
    scope = Scope("device", device)
    evidence = [summed_up(view, events, scope=scope, says=gist(events[0]))]
    counted = view.window.each(filesystem_errors.SOURCE).get(device)
    if counted is not None and counted.errors:
        evidence.append(
            view.evidence(
                filesystem_errors.SOURCE,
                "errors",
                counted.errors,
                scope=scope,
                change=False,
                says=f"errors since the last check, the newest in {counted.last_error_function or '?'}()",
            )
        )
    points = storage.on(device)
    return Confirmed(
        scope=scope,
        confidence=0.94,
        impact=0.95,
        mechanism=(
            f"The file system on {device} found damage in its own structure {ago(events[0].age_s)}: {gist(events[0])}. No "
            "request of the device failed: what it delivered is wrong, so it was written wrong, overwritten, or changed "
            "where it lay. What is damaged gives EUCLEAN, EBADMSG or EIO, and the file system may stop as a whole."
        ),
        evidence=tuple(evidence),
        chain=(
            "its metadata was damaged",
            "the check of what is read finds it (__ext4_iget(), xfs_verifier_error())",
            f"files of {', '.join(points[:4])} cannot be used" if points else "files cannot be used",
        ),
        victims=storage.filesystems_on(device),
    )


HYPOTHESIS = Hypothesis(
    id="filesystem-corrupted",
    title="File system corrupted",
    group="io",
    claim="The structure of a file system is damaged; the device below fails no request.",
    signals=(
        Signal("kernel_events.recent", "what the file system found wrong"),
        Signal("filesystem_errors.errors", "errors that ext4 and btrfs have counted, which outlive the log"),
    ),
    thresholds=(AN_OLD_ERROR,),
    rivals=(
        Rival("device-failed", "there requests failed before, and the damage is that they did"),
        Rival("device-medium-error", "there the sector cannot be read at all"),
        Rival("device-data-changed", "there a checksum of the data shows it"),
        Rival("filesystem-read-only", "it is what many file systems do next"),
    ),
    explains=("filesystem-read-only",),
    mechanism=(
        "File systems check what they read from their own structure: __ext4_error() and __ext4_error_inode() in "
        "fs/ext4/super.c, xfs_verifier_error() in fs/xfs/xfs_error.c, btrfs_check_leaf() in fs/btrfs/tree-checker.c "
        "report it."
    ),
    actions=(
        Action(
            "now",
            "Stop writing to it. Copy what is needed while it can still be read.",
            "Each further write may spread the damage.",
            "mount -o remount,ro MOUNTPOINT",
        ),
        Action(
            "for good",
            "Unmount it and check it; restore what the check throws away. Then look for what wrote there: memory, "
            "firmware, a device mapped twice.",
            "A repair deletes what it cannot place: copy the device before.",
            "e2fsck -fn /dev/DEVICE; xfs_repair -n /dev/DEVICE",
        ),
    ),
    kinds=KINDS,
    see=("fs/ext4/super.c", "fs/xfs/xfs_error.c"),
    test=_test,
)
