"""What may wait in the kernel without an end is done by a child process, which can be left behind.

A CPU that never passes a quiescent state, or a task that sleeps with a lock, keeps everybody waiting who reads some
files, and nothing ends such a wait. A thread would save the answer but not the process: one with a thread that
sleeps uninterruptibly cannot end.
"""

import os
import pickle
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_LENGTH = struct.Struct("=Q")

# Reading takes milliseconds. A child that is ready to run and gets no processor gets some more.
PATIENCE_S = 1.5
STARVED_S = 4.5


class Waits(Exception):
    """A child waits in the kernel: its id, and the kernel's function where it does ("" where that is not told)."""

    def __init__(self, child: int, where: str) -> None:
        super().__init__(f"it waits in the kernel, in {where}" if where else "it waits in the kernel")
        self.child = child
        self.where = where


def results(acts: Sequence[Callable[[], T]], patience_s: float = PATIENCE_S) -> Iterator[T]:
    """What each gives, done one after the other by one child.

    Raises Waits as soon as one takes longer than that; the child is left behind. Raises ChildProcessError where it
    ends early, as for an exception. What an act changes of this process's memory is lost.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(acts, reading, writing)
    os.close(writing)
    done = False
    try:
        for _ in acts:
            _await(reading, child, patience_s)
            # Our own child wrote it.
            yield pickle.loads(_exactly(reading, _LENGTH.unpack(_exactly(reading, _LENGTH.size))[0]))
        done = True
    finally:
        os.close(reading)
        if not done:
            _kill(child)
        gone(child, wait=done)


def _kill(child: int) -> None:
    """One that sleeps uninterruptibly dies of it when it wakes."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def gone(child: int, *, wait: bool = False) -> bool:
    """Whether a child has ended."""
    try:
        return os.waitpid(child, 0 if wait else os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True


def _be_child(acts: Sequence[Callable[[], object]], reading: int, writing: int) -> None:
    try:
        os.close(reading)
        with open(writing, "wb") as pipe:
            for act in acts:
                given = pickle.dumps(act())
                pipe.write(_LENGTH.pack(len(given)) + given)
                pipe.flush()
    finally:
        os._exit(0)


def _exactly(pipe: int, size: int) -> bytes:
    """So many bytes; raises ChildProcessError."""
    pieces = []
    while size:
        piece = os.read(pipe, size)
        if not piece:
            raise ChildProcessError("the child process that read it ended early")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _await(pipe: int, child: int, patience_s: float) -> None:
    """Until something can be read; raises Waits."""
    if select.select([pipe], [], [], patience_s)[0]:
        return
    ends_s = time.monotonic() + STARVED_S - PATIENCE_S
    while _ready_to_run(child) and time.monotonic() < ends_s:
        if select.select([pipe], [], [], 0.1)[0]:
            return
    if not select.select([pipe], [], [], 0)[0]:
        raise Waits(child, _where(child))


def _ready_to_run(child: int) -> bool:
    with suppress(OSError), open(f"/proc/{child}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[:1] == [b"R"]
    return False


def _where(child: int) -> str:
    with suppress(OSError), open(f"/proc/{child}/wchan", "rb") as file:
        name = file.read(200).decode("ascii", "backslashreplace")
        return "" if name == "0" else name
    return ""
