"""The limits of the network stack that explain what happens at them: sysctls below /proc/sys/net."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source


class NetLimits(msgspec.Struct, frozen=True):
    """As in Documentation/networking/ip-sysctl.rst and Documentation/admin-guide/sysctl/net.rst."""

    tcp_memory_low_pages: Annotated[
        int | None, gauge("pages", "below this TCP leaves its state of pressure", "net.ipv4.tcp_mem, first")
    ] = None
    tcp_memory_pressure_pages: Annotated[
        int | None, gauge("pages", "above this TCP holds back its buffers", "net.ipv4.tcp_mem, second")
    ] = None
    tcp_memory_most_pages: Annotated[
        int | None, gauge("pages", "that all of TCP may hold", "net.ipv4.tcp_mem, third")
    ] = None
    udp_memory_most_pages: Annotated[
        int | None, gauge("pages", "that all of UDP may hold", "net.ipv4.udp_mem, third")
    ] = None
    first_local_port: Annotated[
        int | None, gauge("", "first port for connections that ask for none", "net.ipv4.ip_local_port_range")
    ] = None
    last_local_port: Annotated[
        int | None, gauge("", "last port for connections that ask for none", "net.ipv4.ip_local_port_range")
    ] = None
    reserved_local_ports: Annotated[
        int | None, gauge("ports", "of that range left out", "net.ipv4.ip_local_reserved_ports")
    ] = None
    listen_backlog_most: Annotated[
        int | None, gauge("connections", "a listening socket may keep waiting", "net.core.somaxconn")
    ] = None
    syn_backlog_most: Annotated[
        int | None, gauge("requests", "for all sockets without SYN cookies", "net.ipv4.tcp_max_syn_backlog")
    ] = None
    syn_cookies: Annotated[
        int | None, gauge("", "0: never, 1: when the queue is full, 2: always", "net.ipv4.tcp_syncookies")
    ] = None
    orphans_most: Annotated[
        int | None, gauge("sockets", "that belong to no process", "net.ipv4.tcp_max_orphans")
    ] = None
    backlog_most: Annotated[
        int | None, gauge("packets", "that wait for one CPU", "net.core.netdev_max_backlog")
    ] = None
    receive_budget: Annotated[
        int | None, gauge("packets", "taken in in one go of the softirq", "net.core.netdev_budget")
    ] = None
    receive_budget_us: Annotated[
        int | None, gauge("µs", "one go of the softirq may take", "net.core.netdev_budget_usecs")
    ] = None
    receive_buffer_most_bytes: Annotated[
        int | None, gauge("bytes", "a program may ask for (SO_RCVBUF)", "net.core.rmem_max")
    ] = None
    receive_buffer_bytes: Annotated[
        int | None, gauge("bytes", "of a socket whose program asked for none", "net.core.rmem_default")
    ] = None


# field: (file, which of its numbers)
_NUMBERS = {
    "tcp_memory_low_pages": ("ipv4/tcp_mem", 0),
    "tcp_memory_pressure_pages": ("ipv4/tcp_mem", 1),
    "tcp_memory_most_pages": ("ipv4/tcp_mem", 2),
    "udp_memory_most_pages": ("ipv4/udp_mem", 2),
    "first_local_port": ("ipv4/ip_local_port_range", 0),
    "last_local_port": ("ipv4/ip_local_port_range", 1),
    "listen_backlog_most": ("core/somaxconn", 0),
    "syn_backlog_most": ("ipv4/tcp_max_syn_backlog", 0),
    "syn_cookies": ("ipv4/tcp_syncookies", 0),
    "orphans_most": ("ipv4/tcp_max_orphans", 0),
    "backlog_most": ("core/netdev_max_backlog", 0),
    "receive_budget": ("core/netdev_budget", 0),
    "receive_budget_us": ("core/netdev_budget_usecs", 0),
    "receive_buffer_most_bytes": ("core/rmem_max", 0),
    "receive_buffer_bytes": ("core/rmem_default", 0),
}
_RESERVED = "ipv4/ip_local_reserved_ports"


def read(root: Root) -> NetLimits:
    """The limits that can be read."""
    texts = {file: root.text(f"/proc/sys/net/{file}") for file in {file for file, _ in _NUMBERS.values()}}
    found: dict[str, int] = {}
    for field, (file, place) in _NUMBERS.items():
        words = (texts[file] or "").split()
        if place < len(words) and _is_count(words[place]):
            found[field] = int(words[place])
    if not found:
        raise Unavailable("/proc/sys/net/ipv4/tcp_mem", "none of the limits below /proc/sys/net can be read")
    first, last = found.get("first_local_port"), found.get("last_local_port")
    reserved = root.text(f"/proc/sys/net/{_RESERVED}")
    if reserved is not None and first is not None and last is not None:
        found["reserved_local_ports"] = sum(
            max(0, min(end, last) - max(begin, first) + 1) for begin, end in port_ranges(reserved)
        )
    return NetLimits(**found)


def port_ranges(text: str) -> list[tuple[int, int]]:
    """`8080,9000-9010` as pairs of the first and the last port."""
    found = []
    for part in text.split(","):
        begin, _, end = part.strip().partition("-")
        if _is_count(begin) and (not end or _is_count(end)):
            found.append((int(begin), int(end or begin)))
    return found


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 20


SOURCE = Source(
    name="net_limits",
    doc="The limits of the network stack: sysctls of TCP's memory, ports, queues and budgets.",
    files=("/proc/sys/net/ipv4/*", "/proc/sys/net/core/*"),
    record=NetLimits,
    read=read,
)
