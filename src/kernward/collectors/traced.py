"""A measurement by tracefs: rare events, read as lines of text from a tracing instance of our own.

For kernels without BPF, and users who may trace but not load programs. The instance is removed at the end;
what its buffer could not hold is counted as lost.
"""

import contextlib
import os
import re
from collections.abc import Mapping
from typing import Any

from kernward.collectors.bpf.tracefs import NoTracefs, Tracefs
from kernward.collectors.measurement import Measurement
from kernward.collectors.root import Unavailable

# `            bash-812     [001] d..2.  1234.567890: sched_process_fork: comm=bash pid=812 …`
_LINE = re.compile(r"^\s*(.{1,16}?)-(\d+)\s+(?:\(\S*\)\s+)?\[(\d+)\]\s+\S+\s+([\d.]+): (\w+): (.*)$")
_FIELD = re.compile(r"(\w+)=(\S+)")
_OVERRUN = re.compile(r"^(?:overrun|dropped events): (\d+)$", re.MULTILINE)
_OURS = "kernward-"
_BUFFER_KB = "512"
# Of one reading; the rest is read at the next.
_READ_BYTES = 4 << 20
_LINE_BYTES = 8192
# Entities that are told apart.
_MOST = 8192


class Tracing:
    """Events of an instance, counted when they are read."""

    def __init__(self, what: Measurement) -> None:
        if what.traced is None:
            raise Unavailable(what.source.name, "its events are too frequent to be read as text")
        self._traced = what.traced
        self._counts: dict[str, Any] = {}
        self._rest = b""
        self._refused = 0
        self._file: int | None = None
        self._folder = f"instances/{_OURS}{what.source.name}-{os.getpid()}"
        self._tracefs = Tracefs()
        try:
            self._remove_left_over()
            self._tracefs.make_folder(self._folder)
            self._tracefs.write(f"{self._folder}/buffer_size_kb", _BUFFER_KB)
            for event in self._traced.events:
                self._tracefs.write(f"{self._folder}/events/{event}/enable", "1")
            self._file = self._tracefs.open(f"{self._folder}/trace_pipe")
        except NoTracefs:
            self.close()
            raise

    def read(self) -> Mapping[str, Any]:
        """The counts up to now."""
        for line in self._lines():
            found = _LINE.match(line)
            if found is not None and len(self._counts) >= _MOST:
                self._refused += 1
            elif found is not None:
                fields = dict(_FIELD.findall(found[6]))
                fields["at_s"] = found[4]
                self._traced.count(self._counts, found[5], f"{found[1]}[{found[2]}]", fields)
        return {name: each for name, each in self._counts.items() if not name.startswith("\0")}

    def _remove_left_over(self) -> None:
        """Instances of those of us that were killed would record for ever."""
        for name in self._tracefs.names("instances"):
            pid = name.rpartition("-")[2]
            if name.startswith(_OURS) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                self._tracefs.remove_folder(f"instances/{name}")

    def _lines(self) -> list[str]:
        data = self._rest
        while self._file is not None and len(data) < _READ_BYTES:
            try:
                more = os.read(self._file, 1 << 16)
            except BlockingIOError:
                break
            except OSError:
                break
            if not more:
                break
            data += more
        *lines, self._rest = data.split(b"\n")
        if len(self._rest) > _LINE_BYTES:
            self._rest = b""
        return [line[:_LINE_BYTES].decode("utf-8", "backslashreplace") for line in lines]

    def lost(self) -> int:
        """Events that the buffers of the instance could not hold, or for which there were too many names."""
        total = self._refused
        for cpu in range(os.cpu_count() or 1):
            with contextlib.suppress(NoTracefs):
                stats = self._tracefs.read(f"{self._folder}/per_cpu/cpu{cpu}/stats")
                total += sum(int(each) for each in _OVERRUN.findall(stats))
        return total

    def ran(self) -> Mapping[str, tuple[int, int]]:
        """No program runs."""
        return {}

    def close(self) -> None:
        """Remove the instance."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._tracefs.remove_folder(self._folder)
        self._tracefs.close()
