"""/proc/PID/status: switches, swap, allowed CPUs and user of the processes that a check asks for."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes

_MEMORY = "task_mem() in fs/proc/task_mmu.c"
_STATE = "task_state() in fs/proc/array.c"
_SWITCHES = "task_context_switch_counts() in fs/proc/array.c"


class ProcessStatus(msgspec.Struct, frozen=True):
    """Switches are those of the main thread; memory is the whole process's."""

    user: Annotated[int | None, fact("effective user id", _STATE)] = None
    voluntary_switches: Annotated[int | None, counter("", "it gave the CPU away, to wait", _SWITCHES)] = None
    involuntary_switches: Annotated[int | None, counter("", "the CPU was taken from it", _SWITCHES)] = None
    swap_bytes: Annotated[int | None, gauge("bytes", "of it in swap", _MEMORY)] = None
    anonymous_bytes: Annotated[int | None, gauge("bytes", "in RAM, of no file", _MEMORY)] = None
    file_bytes: Annotated[int | None, gauge("bytes", "in RAM, of files", _MEMORY)] = None
    shared_bytes: Annotated[int | None, gauge("bytes", "in RAM, of shared memory", _MEMORY)] = None
    locked_bytes: Annotated[int | None, gauge("bytes", "locked into RAM", _MEMORY)] = None
    page_tables_bytes: Annotated[int | None, gauge("bytes", "page tables", _MEMORY)] = None
    allowed_cpus: Annotated[
        str | None, fact("CPUs it may run on, 0-3,8", "task_cpus_allowed() in fs/proc/array.c")
    ] = None
    seccomp: Annotated[
        int | None, fact("0 none, 1 strict, 2 a filter", "task_seccomp() in fs/proc/array.c")
    ] = None


_KIB = {
    b"VmSwap": "swap_bytes",
    b"RssAnon": "anonymous_bytes",
    b"RssFile": "file_bytes",
    b"RssShmem": "shared_bytes",
    b"VmLck": "locked_bytes",
    b"VmPTE": "page_tables_bytes",
}
_COUNTS = {
    b"voluntary_ctxt_switches": "voluntary_switches",
    b"nonvoluntary_ctxt_switches": "involuntary_switches",
    b"Seccomp": "seccomp",
}


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, ProcessStatus]:
    """By pid; those that have ended or are not to be read are left out."""
    found: dict[str, ProcessStatus] = {}
    refused: Unavailable | None = None
    for pid in processes.pids(root) if pids is None else filter(processes.is_pid, pids):
        try:
            found[pid] = parse(root.read(f"/proc/{pid}/status", 1 << 16))
        except Unavailable as error:
            refused = refused if error.gone else error
    if not found and refused:
        raise refused
    return found


def parse(data: bytes) -> ProcessStatus:
    """The record of a status file. A name with a line break cannot forge a line: the kernel escapes it."""
    values: dict[str, int | str] = {}
    for line in data.split(b"\n"):
        name, _, rest = line.partition(b":")
        words = rest.split()
        if not words:
            continue
        if name == b"Cpus_allowed_list":
            values["allowed_cpus"] = words[0][:4096].decode("ascii", "backslashreplace")
        elif not words[0].isdigit() or len(words[0]) > 18:
            continue
        elif name in _KIB:
            values[_KIB[name]] = int(words[0]) << 10
        elif name in _COUNTS:
            values[_COUNTS[name]] = int(words[0])
        elif name == b"Uid" and len(words) == 4 and words[1].isdigit() and len(words[1]) <= 10:
            values["user"] = int(words[1])
    return msgspec.convert(values, ProcessStatus)


SOURCE = EntitySource(
    name="process_status",
    doc="Switches, swap, allowed CPUs and user of each process asked for.",
    files=("/proc/PID/status",),
    record=ProcessStatus,
    read=read,
    scope="process",
    when="asked",
)
