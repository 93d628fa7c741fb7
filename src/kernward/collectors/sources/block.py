"""/sys/block: what a block device is, what it lies on, what its queue allows, and what its driver says of it.

The folder of one device has dozens of files; those are read that explain a latency or a failure. What only
some kinds of device have (a device-mapper name, a SCSI state, an NVMe state) is None in the others.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_FOLDER = "/sys/block"
_QUEUE = "block/blk-sysfs.c"
_SCSI = "drivers/scsi/scsi_sysfs.c"
_SECTOR_BYTES = 512
_CHOSEN = re.compile(r"\[([^\]]+)\]")
_CONTROLLER = re.compile(r"(nvme\d+)n\d+")
_ATA = re.compile(r"/(ata\d+)/")
_ADDRESS = re.compile(r"/(\d+:\d+:\d+:\d+)/block/")
# The driver makes these whether or not anything stands behind them; one without a size is not in use.
_SPARE = ("loop", "nbd", "ram", "zram", "fd", "sr")
# Part of the path of a disk behind another machine, and what such a disk is reached by.
_REMOTE_PATHS = (("/session", "iscsi"), ("/rport-", "fibre channel"), ("/rbd/", "rbd"))
_REMOTE_NAMES = (("nbd", "nbd"), ("rbd", "rbd"), ("drbd", "drbd"), ("etherd", "aoe"))


class Block(msgspec.Struct, frozen=True):
    """One whole device; partitions are named in it."""

    number: Annotated[str | None, fact("major and minor number, 254:0", "block/genhd.c")] = None
    generation: Annotated[
        int | None,
        fact("differs when another device has this name; since Linux 5.15", "diskseq in block/genhd.c"),
    ] = None
    size_bytes: Annotated[
        int | None, gauge("bytes", "its size", "part_size_show() in block/partitions/core.c")
    ] = None
    read_only: Annotated[
        int | None, gauge("", "1 when nothing can be written", "disk_ro_show() in block/genhd.c")
    ] = None
    removable: Annotated[int | None, fact("1 when its medium can be taken out", "block/genhd.c")] = None
    rotational: Annotated[int | None, fact("1 for a disk that spins, or that says nothing of it", _QUEUE)] = (
        None
    )
    scheduler: Annotated[
        str | None, fact("the I/O scheduler: none, mq-deadline, kyber, bfq", "block/elevator.c")
    ] = None
    requests_limit: Annotated[
        int | None, fact("requests of a queue that can be allocated (nr_requests)", _QUEUE)
    ] = None
    queue_depth: Annotated[
        int | None, gauge("", "commands that a SCSI device is sent at a time", f"queue_depth in {_SCSI}")
    ] = None
    hardware_queues: Annotated[int | None, fact("queues of the hardware", "block/blk-mq-sysfs.c")] = None
    request_timeout_s: Annotated[float | None, fact("after which the driver gives a request up", _QUEUE)] = (
        None
    )
    largest_request_bytes: Annotated[int | None, fact("max_sectors_kb", _QUEUE)] = None
    read_ahead_bytes: Annotated[int | None, fact("read_ahead_kb", _QUEUE)] = None
    write_cache: Annotated[
        str | None, fact("write back: a flush costs; write through: it does not", _QUEUE)
    ] = None
    throttled_latency_s: Annotated[
        float | None, fact("read latency that writeback is throttled for (wbt_lat_usec)", "block/blk-wbt.c")
    ] = None
    statistics: Annotated[int | None, fact("0 when /proc/diskstats does not count it (iostats)", _QUEUE)] = (
        None
    )
    reads_in_flight: Annotated[
        int | None, gauge("", "reads in flight", "part_inflight_show() in block/genhd.c")
    ] = None
    writes_in_flight: Annotated[
        int | None, gauge("", "writes in flight", "part_inflight_show() in block/genhd.c")
    ] = None
    lies_on: Annotated[tuple[str, ...], fact("devices below it (slaves)", "block/holder.c")] = ()
    carries: Annotated[
        tuple[str, ...], fact("devices that lie on it or its partitions (holders)", "block/holder.c")
    ] = ()
    partitions: Annotated[
        tuple[str, ...], fact("its partitions, as name=number", "block/partitions/core.c")
    ] = ()
    transport: Annotated[
        str | None, fact("how it is reached where that is a network: nbd, iscsi, tcp, …", "")
    ] = None
    port: Annotated[
        str | None,
        fact("the port that the kernel's messages name: ata3, nvme0", "drivers/ata/libata-transport.c"),
    ] = None
    address: Annotated[str | None, fact("host:channel:target:lun of a SCSI device", _SCSI)] = None
    model: Annotated[str | None, fact("what the device calls itself", _SCSI)] = None
    state: Annotated[
        str | None, fact("running, offline, blocked, … of SCSI; live, resetting, dead, … of NVMe", _SCSI)
    ] = None
    mapped_name: Annotated[str | None, fact("the device-mapper table's name", "drivers/md/dm-sysfs.c")] = None
    mapped_id: Annotated[
        str | None, fact("the device-mapper table's uuid, which tells what made it", "drivers/md/dm-sysfs.c")
    ] = None
    suspended: Annotated[
        int | None, gauge("", "1 while a device-mapper table holds all I/O back", "drivers/md/dm-sysfs.c")
    ] = None
    backing_file: Annotated[str | None, fact("the file that a loop device shows", "drivers/block/loop.c")] = (
        None
    )
    commands: Annotated[int | None, counter("", "SCSI commands sent", f"iorequest_cnt in {_SCSI}", 32)] = None
    command_errors: Annotated[
        int | None, counter("", "SCSI commands that ended with an error", f"ioerr_cnt in {_SCSI}", 32)
    ] = None
    command_timeouts: Annotated[
        int | None, counter("", "SCSI commands that timed out; since Linux 6.0", f"iotmo_cnt in {_SCSI}", 32)
    ] = None

    @property
    def partition_numbers(self) -> dict[str, str]:
        """Partition by number: {"254:1": "vda1"}."""
        return {number: name for name, _, number in (each.partition("=") for each in self.partitions)}


def read(root: Root, names: Collection[str] | None) -> Mapping[str, Block]:
    """All devices that have a size, or these."""
    found: dict[str, Block] = {}
    for name in sorted(root.names(_FOLDER)):
        if names is not None and name not in names:
            continue
        record = _device(root, name)
        if record is not None:
            found[name] = record
    return found


def _device(root: Root, name: str) -> Block | None:
    folder = f"{_FOLDER}/{name}"
    size = root.optional_number(f"{folder}/size")
    if size is None or not size and name.startswith(_SPARE):
        return None
    queue, device = f"{folder}/queue", f"{folder}/device"
    flights = root.optional(f"{folder}/inflight")
    reads, writes = _pair(flights)
    timeout_ms = root.optional_number(f"{queue}/io_timeout")
    throttled_us = root.optional_number(f"{queue}/wbt_lat_usec")
    inside = root.optional_names(folder)
    partitions = tuple(
        f"{each}={number}"
        for each in sorted(inside)
        if each.startswith(name) and (number := root.optional(f"{folder}/{each}/dev"))
    )
    backing = root.optional(f"{folder}/loop/backing_file") if "loop" in inside else None
    mapped = "dm" in inside
    scsi = "device" in inside and not name.startswith("nvme")
    carries = root.optional_names(f"{folder}/holders")
    for each in partitions:
        carries += root.optional_names(f"{folder}/{each.partition('=')[0]}/holders")
    return Block(
        number=root.optional(f"{folder}/dev"),
        generation=root.optional_number(f"{folder}/diskseq"),
        size_bytes=size * _SECTOR_BYTES,
        read_only=root.optional_number(f"{folder}/ro"),
        removable=root.optional_number(f"{folder}/removable"),
        rotational=root.optional_number(f"{queue}/rotational"),
        scheduler=_chosen(root.optional(f"{queue}/scheduler")),
        requests_limit=root.optional_number(f"{queue}/nr_requests"),
        queue_depth=root.optional_number(f"{device}/queue_depth") if scsi else None,
        hardware_queues=len(root.optional_names(f"{folder}/mq")) or None,
        request_timeout_s=None if timeout_ms is None else timeout_ms / 1000,
        largest_request_bytes=_kilobytes(root, f"{queue}/max_sectors_kb"),
        read_ahead_bytes=_kilobytes(root, f"{queue}/read_ahead_kb"),
        write_cache=root.optional(f"{queue}/write_cache"),
        # -1: the device has no writeback throttling
        throttled_latency_s=throttled_us / 1e6 if throttled_us is not None and throttled_us >= 0 else None,
        statistics=root.optional_number(f"{queue}/iostats"),
        reads_in_flight=reads,
        writes_in_flight=writes,
        lies_on=tuple(root.optional_names(f"{folder}/slaves")),
        carries=tuple(sorted(carries)),
        partitions=partitions,
        transport=_transport(root, name),
        port=_port(root, name),
        address=_address(root, name),
        model=root.optional(f"{device}/model") if "device" in inside else None,
        state=root.optional(f"{device}/state") if "device" in inside else None,
        mapped_name=root.optional(f"{folder}/dm/name") if mapped else None,
        mapped_id=(root.optional(f"{folder}/dm/uuid") or None) if mapped else None,
        suspended=root.optional_number(f"{folder}/dm/suspended") if mapped else None,
        backing_file=backing,
        commands=root.optional_number(f"{device}/iorequest_cnt", 16) if scsi else None,
        command_errors=root.optional_number(f"{device}/ioerr_cnt", 16) if scsi else None,
        command_timeouts=root.optional_number(f"{device}/iotmo_cnt", 16) if scsi else None,
    )


def _transport(root: Root, name: str) -> str | None:
    for prefix, network in _REMOTE_NAMES:
        if re.fullmatch(prefix + r"\d+", name):
            return network
    if name.startswith("nvme"):
        # A disk with several paths is below the subsystem, not below a controller.
        transport = root.optional(f"{_FOLDER}/{name}/device/transport")
        return transport if transport not in (None, "pcie", "loop") else None
    place = root.link(f"{_FOLDER}/{name}") or ""
    for part, network in _REMOTE_PATHS:
        if part in place:
            return network
    return None


def _port(root: Root, name: str) -> str | None:
    match = _CONTROLLER.match(name) or _ATA.search(root.link(f"{_FOLDER}/{name}") or "")
    return match[1] if match else None


def _address(root: Root, name: str) -> str | None:
    match = _ADDRESS.search(root.link(f"{_FOLDER}/{name}") or "")
    return match[1] if match else None


def _kilobytes(root: Root, path: str) -> int | None:
    found = root.optional_number(path)
    return None if found is None else found << 10


def _chosen(text: str | None) -> str | None:
    """The one in brackets of `none [mq-deadline] kyber`."""
    match = _CHOSEN.search(text or "")
    return match[1] if match else text or None


def _pair(text: str | None) -> tuple[int | None, int | None]:
    try:
        one, other = (text or "").split()
        return int(one), int(other)
    except ValueError:
        return None, None


SOURCE = EntitySource(
    name="block",
    doc="What each block device is, lies on and allows, and what its driver says of it.",
    files=("/sys/block/DEVICE",),
    record=Block,
    read=read,
    scope="device",
    when="check",
)
