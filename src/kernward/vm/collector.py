"""The site's log collector: a station on the hosts' segment that writes down what they send it.

It does what a syslog server and a netconsole receiver do: one address for all hosts, each datagram filed
under the host that its sender's address belongs to. Hosts without a name in their messages get it
(RFC 3164, 4.3). Nothing of it touches the network of the machine that it runs on.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from kernward.vm import frames

NETWORK = "10.77.0.0/16"
ADDRESS = "10.77.0.1"
MAC = "52:54:00:4d:00:01"
SYSLOG_PORT, NETCONSOLE_PORT = 514, 6666
# A host that logs without end does not fill the disk.
LIMIT_BYTES = 64 << 20

SYSLOG, SYSLOG_5424, JOURNAL, NETCONSOLE = "kern.log", "syslog.log", "journal.json", "netconsole.log"
_PRIORITY = re.compile(rb"<\d{1,3}>")
_RFC5424 = re.compile(rb"<\d{1,3}>1 ")
# RFC 3164's time, and a tag where the host should be: what the daemon of busybox sends.
_NAMELESS = re.compile(rb"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?=[^ :]+: )")


class Collector:
    """Files what the hosts send, a folder a host. Thread-safe; a context manager."""

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._mac, self._address = frames.mac(MAC), frames.address(ADDRESS)
        self._lock = threading.Lock()
        self._hosts: dict[str, str] = {}
        self._files: dict[tuple[str, str], BinaryIO] = {}
        self._heard: dict[str, float] = {}
        # Datagrams from addresses that are no host's, and those beyond a log's limit.
        self.strangers = 0
        self.left_out = 0

    def __enter__(self) -> "Collector":
        return self

    def __exit__(self, *unused: object) -> None:
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def expect(self, host: str, address: str) -> None:
        """Datagrams from this address are this host's."""
        with self._lock:
            self._hosts[address] = host

    def finish(self, host: str) -> list[Path]:
        """Close a host's files and take no more from it; the files that there are."""
        with self._lock:
            self._hosts = {address: name for address, name in self._hosts.items() if name != host}
            mine = [key for key in self._files if key[0] == host]
            for key in mine:
                self._files.pop(key).close()
        return [self._folder / host / name for _, name in mine]

    def frame(self, frame: bytes) -> bytes | None:
        """Take a frame from the wire; what is returned is put onto it."""
        if frame[:6] not in (self._mac, b"\xff" * 6):
            return None
        datagram = frames.datagram(frame)
        if datagram is None:
            return frames.arp_reply(frame, self._mac, self._address)
        if datagram.receiver == ADDRESS:
            self.take(datagram)
        return None

    def take(self, datagram: frames.Datagram) -> None:
        """File one datagram."""
        with self._lock:
            host = self._hosts.get(datagram.sender)
            if host is None:
                self.strangers += 1
                return
            filed = filed_as(host, datagram.port, datagram.data)
            if filed is None:
                return
            self._heard[host] = time.monotonic()
            name, data = filed
            file = self._file(host, name)
            if file.tell() + len(data) > self._limit:
                self.left_out += 1
                return
            file.write(data)
            file.flush()

    def _file(self, host: str, name: str) -> BinaryIO:
        if (host, name) not in self._files:
            path = self._folder / host / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[host, name] = path.open("ab")
        return self._files[host, name]

    def wait_silent(
        self, host: str, silence_s: float, timeout_s: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Return when the host has sent nothing for `silence_s`, or after `timeout_s`."""
        started = time.monotonic()
        while (now := time.monotonic()) < started + timeout_s:
            with self._lock:
                heard = self._heard.get(host, started)
            if now - max(heard, started) >= silence_s:
                return
            sleep(0.05)


def filed_as(host: str, port: int, data: bytes) -> tuple[str, bytes] | None:
    """The file that a datagram goes to and what is written there; None for a port nobody listens on."""
    if port == NETCONSOLE_PORT:
        return NETCONSOLE, data
    if port != SYSLOG_PORT:
        return None
    # One message a line, whatever control characters it holds (rsyslog writes them so too).
    line = data.rstrip(b"\n\0").replace(b"\n", b"#012").replace(b"\r", b"#015") + b"\n"
    if line.startswith(b"{"):
        return JOURNAL, line
    if _RFC5424.match(line):
        return SYSLOG_5424, line
    line = _PRIORITY.sub(b"", line, count=1) if _PRIORITY.match(line) else line
    return SYSLOG, _NAMELESS.sub(rb"\1 " + host.encode() + b" ", line, count=1)
