"""A guest's serial console: kept on disk with the host's times, watched for what it says.

The log is what `kernward triage` reads: each line behind the time at which its first byte arrived and the
machine's name. A guest that prints without end cannot fill the disk: beyond the limit only the newest
part is kept in memory, what was left out is counted, and the machine is told that it floods.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

# A kernel with every debugging option prints a few megabytes; an emulated port passes 0.3 MB a second.
LIMIT_BYTES = 16 << 20
# The newest part that is kept in memory for whoever waits for a text.
RECENT_BYTES = 4 << 20
PANIC = re.compile(rb"Kernel panic - not syncing: ([^\r\n]*)[\r\n]")
# What a panic may be cut by, so that it is found when it comes in two pieces.
OVERLAP = 512


class Console:
    """The reader of one console."""

    def __init__(
        self,
        connection: socket.socket,
        log: Path,
        name: str,
        *,
        limit_bytes: int = LIMIT_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._socket = connection
        self._name = name.encode()
        self._clock = clock
        self._limit = limit_bytes
        self._log = log
        self._recent = bytearray()
        self._dropped_recent = 0
        self._changed = threading.Condition()
        self.size_bytes = 0
        self.left_out_bytes = 0
        self.panic: str | None = None
        self._panic_from = 0
        self.panicked = threading.Event()
        self.flooded = threading.Event()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="console", daemon=True)
        self._thread.start()

    def text(self) -> bytes:
        """What the guest printed, without the host's times; at most the newest 4 MB."""
        with self._changed:
            return bytes(self._recent)

    def mark(self) -> int:
        """How much has been printed: `search` and `wait` look from there."""
        with self._changed:
            return self.size_bytes

    def search(self, pattern: re.Pattern[bytes], since: int = 0) -> re.Match[bytes] | None:
        """The first match in what was printed since a mark."""
        with self._changed:
            return pattern.search(bytes(self._recent), max(0, since - self._dropped_recent))

    def wait(self, pattern: re.Pattern[bytes], timeout_s: float, since: int = 0) -> re.Match[bytes] | None:
        """The first match since a mark, as soon as it is there; None after `timeout_s` or at the end."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                at = max(0, since - self._dropped_recent)
                found = pattern.search(bytes(self._recent), at)
                left = deadline - time.monotonic()
                if found or left <= 0 or self.ended.is_set():
                    return found
                # A match may span what is there and what comes; a line's worth is looked at again.
                since = max(since, self.size_bytes - 4096)
                self._changed.wait(left)

    def forget_panic(self) -> None:
        """Look for a panic anew, in what comes."""
        with self._changed:
            self.panic = None
            self.panicked.clear()
            self._panic_from = self.size_bytes

    def close(self) -> None:
        """Stop reading; the log is complete afterwards."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _read(self) -> None:
        written, at_start = 0, True
        try:
            with self._log.open("wb") as log:
                while received := self._socket.recv(1 << 16):
                    if written < self._limit:
                        stamped, at_start = self._stamped(received, at_start)
                        written += log.write(stamped)
                        log.flush()
                    else:
                        self.left_out_bytes += len(received)
                    self._look(received)
                if self.left_out_bytes:
                    log.write(
                        b"\n%s%d more bytes were printed and not kept\n"
                        % (self._prefix(), self.left_out_bytes)
                    )
        except OSError:
            pass
        finally:
            self.ended.set()
            with self._changed:
                self._changed.notify_all()

    def _look(self, received: bytes) -> None:
        with self._changed:
            self._recent += received
            self.size_bytes += len(received)
            if len(self._recent) > RECENT_BYTES:
                gone = len(self._recent) - RECENT_BYTES // 2
                del self._recent[:gone]
                self._dropped_recent += gone
            if self.panic is None:
                since = len(self._recent) - len(received) - OVERLAP
                found = PANIC.search(self._recent, max(0, since, self._panic_from - self._dropped_recent))
                if found:
                    self.panic = found[1].decode(errors="replace").strip()
                    self.panicked.set()
            if self.size_bytes > self._limit:
                self.flooded.set()
            self._changed.notify_all()

    def _prefix(self) -> bytes:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ ").encode() + self._name + b": "

    def _stamped(self, received: bytes, at_start: bool) -> tuple[bytes, bool]:
        prefix = self._prefix()
        text = received.replace(b"\r\n", b"\n")
        ends = text.endswith(b"\n")
        body = text[:-1] if ends else text
        stamped = (prefix if at_start else b"") + body.replace(b"\n", b"\n" + prefix)
        return stamped + (b"\n" if ends else b""), ends


_STAMP = re.compile(rb"(?m)^(\d{4}-\d\d-\d\dT[\d:.]+Z )[^ :]+: ")


def restamped(log: bytes, name: bytes) -> bytes:
    """A console log under another machine's name."""
    return _STAMP.sub(rb"\g<1>" + name + b": ", log)


def unstamped(log: bytes) -> bytes:
    """A console log without the host's times and the machine's name."""
    return _STAMP.sub(b"", log)
