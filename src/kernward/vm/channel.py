"""The channel to a guest's agent: framed commands over one virtio-serial port (guest/agent.c has the wire).

One thread reads; whoever runs a command writes and waits. What a command prints arrives byte for byte,
whatever the guest's console does meanwhile.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kernward.records.errors import UsageError
from kernward.vm.verdict import CommandNotRun

RUN, INPUT, KILL, SIZE, WAKE, PING = range(1, 7)
HELLO, OUT, ERR, EXIT, FAIL, TAKEN, AWAKE, PONG = range(65, 73)
TERMINAL, PUT, GET = 1, 2, 4
PIECE, WINDOW = 65536, 262144
HEAD = struct.Struct("<III")


class Completed(msgspec.Struct, frozen=True):
    """What became of a command: its status as a shell tells it (128 + signal), and its exact output."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float


class Hello(msgspec.Struct, frozen=True):
    """What an agent says when it starts."""

    release: str
    version: str
    boot_id: str


class Job:
    """A command that runs in the guest."""

    def __init__(self, channel: "Channel", number: int) -> None:
        self.number = number
        self._channel = channel
        self._parts: dict[int, list[bytes]] = {OUT: [], ERR: []}
        # How much output is collected.
        self.size_bytes = 0
        self._room = WINDOW
        self._changed = threading.Condition()
        self.status: int | None = None
        self.failure: str | None = None
        self.ended = threading.Event()
        self.started = time.monotonic()
        self.seconds = 0.0
        # Called with OUT or ERR and a piece, instead of collecting it.
        self.each: Callable[[int, bytes], object] | None = None

    @property
    def stdout(self) -> bytes:
        """What it has written to standard output so far."""
        return b"".join(self._parts[OUT])

    @property
    def stderr(self) -> bytes:
        """What it has written to standard error so far."""
        return b"".join(self._parts[ERR])

    def kill(self, signal: int = 9) -> None:
        """Send a signal to the command and all it started in its process group."""
        self._channel.send(KILL, self.number, struct.pack("<i", signal))

    def resize(self, rows: int, columns: int) -> None:
        """Tell a command on a terminal that the window has changed."""
        self._channel.send(SIZE, self.number, struct.pack("<HH", rows, columns))

    def write(self, data: bytes, *, end: bool = False) -> None:
        """Hand it standard input; waits while too much is on its way. `end` closes it."""
        view = memoryview(data)
        while view:
            with self._changed:
                while self._room <= 0 and not self.ended.is_set():
                    self._changed.wait(0.5)
                if self.ended.is_set():
                    return
                piece = view[: min(PIECE, self._room)]
                self._room -= len(piece)
            self._channel.send(INPUT, self.number, bytes(piece))
            view = view[len(piece) :]
        if end and not self.ended.is_set():
            self._channel.send(INPUT, self.number, b"")

    def wait(self, timeout_s: float | None = None) -> Completed | None:
        """What became of it; None when it still runs after `timeout_s`, or when the channel is lost."""
        if not self.ended.wait(timeout_s) or (self.status is None and self.failure is None):
            return None
        if self.failure is not None:
            raise CommandNotRun(f"the guest did not run the command: {self.failure}")
        assert self.status is not None
        return Completed(self.status, self.stdout, self.stderr, self.seconds)

    def _take(self, kind: int, data: bytes) -> None:
        if kind in (OUT, ERR):
            if self.each is not None:
                self.each(kind, data)
            else:
                self._parts[kind].append(data)
                self.size_bytes += len(data)
        elif kind == TAKEN:
            with self._changed:
                self._room += struct.unpack("<I", data)[0]
                self._changed.notify_all()
        elif kind == EXIT:
            raw = struct.unpack("<i", data)[0]
            status = os.waitstatus_to_exitcode(raw)
            self.status = status if status >= 0 else 128 - status
            self.finish()
        elif kind == FAIL:
            self.failure = data.decode(errors="replace")
            self.finish()

    def finish(self) -> None:
        """Nothing more comes."""
        self.seconds = time.monotonic() - self.started
        self.ended.set()
        with self._changed:
            self._changed.notify_all()


class Channel:
    """The host's end of the port. `hello` is set anew each time an agent starts."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()
        self._receiving = threading.Lock()
        self._buffer = bytearray()
        self._jobs: dict[int, Job] = {}
        self._numbers = 0
        self._answers: dict[int, threading.Event] = {}
        self.hello: Hello | None = None
        self.greeted = threading.Event()
        self.lost = threading.Event()
        threading.Thread(target=self._read, name="channel", daemon=True).start()

    def start(
        self,
        arguments: Sequence[str | bytes],
        *,
        environment: Mapping[str, str],
        folder: str = "/",
        options: int = 0,
        shape: tuple[int, int] = (24, 80),
        each: Callable[[int, bytes], object] | None = None,
    ) -> Job:
        """Start a command; what it prints is collected, or handed to `each` as it comes."""
        words = [os.fsencode(word) for word in arguments]
        variables = [f"{name}={value}".encode() for name, value in environment.items()]
        strings = [folder.encode(), *words, *variables]
        if any(b"\0" in each for each in strings):
            raise UsageError("a command for the guest must not contain a null byte")
        head = struct.pack("<IIII", options, shape[0] << 16 | shape[1], len(words), len(variables))
        data = head + b"".join(each + b"\0" for each in strings)
        if len(data) > PIECE or len(strings) > 4000:
            raise UsageError(
                f"a command for the guest may have {PIECE} bytes of arguments and environment, this one has "
                f"{len(data)}; put what is long into a file"
            )
        with self._sending:
            self._numbers += 1
            job = Job(self, self._numbers)
            job.each = each
            self._jobs[job.number] = job
        if self.lost.is_set():
            job.finish()
        self.send(RUN, job.number, data)
        return job

    def wake(self, clock_ns: int, delay_us: int, timeout_s: float) -> bool:
        """Give the guest fresh entropy, the time, and a delay; whether it answered."""
        data = os.urandom(32) + struct.pack("<qI", clock_ns, delay_us)
        return self._ask(WAKE, data, timeout_s)

    def answers(self, timeout_s: float) -> bool:
        """Whether the agent answers."""
        return self._ask(PING, b"", timeout_s)

    def _ask(self, kind: int, data: bytes, timeout_s: float) -> bool:
        with self._sending:
            self._numbers += 1
            number = self._numbers
            answered = self._answers[number] = threading.Event()
        self.send(kind, number, data)
        try:
            return answered.wait(timeout_s) and not self.lost.is_set()
        finally:
            self._answers.pop(number, None)

    def send(self, kind: int, number: int, data: bytes) -> None:
        """Send one frame; nothing happens when the machine has gone."""
        # When it fails, the reader sees the end of the channel and says so to whoever waits.
        with self._sending, contextlib.suppress(OSError):
            self._socket.sendall(HEAD.pack(kind, number, len(data)) + data)

    def close(self) -> None:
        """Close the host's end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.lost.wait(5)
        self._socket.close()

    def forget_partial(self) -> None:
        """The guest was reset: a frame that it had begun will not be finished, and the next one is whole."""
        with self._receiving:
            self._buffer.clear()

    def _read(self) -> None:
        try:
            while received := self._socket.recv(1 << 18):
                with self._receiving:
                    if not self._take(received):
                        return  # not our agent; whoever waits hears that the channel is lost
        except OSError:
            pass
        finally:
            self.lost.set()
            self.greeted.set()
            for job in list(self._jobs.values()):
                job.finish()
            for answered in list(self._answers.values()):
                answered.set()

    def _take(self, received: bytes) -> bool:
        buffer = self._buffer
        buffer += received
        at = 0
        while len(buffer) - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(buffer, at)
            if kind not in range(HELLO, PONG + 1) or size > PIECE:
                return False
            if len(buffer) - at - HEAD.size < size:
                break
            at += HEAD.size
            self._frame(kind, number, bytes(buffer[at : at + size]))
            at += size
        del buffer[:at]
        return True

    def _frame(self, kind: int, number: int, data: bytes) -> None:
        if kind == HELLO:
            # A machine that has booted again has none of the commands that ran before.
            for job in list(self._jobs.values()):
                job.failure = "the machine booted again"
                job.finish()
            self._jobs.clear()
            release, version, boot_id = (*data.decode(errors="replace").split("\n"), "", "")[:3]
            self.hello = Hello(release, version, boot_id)
            self.greeted.set()
        elif kind in (PONG, AWAKE):
            if number in self._answers:
                self._answers[number].set()
        elif number in self._jobs:
            job = self._jobs[number]
            job._take(kind, data)
            if job.ended.is_set():
                del self._jobs[number]
