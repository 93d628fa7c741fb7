"""A compiled program at work: opened, given its constants, loaded, attached; read, counted, detached.

Maps of totals are sized so that all of them together stay below a bound on machines with many CPUs.
"""

import ctypes
import os
import platform
import struct
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from kernward.collectors.bpf import build
from kernward.collectors.bpf.libbpf import BpfError, Link, Map, Object, Program, Ring, possible_cpus
from kernward.collectors.bpf.tracefs import NoTracefs, tracefs
from kernward.records.errors import InputError

# One map of totals, all CPUs together.
_TOTALS_BYTES = 16 << 20
_FEWEST = 128
_PERCPU_HASH = 5
# Of what is handed over one by one, what is kept.
_EVENTS = 1000
# BPF_F_NO_PREALLOC: an entry takes memory only once it is there.
_NO_PREALLOC = 1
# From this release on such entries come of memory set aside, so that programs on the scheduler's paths may
# make them; see commit 96da3f7d489d, "bpf: Remove tracing program restriction on map types".
_MAY_ALLOCATE = (6, 1)
_FUTEX = {
    # futex, futex_waitv, futex_wait; see arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h.
    "x86_64": (202, 449, 455),
    "aarch64": (98, 449, 455),
}
_ARGUMENTS = 16
_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
# PERF_TYPE_TRACEPOINT
_TRACEPOINT = 2
_CLOEXEC = 8


class Scope(msgspec.Struct, frozen=True):
    """The cgroup that counts, with all below it, by its id; 0 for everything.

    `version_1`: ids are those of a controller's own hierarchy of version 1.
    """

    id: int = 0
    version_1: bool = False


class Attached:
    """One program at work; raises BpfError when the kernel does not take it."""

    def __init__(self, name: str, tier: str, scope: Scope, fields: Sequence[str] = ()) -> None:
        path = build.made(name, tier)
        if not path.is_file():
            raise BpfError(
                "kernward was built without its eBPF programs for this machine: clang was not at hand"
            )
        self._links: list[Link] = []
        self._ring: Ring | None = None
        self._events: deque[bytes] = deque(maxlen=_EVENTS)
        self._object = Object(path)
        try:
            self._programs = list(self._object.programs())
            at = _offsets(self._programs, fields) if tier == "tracepoint" else []
            self._set_up(scope, at)
            self._object.load()
            ring = self._object.map("events")
            if ring is not None:
                self._ring = Ring(ring)
            for program in self._programs:
                self._links.append(_attach(program))
        except InputError:
            self.close()
            raise

    def _set_up(self, scope: Scope, at: Sequence[int]) -> None:
        settings = self._object.map(".rodata.settings")
        if settings is not None:
            futex = _FUTEX.get(platform.machine(), (-1, -1, -1))
            padded = [*at, *[0] * (_ARGUMENTS - len(at))]
            settings.preset(struct.pack(f"<QI3i{_ARGUMENTS}I", scope.id, scope.version_1, *futex, *padded))
        may_allocate = _release() >= _MAY_ALLOCATE
        for name in TOTALS:
            found = self._object.map(name)
            if found is not None and found.kind == _PERCPU_HASH:
                each = (found.value_bytes + found.key_bytes + 64) * possible_cpus()
                found.resize(max(min(found.max_entries, _TOTALS_BYTES // each), _FEWEST))
                if not may_allocate:
                    found.set_flags(found.flags & ~_NO_PREALLOC)

    def map(self, name: str) -> Map:
        """A map that is known to be there."""
        found = self._object.map(name)
        if found is None:
            raise BpfError(f"the program has no map {name}")
        return found

    def find_map(self, name: str) -> Map | None:
        """A map that may be there."""
        return self._object.map(name)

    def events(self) -> Sequence[bytes]:
        """What the program handed over one by one, the last of it, the oldest first."""
        if self._ring is not None:
            self._events.extend(self._ring.take())
        return self._events

    def lost(self) -> int:
        """Events that were not counted: no room in a map, or the program was running on that CPU already."""
        full = sum(sum(_numbers(value)) for _, value in self.map("lost").items())
        return full + sum(program.ran()[2] for program in self._programs)

    def ran(self) -> Mapping[str, tuple[int, int]]:
        """By event: how often its program ran while statistics were on, and for how many ns."""
        return {program.section: program.ran()[:2] for program in self._programs}

    def close(self) -> None:
        """Detach and unload."""
        while self._links:
            self._links.pop().close()
        if self._ring is not None:
            self._ring.close()
            self._ring = None
        self._object.close()


# Maps that hold what was counted.
TOTALS = ("totals", "more")


def _numbers(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(value) // 8}Q", value)


def _release() -> tuple[int, int]:
    major, _, rest = platform.release().partition(".")
    minor = rest.partition(".")[0].partition("-")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


def _attach(program: Program) -> Link:
    kind, _, rest = program.section.partition("/")
    if kind != "tp":
        return program.attach()
    group, _, name = rest.partition("/")
    try:
        with tracefs() as folder:
            event = folder.event_id(group, name)
    except NoTracefs as error:
        raise BpfError(str(error)) from None
    return program.attach_to(_perf_event(event))


def _offsets(programs: Sequence[Program], fields: Sequence[str]) -> list[int]:
    """Where the named fields `event.field` are; raises BpfError."""
    groups = {}
    for program in programs:
        _, group, name = program.section.split("/", 2)
        groups[name] = group
    found: list[int] = []
    known: dict[str, dict[str, int]] = {}
    try:
        with tracefs() as folder:
            for each in fields:
                event, _, field = each.partition(".")
                if event not in known:
                    known[event] = folder.fields(groups[event], event)
                if field not in known[event]:
                    raise BpfError(f"the event {event} has no field {field} in this kernel")
                found.append(known[event][field])
    except NoTracefs as error:
        raise BpfError(str(error)) from None
    return found


def _perf_event(event: int) -> int:
    """A file for a tracepoint; the program that is attached to it runs on all CPUs."""
    number = _PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        raise BpfError(f"perf events are not known on {platform.machine()}")
    # struct perf_event_attr: type, size, config, sample_period, sample_type, read_format, flags, wakeup_events
    attributes = struct.pack("<IIQQQQQI", _TRACEPOINT, 112, event, 1, 0, 0, 0, 1).ljust(112, b"\0")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    file: int = libc.syscall(
        ctypes.c_long(number), attributes, ctypes.c_int(-1), ctypes.c_int(0), ctypes.c_int(-1),
        ctypes.c_ulong(_CLOEXEC),
    )  # fmt: skip
    if file < 0:
        raise BpfError(f"perf_event_open: {os.strerror(ctypes.get_errno())}")
    return file
