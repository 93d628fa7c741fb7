"""/proc/PID/io: what a process has read and written, of the processes that a check asks for.

Each of these files costs as much as a process's stat, and a stranger's can be read by root only.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "do_io_accounting() in fs/proc/base.c"
_FIELDS = {
    b"rchar": "characters_read_bytes",
    b"wchar": "characters_written_bytes",
    b"syscr": "read_calls",
    b"syscw": "write_calls",
    b"read_bytes": "read_bytes",
    b"write_bytes": "write_bytes",
    b"cancelled_write_bytes": "cancelled_write_bytes",
}


class ProcessIo(msgspec.Struct, frozen=True):
    """All threads together, those that have ended as well."""

    characters_read_bytes: Annotated[
        int | None, counter("bytes", "what read() gave, also from the cache", _SHOW)
    ] = None
    characters_written_bytes: Annotated[
        int | None, counter("bytes", "what write() took, also into the cache", _SHOW)
    ] = None
    read_calls: Annotated[int | None, counter("", "calls that read", _SHOW)] = None
    write_calls: Annotated[int | None, counter("", "calls that write", _SHOW)] = None
    read_bytes: Annotated[
        int | None,
        counter(
            "bytes", "read from devices", "task_io_account_read() in include/linux/task_io_accounting_ops.h"
        ),
    ] = None
    write_bytes: Annotated[
        int | None,
        counter(
            "bytes",
            "made dirty, or written past the cache",
            "task_io_account_write() in include/linux/task_io_accounting_ops.h",
        ),
    ] = None
    cancelled_write_bytes: Annotated[
        int | None, counter("bytes", "made dirty and truncated before it was written", _SHOW)
    ] = None


def read(root: Root, pids: Collection[str] | None) -> Mapping[str, ProcessIo]:
    """These processes, or all; those that have ended or are not ours are left out."""
    wanted = [each for each in root.names("/proc") if each.isdigit()] if pids is None else pids
    found: dict[str, ProcessIo] = {}
    refused: Unavailable | None = None
    for pid in wanted:
        if not pid.isdigit():
            continue
        try:
            data = root.read(f"/proc/{pid}/io", 4096)
        except Unavailable as error:
            refused = refused if error.gone else error
            continue
        values: dict[str, int] = {}
        for line in data.splitlines():
            name, _, number = line.partition(b": ")
            if name in _FIELDS and number.isdigit() and len(number) <= 20:
                values[_FIELDS[name]] = int(number)
        if values:
            found[pid] = ProcessIo(**values)
    if not found and refused:
        raise refused
    return found


SOURCE = EntitySource(
    name="process_io",
    doc="What each process asked for has read and written.",
    files=("/proc/PID/io",),
    record=ProcessIo,
    read=read,
    scope="process",
    when="asked",
)
