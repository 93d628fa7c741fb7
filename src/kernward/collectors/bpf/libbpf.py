"""A binding of the system's libbpf (0.8 or later): open, load, attach, read maps, ask what programs cost.

Each failure is a BpfError in one sentence that carries the end of what libbpf logged about it; a success
logs nothing. Handles are closed explicitly. libbpf keeps its log function for the whole process, and so is
the log here.
"""

import ctypes
import errno
import os
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from kernward.records.errors import InputError

_NAMES = ("libbpf.so.1", "libbpf.so.0")
# libbpf's own lines about one failure; the verifier's log may be a megabyte.
_LOG_LINES = 400
_LINE_BYTES = 4096
# How much of a line of the log stands in an error.
_TOLD = 160
_BATCH = 256
# BPF_STATS_RUN_TIME in include/uapi/linux/bpf.h
_RUN_TIME = 0
_NAMED = {
    errno.EPERM: "not permitted: it takes CAP_BPF and CAP_PERFMON, or root",
    errno.EACCES: "not permitted, or the kernel's verifier refused it",
    errno.ENOENT: "the kernel does not have what it needs",
    errno.ESRCH: "the kernel does not have what it needs",
    errno.EINVAL: "the kernel refused it",
    errno.ENOTSUP: "the kernel does not support it",
    errno.ENOSYS: "the kernel has no BPF",
}
# Lines of the log that say what was wrong, best first.
_TELLING = ("valid kernel BTF", "vmlinux BTF", "is not found in", "failed to resolve CO-RE", "invalid func")


class BpfError(InputError):
    """What libbpf or the kernel refused, in one sentence."""


class _Info(ctypes.Structure):
    """struct bpf_prog_info, as far as recursion_misses."""

    _fields_ = (
        ("head", ctypes.c_uint8 * 192),
        ("run_time_ns", ctypes.c_uint64),
        ("run_cnt", ctypes.c_uint64),
        ("recursion_misses", ctypes.c_uint64),
    )


_Sample = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Print = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class _Log:
    """The lines that libbpf prints, kept until they are taken."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._libc = ctypes.CDLL(None)
        self._libc.vsnprintf.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_void_p,
        )
        # Kept here, as libbpf calls it for as long as the process lives.
        self.print = _Print(self._print)

    def _print(self, level: int, form: bytes, arguments: int) -> int:
        if level > 1 or len(self._lines) >= _LOG_LINES:  # 2 is for debugging
            return 0
        line = ctypes.create_string_buffer(_LINE_BYTES)
        self._libc.vsnprintf(line, _LINE_BYTES, form, arguments)
        self._lines.append(line.value.decode("utf-8", "replace").rstrip())
        return 0

    def take(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines


_LOCK = threading.Lock()


@cache
def _library() -> tuple[Any, _Log]:
    """libbpf, its functions declared; raises BpfError."""
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name, use_errno=True)
            break
        except OSError:
            continue
    else:
        raise BpfError("libbpf is not installed (Debian's package libbpf1)")
    log = _Log()
    try:
        _declare(library)
        library.libbpf_set_print(log.print)
        if hasattr(library, "libbpf_set_strict_mode"):
            # Until 1.0 errors were pointers; all bits set asks for the behaviour of 1.0.
            library.libbpf_set_strict_mode(0xFFFFFFFF)
    except AttributeError as error:
        raise BpfError(f"this libbpf is older than 0.8: {error}") from None
    return library, log


def _declare(library: Any) -> None:
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("bpf_object__open_file", pointer, (text, pointer)),
        ("bpf_object__load", number, (pointer,)),
        ("bpf_object__close", None, (pointer,)),
        ("bpf_object__next_program", pointer, (pointer, pointer)),
        ("bpf_object__find_map_by_name", pointer, (pointer, text)),
        ("bpf_program__name", text, (pointer,)),
        ("bpf_program__section_name", text, (pointer,)),
        ("bpf_program__fd", number, (pointer,)),
        ("bpf_program__attach", pointer, (pointer,)),
        ("bpf_program__attach_perf_event", pointer, (pointer, number)),
        ("bpf_link__destroy", number, (pointer,)),
        ("bpf_map__fd", number, (pointer,)),
        ("bpf_map__key_size", ctypes.c_uint32, (pointer,)),
        ("bpf_map__value_size", ctypes.c_uint32, (pointer,)),
        ("bpf_map__max_entries", ctypes.c_uint32, (pointer,)),
        ("bpf_map__set_max_entries", number, (pointer, ctypes.c_uint32)),
        ("bpf_map__map_flags", ctypes.c_uint32, (pointer,)),
        ("bpf_map__set_map_flags", number, (pointer, ctypes.c_uint32)),
        ("bpf_map__type", number, (pointer,)),
        ("bpf_map__set_initial_value", number, (pointer, pointer, ctypes.c_size_t)),
        (
            "bpf_map_lookup_batch",
            number,
            (number, pointer, pointer, pointer, pointer, pointer, pointer),
        ),
        ("bpf_map_get_next_key", number, (number, pointer, pointer)),
        ("bpf_map_lookup_elem", number, (number, pointer, pointer)),
        ("bpf_obj_get_info_by_fd", number, (number, pointer, pointer)),
        ("bpf_enable_stats", number, (number,)),
        ("ring_buffer__new", pointer, (number, _Sample, pointer, pointer)),
        ("ring_buffer__consume", number, (pointer,)),
        ("ring_buffer__free", None, (pointer,)),
        ("libbpf_num_possible_cpus", number, ()),
        ("libbpf_set_print", pointer, (_Print,)),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


def _failed(what: str, number: int) -> BpfError:
    log = _library()[1].take()
    telling = next((line for sign in _TELLING for line in log if sign in line), "")
    last = (telling or (log[-1] if log else "")).strip().removeprefix("libbpf: ")
    said = _NAMED.get(number, os.strerror(number))
    # Without rights nothing else is worth saying.
    if number == errno.EPERM:
        return BpfError(said)
    if last:
        said += f" (libbpf: {last[:_TOLD]})"
    return BpfError(f"{what}: {said}")


def possible_cpus() -> int:
    """CPUs for which a per-CPU map has a value."""
    found: int = _library()[0].libbpf_num_possible_cpus()
    if found <= 0:
        raise _failed("CPUs cannot be counted", -found)
    return found


class Map:
    """A map of an open object."""

    def __init__(self, handle: int) -> None:
        self._library = _library()[0]
        self._handle = handle
        self.key_bytes: int = self._library.bpf_map__key_size(handle)
        self.value_bytes: int = self._library.bpf_map__value_size(handle)
        self.kind: int = self._library.bpf_map__type(handle)
        self.max_entries: int = self._library.bpf_map__max_entries(handle)

    @property
    def per_cpu(self) -> bool:
        """Whether it has a value for each CPU."""
        return self.kind in (5, 6, 10)  # BPF_MAP_TYPE_PERCPU_HASH, …_PERCPU_ARRAY, …_LRU_PERCPU_HASH

    @property
    def file(self) -> int:
        """Its file descriptor, once it is loaded."""
        found: int = self._library.bpf_map__fd(self._handle)
        return found

    def resize(self, entries: int) -> None:
        """How many entries it will have; before loading."""
        self._library.bpf_map__set_max_entries(self._handle, entries)
        self.max_entries = entries

    @property
    def flags(self) -> int:
        """BPF_F_…"""
        found: int = self._library.bpf_map__map_flags(self._handle)
        return found

    def set_flags(self, flags: int) -> None:
        """Before loading."""
        self._library.bpf_map__set_map_flags(self._handle, flags)

    def preset(self, value: bytes) -> None:
        """What constants of the program are; before loading."""
        padded = value.ljust(self.value_bytes, b"\0")
        failed = self._library.bpf_map__set_initial_value(self._handle, padded, self.value_bytes)
        if failed:
            raise _failed("constants of a program cannot be set", -failed)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values; the value of a per-CPU map is that of all CPUs, one after the other.

        Entries that come or go meanwhile may be left out, none is given twice.
        """
        size = self.value_bytes
        if self.per_cpu:
            size = (size + 7 & ~7) * possible_cpus()
        return self._batches(self.file, size)

    def _batches(self, file: int, size: int) -> Iterator[tuple[bytes, bytes]]:
        room = min(_BATCH, max(self.max_entries, 16))
        keys = ctypes.create_string_buffer(room * self.key_bytes)
        values = ctypes.create_string_buffer(room * size)
        here, there = ctypes.create_string_buffer(8), ctypes.create_string_buffer(8)
        begun = False
        while True:
            count = ctypes.c_uint32(room)
            failed = self._library.bpf_map_lookup_batch(
                file, here if begun else None, there, keys, values, ctypes.byref(count), None
            )
            number = -failed if failed != -1 else ctypes.get_errno()
            if failed and number != errno.ENOENT:
                if number == errno.ENOSPC and room < 1 << 20:
                    # A bucket of the hash has more entries than there is room for.
                    room *= 2
                    keys = ctypes.create_string_buffer(room * self.key_bytes)
                    values = ctypes.create_string_buffer(room * size)
                    continue
                if begun:
                    return
                # Maps of this type have no batches in this kernel (arrays per CPU: until 5.13).
                yield from self._one_by_one(file, size)
                return
            for at in range(count.value):
                yield (
                    keys.raw[at * self.key_bytes : (at + 1) * self.key_bytes],
                    ctypes.string_at(ctypes.addressof(values) + at * size, size),
                )
            if failed:
                return
            begun = True
            here, there = there, here

    def _one_by_one(self, file: int, size: int) -> Iterator[tuple[bytes, bytes]]:
        key: Any = None
        following = ctypes.create_string_buffer(self.key_bytes)
        value = ctypes.create_string_buffer(size)
        for _ in range(self.max_entries):
            if self._library.bpf_map_get_next_key(file, key, following):
                return
            key = ctypes.create_string_buffer(following.raw, self.key_bytes)
            if not self._library.bpf_map_lookup_elem(file, key, value):
                yield key.raw, value.raw

    def get(self, key: bytes) -> bytes | None:
        """One value; None when there is none."""
        value = ctypes.create_string_buffer(self.value_bytes)
        if self._library.bpf_map_lookup_elem(self.file, key, value):
            return None
        return value.raw


class Ring:
    """What a program hands over one by one, through a ring buffer (since Linux 5.8)."""

    def __init__(self, ring: Map) -> None:
        self._library = _library()[0]
        self._taken: list[bytes] = []
        # Kept here, as libbpf calls it for as long as the ring is there.
        self._sample = _Sample(self._take)
        with _LOCK:
            self._handle = self._library.ring_buffer__new(ring.file, self._sample, None, None)
            if not self._handle:
                raise _failed("a ring buffer cannot be read", ctypes.get_errno())

    def _take(self, _context: int | None, data: int, size: int) -> int:
        self._taken.append(ctypes.string_at(data, size))
        return 0

    def take(self) -> list[bytes]:
        """What came since the last call, the oldest first."""
        self._library.ring_buffer__consume(self._handle)
        taken, self._taken = self._taken, []
        return taken

    def close(self) -> None:
        """Let go of it."""
        if self._handle:
            self._library.ring_buffer__free(self._handle)
            self._handle = None


class Program:
    """A program of an open object."""

    def __init__(self, handle: int) -> None:
        self._library = _library()[0]
        self._handle = handle
        self.name: str = self._library.bpf_program__name(handle).decode()
        self.section: str = self._library.bpf_program__section_name(handle).decode()

    def attach(self) -> "Link":
        """As its section says; raises BpfError."""
        with _LOCK:
            return self._link(self._library.bpf_program__attach(self._handle))

    def attach_to(self, perf_event: int) -> "Link":
        """To an open perf event, which is the link's from then on; raises BpfError."""
        with _LOCK:
            return self._link(self._library.bpf_program__attach_perf_event(self._handle, perf_event))

    def _link(self, handle: int | None) -> "Link":
        if not handle:
            raise _failed(f"{self.section} cannot be attached", ctypes.get_errno())
        return Link(handle)

    def ran(self) -> tuple[int, int, int]:
        """How often it ran while statistics were on, for how many ns, and how often it was left out."""
        info = _Info()
        size = ctypes.c_uint32(ctypes.sizeof(info))
        file = self._library.bpf_program__fd(self._handle)
        if self._library.bpf_obj_get_info_by_fd(file, ctypes.byref(info), ctypes.byref(size)):
            return 0, 0, 0
        return info.run_cnt, info.run_time_ns, info.recursion_misses


class Link:
    """A program that is attached."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def close(self) -> None:
        """Detach it."""
        if self._handle is not None:
            _library()[0].bpf_link__destroy(self._handle)
            self._handle = None


class Object:
    """A compiled file of programs and maps, opened, and loaded when `load` was called."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._library, log = _library()
        with _LOCK:
            log.take()
            self._handle = self._library.bpf_object__open_file(os.fsencode(path), None)
            if not self._handle:
                raise _failed(f"{os.fspath(path)} cannot be opened", ctypes.get_errno())

    def load(self) -> None:
        """Hand it to the kernel; raises BpfError."""
        with _LOCK:
            failed = self._library.bpf_object__load(self._handle)
            if failed:
                raise _failed("the kernel does not take it", -failed)

    def programs(self) -> Iterator[Program]:
        """Its programs, in the order of the file."""
        handle = None
        while handle := self._library.bpf_object__next_program(self._handle, handle):
            yield Program(handle)

    def map(self, name: str) -> Map | None:
        """The map of this name; None when it has none."""
        handle = self._library.bpf_object__find_map_by_name(self._handle, name.encode())
        return Map(handle) if handle else None

    def close(self) -> None:
        """Unload it. Links are to be closed before."""
        if self._handle:
            self._library.bpf_object__close(self._handle)
            self._handle = None


def count_runs() -> int:
    """Let the kernel count the runs of all programs and their time, until this file is closed.

    That itself costs two readings of the clock a run. Since Linux 5.8; raises BpfError.
    """
    with _LOCK:
        file: int = _library()[0].bpf_enable_stats(_RUN_TIME)
        if file < 0:
            raise _failed("the kernel does not count what programs cost", -file)
        return file
