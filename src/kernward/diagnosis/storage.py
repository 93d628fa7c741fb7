"""What tests of storage have in common: devices with what lies below and above them, and who waits for them.

A mapped device counts the time of the device below it as its own, so that the cause is the lowest one
that shows it. Who waits is told by the kernel functions in which the tasks of a process sleep: a writer that is
held back, an fsync, a read that came from no cache, a frozen file system are different waits.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import (
    block,
    diskstats,
    filesystem,
    kernel_events,
    mounts,
    processes,
    task_waits,
)
from kernward.collectors.sources.block import Block
from kernward.collectors.sources.diskstats import Diskstats
from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.view import View
from kernward.records.check import Evidence, Scope

# What storage has reported is of now for so long: what still fails or hangs is reported again within minutes.
REPORTED_S = kernel_events.RECENT_S

# The disk of vda1, sdb12; of nvme0n1p2, mmcblk0p1 the digits before the p belong to the name. Used only where
# sysfs does not say which partitions a disk has.
_PARTITION = re.compile(
    r"(?:((?:sd|vd|xvd|hd|dasd)[a-z]+)\d+|((?:nvme\d+n|mmcblk|nbd|loop|md|pmem)\d+)p\d+)\Z"
)
_NUMBER = re.compile(r"\d+:\d+\Z")
_JOURNAL = re.compile(r"-\d+\Z")
# Deeper stacks of devices than this are a circle in a hostile tree.
_DEEPEST = 16

# System calls are functions of the processor's own name: __x64_sys_fsync, __arm64_sys_fsync.
_CALL = re.compile(r"__(?:x64|ia32|arm64|s390x?|riscv|powerpc|do)_sys_")
# What a task sleeps for, told by functions on its stack, of several releases; the first that fits counts.
Wait = Literal[
    "throttled", "frozen", "discard", "fsync", "sync", "journal", "network", "tag", "read", "device", "other"
]
_FUNCTIONS: tuple[tuple[Wait, frozenset[str]], ...] = (
    ("throttled", frozenset({"balance_dirty_pages", "balance_dirty_pages_ratelimited_flags"})),
    (
        "network",
        frozenset(
            {
                "rpc_wait_bit_killable",
                "nfs_wait_bit_killable",
                "nfs_wait_on_request",
                "cifs_wait_for_response",
            }
        ),
    ),
    (
        "fsync",
        frozenset(
            {
                "sys_fsync",
                "sys_fdatasync",
                "sys_msync",
                "do_fsync",
                "vfs_fsync_range",
                "blkdev_fsync",
                "ext4_sync_file",
                "xfs_file_fsync",
                "btrfs_sync_file",
            }
        ),
    ),
    (
        "sync",
        frozenset(
            {"ksys_sync", "sys_sync", "iterate_supers", "sync_filesystem", "sync_inodes_sb", "sync_bdevs"}
        ),
    ),
    (
        "journal",
        frozenset(
            {
                "start_this_handle",
                "wait_transaction_locked",
                "add_transaction_credits",
                "jbd2_log_wait_commit",
                "jbd2_journal_get_write_access",
                "do_get_write_access",
                "xlog_grant_head_wait",
                "xlog_grant_head_check",
                "xfs_log_reserve",
                "btrfs_wait_for_commit",
                "wait_current_trans",
            }
        ),
    ),
    ("tag", frozenset({"blk_mq_get_tag", "rq_qos_wait", "wbt_wait", "blk_queue_enter"})),
    (
        "read",
        frozenset(
            {
                "filemap_read",
                "filemap_fault",
                "filemap_get_pages",
                "filemap_update_page",
                "blkdev_read_iter",
                "ext4_bread",
                "__bread_gfp",
                "vfs_read",
                "do_swap_page",
                "ksys_pread64",
            }
        ),
    ),
    (
        "device",
        frozenset(
            {
                "io_schedule",
                "io_schedule_timeout",
                "wait_for_completion_io",
                "wait_for_completion_io_timeout",
                "folio_wait_bit_common",
                "folio_wait_writeback",
                "wait_on_page_bit_common",
                "submit_bio_wait",
                "blkdev_direct_IO",
                "__blkdev_direct_IO_simple",
                "iomap_dio_rw",
                "__wait_on_buffer",
                "bit_wait_io",
                "out_of_line_wait_on_bit",
            }
        ),
    ),
)
_DISCARD = frozenset({"blkdev_issue_discard", "blkdev_issue_secure_erase"})
# Who was asked to discard all that is free, or a device, waits for its own work.
_ASKED_TO_DISCARD = frozenset(
    {
        *("ioctl_fitrim", "ext4_trim_fs", "xfs_ioc_trim", "btrfs_ioctl_fitrim", "f2fs_trim_fs"),
        *("blk_ioctl_discard", "blkdev_common_ioctl", "blkdev_fallocate"),
    }
)
_FROZEN = frozenset({"percpu_rwsem_wait", "__percpu_down_read", "sb_start_write", "__sb_start_write"})
# The same kind of lock guards other things: groups of threads, hotplug of processors.
_NOT_FROZEN = frozenset(
    {"copy_process", "cgroup_attach_lock", "cgroup_procs_write", "cpus_read_lock", "exit_signals"}
)


class Disk(NamedTuple):
    """A whole device over the window. `over` holds growth, `now` what was counted up to now."""

    name: str
    over: Diskstats
    now: Diskstats
    block: Block | None
    seconds: float

    @property
    def requests(self) -> int:
        """Reads and writes that ended."""
        return (self.over.reads or 0) + (self.over.writes or 0)

    @property
    def ended(self) -> int:
        """Requests of any kind that ended."""
        return self.requests + (self.over.discards or 0) + (self.over.flushes or 0)

    @property
    def busy(self) -> float:
        """The part of the time in which a request was in flight."""
        return min(1.0, (self.over.busy_ms or 0) / 1000 / self.seconds)

    @property
    def queue(self) -> float:
        """Reads and writes under way or waiting, on average (Little's law)."""
        return self.read_queue + self.write_queue

    @property
    def read_queue(self) -> float:
        """Reads under way or waiting, on average."""
        return (self.over.read_ms or 0) / 1000 / self.seconds

    @property
    def write_queue(self) -> float:
        """Writes under way or waiting, on average."""
        return (self.over.write_ms or 0) / 1000 / self.seconds

    @property
    def read_s(self) -> float | None:
        """How long a read took, its wait in the queue included."""
        return (
            self.over.read_ms / 1000 / self.over.reads
            if self.over.reads and self.over.read_ms is not None
            else None
        )

    @property
    def write_s(self) -> float | None:
        """How long a write took, its wait in the queue included."""
        return (
            self.over.write_ms / 1000 / self.over.writes
            if self.over.writes and self.over.write_ms is not None
            else None
        )

    @property
    def mean_s(self) -> float:
        """How long a request took on average, queueing included (the queue's length over the rate)."""
        return self.queue * self.seconds / self.requests if self.requests else 0.0

    @property
    def service_s(self) -> float | None:
        """The time that the device was busy for each request: what one takes where they are done one by one.

        Flushes are left out. A device that does several at once takes longer than this for each.
        """
        return self._service_s(self.over)

    @property
    def usual_service_s(self) -> float | None:
        """The same of all requests before the window; None when there were too few to compare with."""
        before = [
            (getattr(self.now, name) or 0) - (getattr(self.over, name) or 0)
            for name in ("reads", "writes", "busy_ms", "flush_ms")
        ]
        if before[0] + before[1] < 1000 or before[2] < 0:
            return None
        return self._service_s(
            Diskstats(reads=before[0], writes=before[1], busy_ms=before[2], flush_ms=before[3])
        )

    @property
    def request_bytes(self) -> float:
        """The mean size of a request."""
        moved = (self.over.read_bytes or 0) + (self.over.write_bytes or 0)
        return moved / self.requests if self.requests else 0.0

    @property
    def usual_request_bytes(self) -> float:
        """The same of all requests until now, the window included."""
        count = (self.now.reads or 0) + (self.now.writes or 0)
        return ((self.now.read_bytes or 0) + (self.now.write_bytes or 0)) / count if count else 0.0

    @property
    def bytes_per_s(self) -> float:
        """What was read and written."""
        return ((self.over.read_bytes or 0) + (self.over.write_bytes or 0)) / self.seconds

    @property
    def discard_queue(self) -> float:
        """Discards under way or waiting, on average; 0 where the kernel does not count them."""
        return (self.over.discard_ms or 0) / 1000 / self.seconds

    @property
    def flush_share(self) -> float:
        """The part of the time that flushes took; several at once count each."""
        return (self.over.flush_ms or 0) / 1000 / self.seconds

    @property
    def scope(self) -> Scope:
        """The device as what is at fault."""
        return Scope("device", self.name)

    @staticmethod
    def _service_s(of: Diskstats) -> float | None:
        count = (of.reads or 0) + (of.writes or 0)
        busy_ms = max(0, (of.busy_ms or 0) - (of.flush_ms or 0))
        return busy_ms / 1000 / count if count else None


class Waiter(NamedTuple):
    """A process whose tasks sleep uninterruptibly. `share` is of the samples, `tasks` on average in those."""

    pid: str
    comm: str
    share: float
    tasks: float
    # Of how many samples tasks slept so.
    waits: Mapping[Wait, float]
    kernel: bool
    functions: frozenset[str]

    @property
    def scope(self) -> Scope:
        """The process."""
        return Scope("process", f"{self.comm}[{self.pid}]")

    def part(self, *waits: Wait) -> float:
        """The part of the samples in which a task of it slept for one of these."""
        return max((self.waits.get(each, 0.0) for each in waits), default=0.0)


class Storage:
    """The devices and file systems of a window."""

    def __init__(self, view: View) -> None:
        self.view = view
        window = view.window
        self.blocks: Mapping[str, Block] = window.each(block.SOURCE)
        self.mounts: Mapping[str, Mount] = window.each(mounts.SOURCE)
        self._partitions: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        for name, each in self.blocks.items():
            if each.number:
                self._numbers[each.number] = name
            for number, partition in each.partition_numbers.items():
                self._numbers[number] = partition
                self._partitions[partition] = name
        now = window.each(diskstats.SOURCE)
        for name, counted in now.items():
            if counted.number:
                self._numbers.setdefault(counted.number, name)
        over = window.each_over(diskstats.SOURCE)
        seconds = window.seconds_of(diskstats.SOURCE)
        self.disks = {
            name: Disk(name, over[name], now[name], self.blocks.get(name), seconds)
            for name in now
            if name in over and self.whole(name) == name
        }

        # A loop device lies on the disk with the file system that holds its file.
        self._loops = {
            name: device
            for name, each in self.blocks.items()
            if each.backing_file and (device := self._holding(each.backing_file))
        }

    def whole(self, name: str) -> str:
        """The disk of a partition; any other device itself."""
        if name in self._partitions:
            return self._partitions[name]
        if name in self.blocks:
            return name
        match = _PARTITION.match(name)
        return (match[1] or match[2]) if match else name

    def named(self, text: object) -> str | None:
        """The device that a message or a mount calls by name, path, number, port or address; None: none known."""
        if not isinstance(text, str) or not text:
            return None
        name = text.removeprefix("/dev/")
        if _NUMBER.fullmatch(name):
            return self._numbers.get(name)
        if name in self.blocks or name in self._partitions:
            return name
        without = _JOURNAL.sub("", name)
        if without in self.blocks or without in self._partitions:
            return without
        mapped = name.removeprefix("mapper/")
        for device, each in self.blocks.items():
            if mapped == each.mapped_name or name in (each.port, each.address):
                return device
        # In a copy without /sys the name is all there is.
        return None if self.blocks else name

    def below(self, name: str) -> set[str]:
        """The devices that it lies on, directly or through others."""
        return self._closure(
            name, lambda each: (*self.blocks[each].lies_on, *filter(None, (self._loops.get(each),)))
        )

    def above(self, name: str) -> set[str]:
        """The devices that lie on it or on a partition of it."""
        return self._closure(
            name,
            lambda each: (
                *self.blocks[each].carries,
                *(loop for loop, device in self._loops.items() if self.whole(device) == each),
            ),
        )

    def lowest(self, names: Collection[str]) -> list[str]:
        """Those that lie on none of the others."""
        return [each for each in names if not self.below(each) & set(names)]

    def on(self, name: str) -> list[str]:
        """The mount points of file systems on a device, a partition of it, or what lies on it."""
        whole = self.whole(name)
        devices = {name, whole} | self.above(whole) if name == whole else {name}
        devices |= {part for part, disk in self._partitions.items() if disk in devices}
        return [point for point, each in self.mounts.items() if self.device_of(each) in devices]

    def filesystems_on(self, name: str) -> tuple[Scope, ...]:
        """The first of these file systems as who suffers when the device does."""
        return tuple(Scope("filesystem", point) for point in self.on(name)[:8])

    def place_of(self, point: str) -> tuple[Scope, tuple[Scope, ...]]:
        """Where what is wrong with the file system mounted there is: its device, with it as the victim, or itself."""
        mount, itself = self.mounts.get(point), Scope("filesystem", point)
        device = self.device_of(mount) if mount is not None else None
        return (Scope("device", device), (itself,)) if device else (itself, ())

    def device_of(self, mount: Mount) -> str | None:
        """The device that a file system lies on; None for one without."""
        return (self._numbers.get(mount.number or "") if mount.number else None) or (
            self.named(mount.source) if (mount.source or "").startswith("/dev/") else None
        )

    def of_event(self, event: LogEvent) -> str | None:
        """The device that an event of the log is about."""
        fields = event.fields
        for name in ("device", "address"):
            found = self.named(fields.get(name))
            if found:
                return found
        major, minor = fields.get("major"), fields.get("minor")
        if isinstance(major, int) and isinstance(minor, int):
            return self.named(f"{major}:{minor}")
        port = fields.get("port")
        return self.named(f"ata{port}" if isinstance(port, int) else port)

    def remote(self, name: str) -> str | None:
        """By what network a device is reached, its own or that of what it lies on; None for a local one."""
        for each in (name, *sorted(self.below(name))):
            found = self.blocks.get(each)
            if found is not None and found.transport:
                return found.transport
        return None

    def uncounted(self) -> list[str]:
        """Devices whose requests the kernel was told not to count (queue/iostats)."""
        return [name for name, each in self.blocks.items() if each.statistics == 0 and each.size_bytes]

    def in_flight(self, name: str) -> list[int]:
        """Requests in flight, sample by sample."""
        return [
            each.in_flight
            for sample in self.view.window.samples
            if (each := sample.each(diskstats.SOURCE).get(name)) is not None and each.in_flight is not None
        ]

    def stuck(self, name: str) -> bool:
        """Requests were in flight in each sample, and none ended in the window."""
        disk = self.disks.get(name)
        flights = self.in_flight(name)
        return disk is not None and len(flights) > 1 and min(flights) > 0 and disk.ended == 0

    def _closure(self, name: str, next_of: Callable[[str], Iterable[str]]) -> set[str]:
        found: set[str] = set()
        edge = {name}
        for _ in range(_DEEPEST):
            edge = {self.whole(each) for one in edge if one in self.blocks for each in next_of(one)} - found
            if not edge:
                break
            found |= edge
        return found - {name}

    def _holding(self, file: str) -> str | None:
        """The device of the file system that a file is on: that with the longest mount point above it."""
        above = [point for point in self.mounts if file.startswith(point.rstrip("/") + "/")]
        return self.device_of(self.mounts[max(above, key=len)]) if above else None


def waiters(view: View) -> list[Waiter]:
    """The processes whose tasks slept uninterruptibly, those that did in most samples first."""
    window = view.window
    having = [each for each in window.samples if task_waits.SOURCE.name in each.read]
    known = window.each(processes.SOURCE)
    tasks: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    waits: dict[str, Counter[Wait]] = {}
    comms: dict[str, str] = {}
    functions: dict[str, set[str]] = {}
    for sample in having:
        for pid, record in sample.each(task_waits.SOURCE).items():
            if not record.blocked:
                continue
            comms[pid] = record.comm
            seen[pid] += 1
            tasks[pid] += record.blocked
            kinds = {
                wait_of(each.stack or ((each.wait,) if each.wait else ())) for each in record.blocked_tasks
            }
            waits.setdefault(pid, Counter()).update(kinds)
            for each in record.blocked_tasks:
                functions.setdefault(pid, set()).update(each.stack)
                functions[pid].update((each.wait,) if each.wait else ())
    found = [
        Waiter(
            pid,
            comms[pid],
            count / len(having),
            tasks[pid] / count,
            {kind: number / len(having) for kind, number in waits.get(pid, Counter()).items()},
            pid in known and known[pid].kernel_thread,
            frozenset(functions.get(pid, ())),
        )
        for pid, count in seen.items()
    ]
    return sorted(found, key=lambda each: (-each.share, -each.tasks, each.pid))


def asleep(
    view: View, waiting: Sequence[Waiter], says: Callable[[Waiter], str], *, as_share: bool = False
) -> list[Evidence]:
    """The first of those that slept as evidence: how many of their tasks, or in which part of the samples."""
    return [
        view.evidence(
            task_waits.SOURCE,
            "blocked",
            each.share if as_share else each.tasks,
            unit="" if as_share else None,
            scope=each.scope,
            change=False,
            says=says(each),
        )
        for each in waiting[:4]
    ]


def victims(waiting: Iterable[Waiter]) -> tuple[Scope, ...]:
    """Of those that slept the programs; threads of the kernel work for somebody else."""
    return tuple(each.scope for each in waiting if not each.kernel)[:8]


def statfs_evidence(view: View, point: str, field: str, value: int, *, scope: Scope, says: str) -> Evidence:
    """What statfs() says of the file system mounted there."""
    return view.evidence(
        filesystem.SOURCE, field, value, scope=scope, change=False, file=f"statfs({point})", says=says
    )


def wait_of(stack: Sequence[str]) -> Wait:
    """What a task sleeps for, by the functions on its stack; "other" when none tells."""
    names = {_CALL.sub("sys_", each.partition(".")[0]) for each in stack}
    if names & _FROZEN and not names & _NOT_FROZEN:
        return "frozen"
    if names & _DISCARD and not names & _ASKED_TO_DISCARD:
        return "discard"
    for wait, functions in _FUNCTIONS:
        if names & functions:
            return wait
    return "other"


def devices_of(storage: Storage, events: Iterable[LogEvent]) -> dict[str, list[LogEvent]]:
    """The events by the whole device that each is about; those about none are left out."""
    found: dict[str, list[LogEvent]] = {}
    for event in events:
        device = storage.of_event(event)
        if device:
            found.setdefault(storage.whole(device), []).append(event)
    return found


def steps(view: View, name: str) -> Iterator[tuple[float, Diskstats]]:
    """The seconds and the growth of a device from each sample to the next."""
    for _, seconds, grown in view.window.each_steps(diskstats.SOURCE, name):
        yield seconds, grown
