"""A small web server that hands out the machine's metrics, to this machine alone unless told otherwise."""

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

from kernward.operations.metrics import CONTENT_TYPE
from kernward.records.errors import UsageError

# Whoever asks more often gets what the last one got: a scrape costs the machine the same however many ask.
FRESH_S = 1.0
# Requests that are answered at once; more are turned away.
MOST_AT_ONCE = 16
# A client that sends its request slower than this is not waited for.
PATIENCE_S = 10.0


def address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:9767`, `[::1]:9767`; raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
        number = int(port)
    except ValueError:
        number = -1
    if not colon or not 0 <= number <= 65535:
        raise UsageError(f"{text!r} is no address; one like 127.0.0.1:9767 or [::1]:9767 was expected")
    return host, number


def is_local(host: str) -> bool:
    """Whether only this machine can reach the address."""
    return ip_address(host).is_loopback


class Server(ThreadingHTTPServer):
    """Answers GET /metrics with what `text` returns. `serve_forever` serves, `shutdown` ends it."""

    daemon_threads = True
    # A port that was in use a moment ago may be used again.
    allow_reuse_address = True

    def __init__(self, host: str, port: int, text: Callable[[], bytes]) -> None:
        self._text = text
        self._lock = threading.Lock()
        self._last = b""
        self._last_s = float("-inf")
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Request)

    @property
    def port(self) -> int:
        """Where it listens, also when any free port was asked for."""
        return int(self.server_address[1])

    def metrics(self) -> bytes:
        """The metrics, at most FRESH_S old."""
        with self._lock:
            if time.monotonic() - self._last_s >= FRESH_S:
                self._last = self._text()
                self._last_s = time.monotonic()
            return self._last

    def server_bind(self) -> None:
        # http.server's own looks up the name of the address, which may take seconds and is not used.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Request(BaseHTTPRequestHandler):
    server: Server
    timeout = PATIENCE_S
    server_version = "kernward"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            found, kind, status = self.server.metrics(), CONTENT_TYPE, 200
        elif path == "/":
            found, kind, status = b"The metrics are at /metrics\n", "text/plain; charset=utf-8", 200
        else:
            found, kind, status = b"There is only /metrics\n", "text/plain; charset=utf-8", 404
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(found)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if body:
            self.wfile.write(found)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Scrapes are not worth a line each."""
