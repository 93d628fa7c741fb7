"""What may wait in the kernel without an end is done by a child process, which can be left behind.

A CPU that never passes a quiescent state, or a task that sleeps with a lock, keeps everybody waiting who reads some
files, and nothing ends such a wait. A thread would save the answer but not the process: one with a thread that
sleeps uninterruptibly cannot end. Forking can wait as well where a lock of the address space is held by somebody who gets
no CPU, so that one child does all that is asked of it.
"""

import os
import pickle
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

# Reading takes milliseconds. A child that is ready to run and gets no processor gets some more.
PATIENCE_S = 1.5
STARVED_S = 3.0
_LENGTH = struct.Struct("=Q")
# As many as one message may carry (SCM_MAX_FD in include/net/scm.h), or fewer.
_HANDLES = 200
# Handles that the kernel may wait for when the last of them is closed, as /proc/self/fd shows them.
_RELEASED = ("anon_inode:bpf", "anon_inode:[bpf", "anon_inode:[perf_event]")
_HOLD = ""


class Waits(Exception):
    """A child waits in the kernel: its id, and the kernel's function where it does ("" where that is not told)."""

    def __init__(self, child: int, where: str) -> None:
        super().__init__(f"child {child} waits in the kernel" + (f", in {where}" if where else ""))
        self.child = child
        self.where = where


class Helper:
    """A child that does what it is asked for, one thing at a time. `acts` are what it can do, by name.

    It knows this process's memory as it was when it was made, and what it changes of it is lost.
    """

    def __init__(self, acts: Mapping[str, Callable[..., Any]]) -> None:
        self.acts = frozenset(acts)
        ours, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            _be_child(acts, theirs)
        theirs.close()
        self._socket = ours

    def ask(self, name: str, *arguments: Any, patience_s: float = PATIENCE_S) -> Any:
        """What the act gives. Raises Waits where it takes longer, and the child is left behind then.

        Raises ChildProcessError where the child ended, or the act raised something.
        """
        try:
            _send(self._socket, (name, arguments))
            self._await(patience_s)
            failed, found = _received(self._socket)
        except (OSError, EOFError) as error:
            self.close()
            raise ChildProcessError(f"the child process that does it ended early ({error})") from None
        if failed:
            raise ChildProcessError(found)
        return found

    def hold(self) -> None:
        """Have it hold this process's handles of programs in the kernel, so that closing them here never waits."""
        handles = [each for each in map(int, os.listdir("/proc/self/fd")) if _is_released_late(each)]
        with suppress(OSError):
            _send(self._socket, (_HOLD, (len(handles),)))
            for first in range(0, len(handles), _HANDLES):
                some = handles[first : first + _HANDLES]
                socket.send_fds(self._socket, [_LENGTH.pack(len(some))], some)
            self._await(PATIENCE_S)
            _received(self._socket)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Let it end, and wait for that as long; what it holds is released then."""
        self._socket.close()
        ends_s = time.monotonic() + patience_s
        while not gone(self._child) and time.monotonic() < ends_s:
            time.sleep(0.001)

    def _await(self, patience_s: float) -> None:
        began_s = time.monotonic()
        while not select.select([self._socket], [], [], 0.1)[0]:
            waited_s = time.monotonic() - began_s
            if waited_s < patience_s or _ready_to_run(self._child) and waited_s < patience_s + STARVED_S:
                continue
            where = _where(self._child)
            _kill(self._child)
            self._socket.close()
            raise Waits(self._child, where)


def _kill(child: int) -> None:
    """One that sleeps uninterruptibly dies of it when it wakes."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def gone(child: int) -> bool:
    """Whether a child has ended."""
    try:
        return os.waitpid(child, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True


def _be_child(acts: Mapping[str, Callable[..., Any]], theirs: socket.socket) -> None:
    try:
        # What ends the parent from the terminal must not end the child before it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _close_all_but(theirs.fileno())
        while True:
            name, arguments = _received(theirs)
            if name == _HOLD:
                left = arguments[0]
                while left > 0:
                    left -= len(socket.recv_fds(theirs, _LENGTH.size, _HANDLES)[1])
                _send(theirs, (False, None))
                continue
            try:
                given = False, acts[name](*arguments)
            except Exception as error:  # noqa: BLE001  it is handed on
                given = True, f"{type(error).__name__}: {error}"
            _send(theirs, given)
    finally:
        os._exit(0)


def _close_all_but(kept: int) -> None:
    """Locks and pipes of the parent would be held for as long as the child is: who reads its output would wait on."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for handle in map(int, os.listdir("/proc/self/fd")):
        if handle > 2 and handle != kept:
            with suppress(OSError):
                os.close(handle)


def _send(to: socket.socket, what: object) -> None:
    data = pickle.dumps(what)
    to.sendall(_LENGTH.pack(len(data)) + data)


def _received(where: socket.socket) -> Any:
    (length,) = _LENGTH.unpack(_exactly(where, _LENGTH.size))
    # The other end is our own process.
    return pickle.loads(_exactly(where, length))


def _exactly(where: socket.socket, size: int) -> bytes:
    pieces = []
    while size:
        piece = where.recv(size)
        if not piece:
            raise EOFError("nothing more came")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _is_released_late(handle: int) -> bool:
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{handle}").startswith(_RELEASED)
    return False


def _ready_to_run(child: int) -> bool:
    with suppress(OSError), open(f"/proc/{child}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[:1] == [b"R"]
    return False


def _where(child: int) -> str:
    with suppress(OSError), open(f"/proc/{child}/wchan", "rb") as file:
        name = file.read(200).decode("ascii", "backslashreplace")
        return "" if name == "0" else name
    return ""
