"""A network segment: the cards of several machines on one wire, inside this process.

Each card is a pair of datagram sockets between QEMU and here; what one sends, the others get. Nothing of
it touches the host's network, and it needs no privileges.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable

FRAME_BYTES = 1 << 16


class Segment:
    """One wire. Frames that a machine does not take in time are lost, as on a wire."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ends: list[socket.socket] = []
        self._stations: list[Callable[[bytes], bytes | None]] = []
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._forward, name=f"segment {name}", daemon=True)
        self._thread.start()

    def plug(self) -> socket.socket:
        """A card's end of a new connection; the caller closes it once QEMU has it."""
        mine, cards = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        mine.setblocking(False)
        for end in (mine, cards):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
        with self._lock:
            self._ends.append(mine)
            self._selector.register(mine, selectors.EVENT_READ)
        return cards

    def station(self, take: Callable[[bytes], bytes | None]) -> None:
        """Something of this process on the wire: it sees each frame, none is lost, and may answer with one."""
        with self._lock:
            self._stations.append(take)

    def close(self) -> None:
        """Cut the wire."""
        self._wake_out.close()
        self._thread.join(5)
        with self._lock:
            for end in self._ends:
                end.close()
            self._ends.clear()
        self._wake_in.close()
        self._selector.close()

    def _forward(self) -> None:
        while True:
            for key, _ in self._selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._wake_in:
                    return
                self._take(source)

    def _take(self, source: socket.socket) -> None:
        for _ in range(64):  # then others have their turn
            try:
                frame = source.recv(FRAME_BYTES)
            except BlockingIOError:
                return
            except OSError:
                frame = b""
            if not frame:  # the machine has gone
                with self._lock:
                    self._selector.unregister(source)
                    self._ends.remove(source)
                source.close()
                return
            with self._lock:
                others = [end for end in self._ends if end is not source]
                answers = [answer for take in self._stations if (answer := take(frame)) is not None]
            _send(frame, others)
            for answer in answers:
                _send(answer, [source, *others])


def _send(frame: bytes, ends: list[socket.socket]) -> None:
    for end in ends:
        with contextlib.suppress(OSError):  # its queue is full, or it is going
            end.send(frame)
