"""Windows of machines with disks: devices that do so much a second, tasks that sleep, events in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.measurements import offcpu
from kernward.collectors.measurements.offcpu import OffCpu
from kernward.collectors.sources import (
    block,
    diskstats,
    filesystem,
    filesystem_errors,
    journal,
    kernel_events,
    md,
    mounts,
    nfs,
    process_io,
    processes,
    task_waits,
    writeback,
)
from kernward.collectors.sources.block import Block
from kernward.collectors.sources.diskstats import Diskstats
from kernward.collectors.sources.filesystem import Filesystem
from kernward.collectors.sources.mounts import Mount
from kernward.collectors.sources.process_io import ProcessIo
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.task_waits import BlockedTask, TaskWaits
from kernward.collectors.sources.writeback import Writeback
from kernward.diagnosis.view import View
from kernward.records.check import Measured
from tests.diagnosis import kernel_log
from tests.diagnosis.kernel_log import by_kind
from tests.diagnosis.windows import Reading, window

SAMPLES = 7
BALANCE = (
    "io_schedule_timeout",
    "balance_dirty_pages",
    "balance_dirty_pages_ratelimited_flags",
    "generic_perform_write",
)
FSYNC = ("io_schedule", "folio_wait_bit_common", "file_write_and_wait_range", "ext4_sync_file", "do_fsync")
READ = ("io_schedule", "__blkdev_direct_IO_simple", "blkdev_read_iter", "vfs_read", "ksys_pread64")
DIRECT = ("io_schedule", "__blkdev_direct_IO_simple", "blkdev_write_iter", "vfs_write", "ksys_pwrite64")
FROZEN = ("percpu_rwsem_wait", "__percpu_down_read", "mnt_want_write", "path_openat", "do_filp_open")
JOURNAL = ("wait_transaction_locked", "add_transaction_credits", "start_this_handle", "ext4_create")
DISCARD = ("io_schedule", "submit_bio_wait", "blkdev_issue_discard", "ext4_free_blocks", "ext4_truncate")
TRIM = ("io_schedule", "submit_bio_wait", "blkdev_issue_discard", "ext4_trim_fs", "__x64_sys_ioctl")
SYNC = ("io_schedule", "wait_sb_inodes", "sync_inodes_sb", "iterate_supers", "ksys_sync")


def does(
    number: str = "254:0",
    *,
    reads: float = 0,
    read_s: float = 0.0,
    read_kb: float = 4,
    writes: float = 0,
    write_s: float = 0.0,
    write_kb: float = 4,
    busy: float = 0.0,
    flushes: float = 0,
    flush_s: float = 0.0,
    discards: float = 0,
    discard_s: float = 0.0,
    in_flight: int = 0,
) -> dict[str, Any]:
    """What a device does in a second: requests, how long each takes, the part of the time it is busy."""
    return {
        "number": number,
        "in_flight": in_flight,
        "rates": {
            "reads": reads,
            "read_ms": reads * read_s * 1000,
            "read_bytes": reads * read_kb * 1024,
            "writes": writes,
            "write_ms": writes * write_s * 1000,
            "write_bytes": writes * write_kb * 1024,
            "busy_ms": busy * 1000,
            "waited_ms": (reads * read_s + writes * write_s) * 1000,
            "flushes": flushes,
            "flush_ms": flushes * flush_s * 1000,
            "discards": discards,
            "discard_ms": discards * discard_s * 1000,
        },
    }


def disk(number: str = "254:0", **more: Any) -> Block:
    """A disk that spins, as a virtual one says it does."""
    return Block(number=number, **{"size_bytes": 1 << 34, "rotational": 1, **more})


def mapped(name: str, *lies_on: str, number: str = "253:0", **more: Any) -> Block:
    """A device-mapper table."""
    return disk(number, mapped_name=name, lies_on=lies_on, **more)


def asleep(comm: str, stack: Sequence[str], tasks: int = 1) -> TaskWaits:
    """A process of which so many tasks sleep there."""
    return TaskWaits(
        comm=comm,
        threads=tasks,
        blocked=tasks,
        blocked_tasks=tuple(
            BlockedTask(str(each), comm, stack[0] if stack else None, tuple(stack)) for each in range(tasks)
        ),
    )


def process(comm: str, *, kernel: bool = False) -> Process:
    return Process(comm=comm, state="D", parent=1, start_s=1.0, kernel_thread=kernel)


def event(kind: str, text: str, age_s: float = 30.0, **fields: Any) -> LogEvent:
    """An event of the kernel's log: the task and the stack of its report, and its fields."""
    more = {name: fields.pop(name) for name in ("comm", "pid", "stack") if name in fields}
    return kernel_log.event(kind, age_s, text, fields=fields, **more)


def dirty(part: float = 0.1, written: int = 0, limit: int = 100_000) -> Writeback:
    """Dirty pages as part of where writers begin to be held back, and pages being written."""
    ceiling = limit * 3 // 4
    return Writeback(
        dirty_pages=max(0, round(part * ceiling) - written),
        writeback_pages=written,
        limit_pages=limit,
        background_limit_pages=limit // 2,
    )


def storage(
    devices: Mapping[str, dict[str, Any]] | None = None,
    *,
    blocks: Mapping[str, Block] | None = None,
    waits: Mapping[str, TaskWaits] | None = None,
    kernel: Sequence[str] = (),
    mounted: Mapping[str, Mount] | None = None,
    full: Mapping[str, Filesystem] | None = None,
    events: Sequence[LogEvent] = (),
    pages: Writeback | None = None,
    arrays: Mapping[str, md.Md] | None = None,
    errors: Mapping[str, filesystem_errors.FilesystemErrors] | None = None,
    commits: float | None = None,
    commit_s: float = 0.01,
    io: Mapping[str, tuple[float, float]] | None = None,
    served: Mapping[str, tuple[float, float]] | None = None,
    slept: Mapping[str, Mapping[Sequence[str], float]] | None = None,
    before: Mapping[str, Diskstats] | None = None,
    samples: int = SAMPLES,
    every_s: float = 1.0,
    without: Sequence[Any] = (),
    final: bool = True,
    asked: bool = True,
    measured: Mapping[str, Measured] | None = None,
) -> View:
    """The view of such a machine. `io` are bytes a second that processes read and write, by pid.

    `slept` is what `offcpu` measured: the part of the time, by comm[pid] and stack.
    """
    readings: list[dict[Any, Any]] = []
    for number in range(samples):
        at = number * every_s
        waiting = dict(waits or {})
        reading: dict[Any, Any] = {
            diskstats.SOURCE: {
                name: _counted(each, at, (before or {}).get(name)) for name, each in (devices or {}).items()
            },
            block.SOURCE: dict(blocks if blocks is not None else {name: disk() for name in devices or {}}),
            task_waits.SOURCE: waiting,
            processes.SOURCE: {
                pid: process(each.comm, kernel=pid in kernel) for pid, each in waiting.items()
            },
            mounts.SOURCE: dict(mounted or {}),
            filesystem.SOURCE: dict(full or {}),
            kernel_events.SOURCE: by_kind(*events),
            writeback.SOURCE: pages or dirty(),
            md.SOURCE: dict(arrays or {}),
            filesystem_errors.SOURCE: dict(errors or {}),
        }
        if commits is not None:
            reading[journal.SOURCE] = {
                "vda": journal.Journal(
                    commits=round(commits * at), commits_requested=round(commits * at), commit_s=commit_s
                )
            }
        if io is not None:
            reading[process_io.SOURCE] = {
                pid: ProcessIo(read_bytes=round(read * at), write_bytes=round(write * at))
                for pid, (read, write) in io.items()
            }
        if served is not None:
            reading[nfs.SOURCE] = {
                point: nfs.Nfs(server="server:/x", sent=round(sent * at), received=round(received * at))
                for point, (sent, received) in served.items()
            }
        if slept is not None:
            reading[offcpu.SOURCE] = {
                name.partition("[")[2].rstrip("]"): OffCpu(
                    comm=name.partition("[")[0],
                    by_stack_s={";".join(stack): share * at for stack, share in stacks.items()},
                )
                for name, stacks in slept.items()
            }
        readings.append({source: each for source, each in reading.items() if source not in without})
    typed: list[Reading] = list(readings)
    return View(
        window(*typed, every_s=every_s, absent={source: "it cannot be read here" for source in without}),
        final=final,
        measured=measured or ({} if slept is None else {"offcpu": Measured(name="offcpu", tier="tp_btf")}),
    )


def _counted(of: dict[str, Any], at: float, before: Diskstats | None) -> Diskstats:
    start = before or Diskstats()
    counted = {name: round((getattr(start, name) or 0) + rate * at) for name, rate in of["rates"].items()}
    return msgspec.structs.replace(Diskstats(number=of["number"], in_flight=of["in_flight"]), **counted)
