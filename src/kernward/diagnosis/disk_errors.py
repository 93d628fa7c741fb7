"""What is wrong with each device whose errors the kernel's log tells of, and which device is to blame.

An error goes up: the disk's own driver reports it, then the mapped devices above it, then the file system.
The lowest device that shows it is to blame. What kind of failure it is follows from what the driver says
(an unreadable sector, a time-out), from whether somebody has given the device up (an array, a journal, the
driver itself), and where nobody says, from where the errors lie.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import kernel_events, md
from kernward.diagnosis.hypothesis import Confirmed, Refuted, Unknown, Verdict
from kernward.diagnosis.log_events import gist, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Storage, devices_of
from kernward.diagnosis.view import View
from kernward.records.check import Scope

# failed: given up. medium: some sectors cannot be read. late: requests timed out. failing: any other error.
Failure = Literal["failed", "medium", "late", "failing"]

# The device itself, or its link.
ERRORS = (
    "block-io-error",
    "buffer-io-error",
    "scsi-sense-error",
    "scsi-cache-flush-failed",
    "nvme-command-error",
    "ata-exception",
    "ata-reset-failed",
    "mmc-error",
    "writeback-error",
    "xfs-io-error",
    "jbd2-io-error",
    "ext4-superblock-io-error",
    "swap-io-error",
    "md-read-error-corrected",
    "md-unrecoverable-read",
    "btrfs-device-errors",
)
TIMEOUTS = ("scsi-timeout", "scsi-task-abort", "nvme-timeout")
GIVEN_UP = (
    "ata-device-disabled",
    "scsi-offline-device",
    "nvme-controller-removed",
    "md-disk-failure",
)
# A file system stops for errors of the device and for errors of its own: only with the former it says this.
STOPPED = (
    "jbd2-abort",
    "ext4-remount-read-only",
    "xfs-log-io-error",
    "xfs-shutdown",
    "btrfs-read-only",
    "btrfs-transaction-aborted",
)
# Drives whose medium is out fail every read, and nobody is the worse for it.
_NO_DISK = ("sr", "fd")
_GONE_STATES = frozenset({"offline", "transport-offline", "dead", "deleting", "deleting (no IO)"})
# An unreadable spot is some sectors, at most a track: what fails all over the device is not the medium.
SPOT_SECTORS = 4096
# EBADMSG and EUCLEAN, by which XFS says that a block was read and makes no sense: no request failed.
_DAMAGED = frozenset({74, 117})
_MEDIUM_SENSE = "medium error"
_MEDIUM_TYPE = 2  # NVMe status code type: media and data integrity errors


class Blamed(NamedTuple):
    """A device that fails, how, and the events that say so, the newest last. `says` is the deciding one's gist."""

    device: str
    failure: Failure
    events: tuple[LogEvent, ...]
    says: str
    # Failed requests that the log tells of.
    errors: int


def blamed(view: View, storage: Storage) -> dict[str, Blamed]:
    """The devices that are to blame, by name."""
    errors = {
        device: requests
        for device, events in _of(storage, view, ERRORS).items()
        if (requests := [each for each in events if not _damage(each)])
    }
    timeouts = _of(storage, view, TIMEOUTS)
    for device, events in _of(storage, view, ("ata-exception", "block-io-error", "mmc-error")).items():
        late = [each for each in events if _timed_out(each)]
        if late:
            timeouts.setdefault(device, []).extend(late)
    given_up = _of(storage, view, GIVEN_UP)
    stopped = _of(storage, view, STOPPED)
    gone = _gone(view, storage)
    showing = {*errors, *timeouts, *given_up, *gone}
    found: dict[str, Blamed] = {}
    for device in storage.lowest(showing):
        if device.startswith(_NO_DISK):
            continue
        blame = _judge(
            storage,
            device,
            errors.get(device, []),
            timeouts.get(device, []),
            given_up.get(device, []),
            [event for one in (device, *storage.above(device)) for event in stopped.get(one, [])],
            gone.get(device),
        )
        if blame is not None:
            found[device] = blame
    # Without /sys a port and its disk look like two: what the kernel counts requests of is the disk.
    known = {
        device: each for device, each in found.items() if device in storage.disks or device in storage.blocks
    }
    return known or found


def by_failure(
    view: View,
    failure: Failure,
    confirmed: Callable[[View, Storage, Blamed], Confirmed],
    *,
    known_by: str,
    others: Callable[[Blamed], str],
    none: str,
) -> Iterator[Verdict]:
    """The verdict about devices that fail in this way, of which only the kernel's log tells.

    `known_by` is what stands in the log, `others` says how the errors that there are differ, `none` what the
    log does not tell of.
    """
    missing = view.window.why_absent(kernel_events.SOURCE)
    if missing:
        yield Unknown(reason=f"{known_by} stand in the kernel's log, which could not be read: {missing}")
        return
    storage = Storage(view)
    blames = blamed(view, storage)
    such = [each for each in blames.values() if each.failure == failure]
    for each in such:
        yield confirmed(view, storage, each)
    if such:
        return
    if blames:
        each = next(iter(blames.values()))
        scope = Scope("device", each.device)
        yield Refuted(
            reason=f"the errors of {each.device} {others(each)}: {each.says}",
            evidence=(summed_up(view, each.events, scope=scope),) if each.events else (),
        )
        return
    yield Refuted(reason=f"the log tells of no {none} in the last {REPORTED_S / 60:.0f} minutes")


def _of(storage: Storage, view: View, kinds: tuple[str, ...]) -> dict[str, list[LogEvent]]:
    return devices_of(storage, recent(view, *kinds, within_s=REPORTED_S))


def _gone(view: View, storage: Storage) -> Mapping[str, str]:
    """Devices that their driver or their array says are out of use, with its words."""
    found: dict[str, str] = {}
    for name, disk in storage.blocks.items():
        if disk.state in _GONE_STATES:
            found[name] = f"its driver says that it is {disk.state}"
    for array, members in view.window.each(md.SOURCE).items():
        for member in members.faulty:
            found[storage.whole(member)] = f"{array} has marked it faulty and goes on without it"
    for point, mount in storage.mounts.items():
        name = (mount.source or "").removeprefix("/dev/")
        # 0:N are file systems without a device of their own; without /sys nothing tells what is there.
        own = bool(mount.number) and not str(mount.number).startswith("0:")
        if own and name != mount.source and storage.blocks and storage.device_of(mount) is None:
            found[name] = f"{point} is mounted from it, and there is no such device any more"
    return found


def _judge(
    storage: Storage,
    device: str,
    errors: list[LogEvent],
    timeouts: list[LogEvent],
    given_up: list[LogEvent],
    stopped: list[LogEvent],
    gone: str | None,
) -> Blamed | None:
    failed_requests = sum(not _timed_out(each) for each in errors)
    everything = tuple(
        sorted({id(each): each for each in (*errors, *timeouts, *given_up)}.values(), key=_oldest_first)
    )
    if gone or given_up:
        says = gone or gist(given_up[-1])
        return Blamed(device, "failed", everything, says, failed_requests)
    if timeouts:
        return Blamed(device, "late", everything, gist(timeouts[-1]), failed_requests)
    medium = [each for each in errors if _medium(each)]
    if medium:
        return Blamed(device, "medium", everything, gist(medium[-1]), failed_requests)
    if _stopped_by_errors(stopped):
        return Blamed(
            device,
            "failed",
            tuple(sorted((*errors, *stopped), key=_oldest_first)),
            gist(stopped[-1]),
            failed_requests,
        )
    if errors and _in_one_spot(storage, device, errors):
        return Blamed(device, "medium", everything, gist(errors[-1]), failed_requests)
    if errors:
        return Blamed(device, "failing", everything, gist(errors[-1]), failed_requests)
    return None


def _timed_out(event: LogEvent) -> bool:
    if event.kind == "block-io-error":
        return event.fields.get("error") == "timeout"
    if event.kind == "ata-exception":
        return event.fields.get("reason") == "timeout"
    return event.kind == "mmc-error" and "imeout" in event.text


def _damage(event: LogEvent) -> bool:
    return event.kind == "xfs-io-error" and event.fields.get("error") in _DAMAGED


def _medium(event: LogEvent) -> bool:
    """The device itself says that it cannot read or write that place."""
    fields = event.fields
    if event.kind == "block-io-error":
        return fields.get("error") == "critical medium"
    if event.kind == "scsi-sense-error":
        return str(fields.get("sense_key") or "").lower() == _MEDIUM_SENSE
    if event.kind == "nvme-command-error":
        return fields.get("status_type") == _MEDIUM_TYPE
    if event.kind == "ata-exception":
        return fields.get("reason") == "media error" or "UNC" in str(fields.get("error") or "").split()
    return event.kind in ("md-read-error-corrected", "md-unrecoverable-read")


def _in_one_spot(storage: Storage, device: str, errors: list[LogEvent]) -> bool:
    """Reads alone fail, close together, and the rest of the device works.

    Only a driver's own message names the sector; a mapped device has no medium, it passes on what fails below.
    """
    disk = storage.blocks.get(device)
    if disk is not None and (disk.mapped_name is not None or disk.lies_on):
        return False
    reported = [each for each in errors if each.kind == "block-io-error"]
    sectors = [each.fields.get("sector") for each in reported]
    if not reported or not all(isinstance(each, int) for each in sectors):
        return False
    if any(each.fields.get("operation") not in (None, "READ") for each in reported):
        return False
    numbers = [each for each in sectors if isinstance(each, int)]
    return max(numbers) - min(numbers) <= SPOT_SECTORS


def _stopped_by_errors(stopped: list[LogEvent]) -> bool:
    """Whether a file system or its journal gave up; called where the device had errors."""
    return any(
        each.kind != "xfs-shutdown" or "I/O" in str(each.fields.get("reason") or each.text)
        for each in stopped
    )


def _oldest_first(event: LogEvent) -> float:
    return -(event.age_s or 0.0)
