"""/proc/fs/jbd2: how often a journal of ext4 commits, how long that takes, how long operations wait for it.

The kernel prints averages over all commits since the file system was mounted, in whole milliseconds; the
average time of a commit alone follows the last few.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_FOLDER = "/proc/fs/jbd2"
_SHOW = "jbd2_seq_info_show() in fs/jbd2/journal.c"
_HEAD = re.compile(rb"(\d+) transactions? \((\d+) requested\)")
_LINE = re.compile(rb"\s*(\d+)(ms|us)? ([a-z][a-z ()]+)")
# What is printed behind each number, and the field that it is, in seconds or a count.
_FIELDS = {
    b"waiting for transaction": "waited_s",
    b"running transaction": "running_s",
    b"transaction was being locked": "locked_s",
    b"flushing data (in ordered mode)": "flushing_data_s",
    b"logging transaction": "logging_s",
    b"average transaction commit time": "commit_s",
    b"handles per transaction": "handles",
    b"blocks per transaction": "blocks",
}
_SCALE = {b"ms": 1e-3, b"us": 1e-6}


class Journal(msgspec.Struct, frozen=True):
    """One journal, by the device that it lies on."""

    commits: Annotated[int | None, counter("", "transactions that were committed", _SHOW)] = None
    commits_requested: Annotated[
        int | None, counter("", "of these: somebody waited for it, as fsync() does", _SHOW)
    ] = None
    commit_s: Annotated[
        float | None, gauge("s", "how long a commit takes, average that follows the last ones", _SHOW)
    ] = None
    waited_s: Annotated[
        float | None, gauge("s", "how long a transaction waited to begin, average since the mount", _SHOW)
    ] = None
    running_s: Annotated[
        float | None, gauge("s", "how long it took operations, average since the mount", _SHOW)
    ] = None
    locked_s: Annotated[
        float | None,
        gauge("s", "how long it waited for its operations to end, average since the mount", _SHOW),
    ] = None
    flushing_data_s: Annotated[
        float | None, gauge("s", "how long it waited for data of its files, average since the mount", _SHOW)
    ] = None
    logging_s: Annotated[
        float | None, gauge("s", "how long its blocks took to write, average since the mount", _SHOW)
    ] = None
    handles: Annotated[
        float | None, gauge("", "operations of one transaction, average since the mount", _SHOW)
    ] = None
    blocks: Annotated[
        float | None, gauge("", "blocks of one transaction, average since the mount", _SHOW)
    ] = None


def read(root: Root, devices: Collection[str] | None) -> Mapping[str, Journal]:
    """All journals; raises Unavailable where no ext4 with a journal is mounted."""
    found: dict[str, Journal] = {}
    for name in sorted(root.names(_FOLDER)):
        # vda-8, dm-0-8: the device and the journal's inode; a slash in a device's name is "!".
        device = name.rpartition("-")[0].replace("!", "/") or name
        if devices is not None and device not in devices:
            continue
        data = root.read_or_none(f"{_FOLDER}/{name}/info", 1 << 16)
        record = parsed(data) if data else None
        if record is not None:
            found[device] = record
    return found


def parsed(data: bytes) -> Journal | None:
    """The text of one `info`; None when it is something else."""
    head = _HEAD.match(data)
    if not head:
        return None
    values: dict[str, float] = {}
    for line in data.splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match and match[3] in _FIELDS:
            values[_FIELDS[match[3]]] = int(match[1]) * _SCALE.get(match[2], 1)
    return Journal(commits=int(head[1]), commits_requested=int(head[2]), **values)


SOURCE = EntitySource(
    name="journal",
    doc="Commits of each ext4 journal, and how long they take.",
    files=("/proc/fs/jbd2/DEVICE/info",),
    record=Journal,
    read=read,
    scope="device",
    when="check",
)
