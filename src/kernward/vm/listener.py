"""A listener for netconsole: what guests send over UDP, in the order in which it arrives.

Guests on the network "user" reach it as 10.0.2.2. It listens on the loopback address only.
"""

import socket
import threading

# What the network "user" calls this host, and the gateway's address on the wire.
HOST_ADDRESS, HOST_MAC = "10.0.2.2", "52:55:0a:00:02:02"
GUEST_ADDRESS = "10.0.2.15"
LIMIT_BYTES = 64 << 20


class Listener:
    """One UDP port and what came in on it; a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self._received = bytearray()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *unused: object) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._socket.close()

    @property
    def received(self) -> bytes:
        """All datagrams so far, one after the other, as a plain receiver would write them to a file."""
        return bytes(self._received)

    def parameters(self, *, extended: bool = False, interface: str = "eth0") -> str:
        """The parameters of the guest's netconsole module."""
        plus = "+" if extended else ""
        return f"netconsole={plus}6665@{GUEST_ADDRESS}/{interface},{self.port}@{HOST_ADDRESS}/{HOST_MAC}"

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                datagram = self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            if len(self._received) < LIMIT_BYTES:
                self._received += datagram
