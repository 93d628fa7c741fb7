"""I/O of each cgroup by device, and the limits on it, of version 1 and 2."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.cgroups import Group
from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.stat import is_count

_STAT = "blkcg_print_one_stat() in block/blk-cgroup.c"
_LIMIT = "tg_prfill_limit() in block/blk-throttle.c"
_NUMBER = re.compile(rb"\d{1,9}:\d{1,9}")


class CgroupIo(msgspec.Struct, frozen=True):
    """`254:0 rbytes=1024 wbytes=0 rios=1 wios=0 dbytes=0 dios=0` and io.max; values by device (vda).

    What the page cache writes later is counted where the pages belong, in version 2 only.
    """

    read_bytes: Annotated[dict[str, int] | None, counter("bytes", "read, by device", _STAT)] = None
    written_bytes: Annotated[dict[str, int] | None, counter("bytes", "written, by device", _STAT)] = None
    reads: Annotated[dict[str, int] | None, counter("", "requests to read, by device", _STAT)] = None
    writes: Annotated[dict[str, int] | None, counter("", "requests to write, by device", _STAT)] = None
    read_limit_bytes_per_s: Annotated[
        dict[str, int] | None, gauge("bytes/s", "io.max rbps by device; absent: no limit", _LIMIT)
    ] = None
    write_limit_bytes_per_s: Annotated[
        dict[str, int] | None, gauge("bytes/s", "io.max wbps by device; absent: no limit", _LIMIT)
    ] = None
    read_limit_per_s: Annotated[
        dict[str, int] | None, gauge("1/s", "io.max riops by device; absent: no limit", _LIMIT)
    ] = None
    write_limit_per_s: Annotated[
        dict[str, int] | None, gauge("1/s", "io.max wiops by device; absent: no limit", _LIMIT)
    ] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, CgroupIo]:
    """By path of the cgroup."""
    tree = cgroups.hierarchy(root, "blkio")
    if tree is None:
        raise Unavailable("/sys/fs/cgroup", "no cgroup hierarchy with block I/O is mounted", gone=True)
    found: dict[str, CgroupIo] = {}
    names: dict[bytes, str] = {}
    if tree.version == 1:
        for group in cgroups.groups(root, tree, entities):
            record = _version_1(root, group, names)
            if record is not None:
                found[group.name] = record
        return found
    memory: cgroups.Memory[CgroupIo] = cgroups.Memory(root, "cgroup_io")
    for group in cgroups.groups(root, tree, entities):
        stat = cgroups.contents(root, group, "io.stat")
        if stat is not None:
            found[group.name] = memory.known(group, stat) or memory.learn(
                group, stat, _version_2(root, group, stat, names)
            )
    return found


def _version_2(root: Root, group: Group, stat: bytes, names: dict[bytes, str]) -> CgroupIo:
    by: dict[bytes, dict[str, int]] = {b"rbytes": {}, b"wbytes": {}, b"rios": {}, b"wios": {}}
    for device, key, value in _keyed(root, stat, names):
        if key in by:
            by[key][device] = value
    limits: dict[bytes, dict[str, int]] = {}
    if not group.top:
        for device, key, value in _keyed(root, cgroups.contents(root, group, "io.max") or b"", names):
            limits.setdefault(key, {})[device] = value
    return CgroupIo(
        by[b"rbytes"],
        by[b"wbytes"],
        by[b"rios"],
        by[b"wios"],
        limits.get(b"rbps"),
        limits.get(b"wbps"),
        limits.get(b"riops"),
        limits.get(b"wiops"),
        group.id,
    )


def _keyed(root: Root, data: bytes, names: dict[bytes, str]) -> Iterator[tuple[str, bytes, int]]:
    """Device, key and value of each `key=value`. One whose value is no number, such as max, is left out."""
    for line in data.splitlines():
        number, *words = line.split() or [b""]
        if not words or not _NUMBER.fullmatch(number):
            continue
        device = _name(root, number, names)
        for word in words:
            key, _, value = word.partition(b"=")
            if is_count(value):
                yield device, key, int(value)


def _version_1(root: Root, group: Group, names: dict[bytes, str]) -> CgroupIo | None:
    sizes = cgroups.contents(root, group, "blkio.throttle.io_service_bytes_recursive")
    if sizes is None:
        sizes = cgroups.contents(root, group, "blkio.throttle.io_service_bytes")
    if sizes is None:
        return None
    counts = cgroups.contents(root, group, "blkio.throttle.io_serviced_recursive")
    if counts is None:
        counts = cgroups.contents(root, group, "blkio.throttle.io_serviced") or b""
    read_bytes, written_bytes = _directions(root, sizes, names)
    reads, writes = _directions(root, counts, names)
    found = CgroupIo(read_bytes, written_bytes, reads, writes, id=group.id)
    if group.top:
        return found
    return msgspec.structs.replace(
        found,
        read_limit_bytes_per_s=_limits(root, group, "read_bps_device", names),
        write_limit_bytes_per_s=_limits(root, group, "write_bps_device", names),
        read_limit_per_s=_limits(root, group, "read_iops_device", names),
        write_limit_per_s=_limits(root, group, "write_iops_device", names),
    )


def _directions(root: Root, data: bytes, names: dict[bytes, str]) -> tuple[dict[str, int], dict[str, int]]:
    """`254:0 Read 4096` on each line, of version 1."""
    read_, written = {}, {}
    for line in data.splitlines():
        words = line.split()
        if len(words) == 3 and _NUMBER.fullmatch(words[0]) and is_count(words[2]):
            if words[1] == b"Read":
                read_[_name(root, words[0], names)] = int(words[2])
            elif words[1] == b"Write":
                written[_name(root, words[0], names)] = int(words[2])
    return read_, written


def _limits(root: Root, group: Group, file: str, names: dict[bytes, str]) -> dict[str, int] | None:
    """`254:0 1048576` on each line; nothing when there is no limit."""
    found = {}
    for line in (cgroups.contents(root, group, f"blkio.throttle.{file}") or b"").splitlines():
        words = line.split()
        if len(words) == 2 and _NUMBER.fullmatch(words[0]) and is_count(words[1]):
            found[_name(root, words[0], names)] = int(words[1])
    return found or None


def _name(root: Root, number: bytes, names: dict[bytes, str]) -> str:
    """254:0 -> vda, by the link in /sys/dev/block; the number itself where there is none."""
    if number not in names:
        plain = number.decode("ascii")
        link = root.link(f"/sys/dev/block/{plain}") or ""
        names[number] = link.rpartition("/")[2] or plain
    return names[number]


FILES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("read_bytes", "written_bytes"), ("io.stat", "blkio.throttle.io_service_bytes_recursive")
    ),
    **dict.fromkeys(("reads", "writes"), ("io.stat", "blkio.throttle.io_serviced_recursive")),
    "read_limit_bytes_per_s": ("io.max", "blkio.throttle.read_bps_device"),
    "write_limit_bytes_per_s": ("io.max", "blkio.throttle.write_bps_device"),
    "read_limit_per_s": ("io.max", "blkio.throttle.read_iops_device"),
    "write_limit_per_s": ("io.max", "blkio.throttle.write_iops_device"),
}

SOURCE = EntitySource(
    name="cgroup_io",
    doc="Block I/O of each cgroup by device, and the limits on it.",
    files=(
        "/sys/fs/cgroup/GROUP/io.stat",
        "/sys/fs/cgroup/GROUP/io.max",
        "/sys/fs/cgroup/blkio/GROUP/blkio.throttle.io_service_bytes_recursive",
    ),
    record=CgroupIo,
    read=read,
    scope="cgroup",
    group_file=FILES.get,
)
