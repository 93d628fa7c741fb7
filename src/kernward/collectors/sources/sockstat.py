"""/proc/net/sockstat: how many sockets there are, and the memory that TCP and UDP hold.

    sockets: used 21
    TCP: inuse 1 orphan 0 tw 1 alloc 1 mem 221
    UDP: inuse 0 mem 0

Memory is that of the whole machine, the counts of sockets are those of the network namespace.
"""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "sockstat_seq_show() in net/ipv4/proc.c"


class Sockstat(msgspec.Struct, frozen=True):
    """Sockets and what they hold; the limits are in net_limits."""

    sockets: Annotated[int | None, gauge("sockets", "of any kind", _SHOW)] = None
    tcp_in_use: Annotated[int | None, gauge("sockets", "TCP over IPv4, not closed", _SHOW)] = None
    tcp_orphans: Annotated[
        int | None, gauge("sockets", "TCP sockets that no process has any more, still sending", _SHOW)
    ] = None
    tcp_time_wait: Annotated[int | None, gauge("sockets", "closed, their ports still kept", _SHOW)] = None
    tcp_allocated: Annotated[int | None, gauge("sockets", "TCP sockets on the machine", _SHOW)] = None
    tcp_memory_pages: Annotated[int | None, gauge("pages", "held by TCP's buffers", _SHOW)] = None
    udp_in_use: Annotated[int | None, gauge("sockets", "UDP over IPv4", _SHOW)] = None
    udp_memory_pages: Annotated[int | None, gauge("pages", "held by UDP's buffers", _SHOW)] = None
    fragments: Annotated[int | None, gauge("", "packets of which only parts came", _SHOW)] = None
    fragment_bytes: Annotated[int | None, gauge("bytes", "held by them", _SHOW)] = None


_FIELDS = {
    (b"sockets:", b"used"): "sockets",
    (b"TCP:", b"inuse"): "tcp_in_use",
    (b"TCP:", b"orphan"): "tcp_orphans",
    (b"TCP:", b"tw"): "tcp_time_wait",
    (b"TCP:", b"alloc"): "tcp_allocated",
    (b"TCP:", b"mem"): "tcp_memory_pages",
    (b"UDP:", b"inuse"): "udp_in_use",
    (b"UDP:", b"mem"): "udp_memory_pages",
    (b"FRAG:", b"inuse"): "fragments",
    (b"FRAG:", b"memory"): "fragment_bytes",
}
_PATH = "/proc/net/sockstat"


def read(root: Root) -> Sockstat:
    """The sockets."""
    found: dict[str, int] = {}
    for line in root.read(_PATH, 1 << 16).split(b"\n"):
        words = line.split()
        for name, value in zip(words[1::2], words[2::2], strict=False):
            field = _FIELDS.get((words[0], name))
            if field is not None:
                try:
                    found[field] = int(value)
                except ValueError:
                    continue
    if not found:
        raise Unavailable(_PATH, "it holds no lines such as 'TCP: inuse 1 orphan 0 tw 1 alloc 1 mem 221'")
    return Sockstat(**found)


def tcp_sockets(root: Root, *, closed: bool) -> int:
    """About how many TCP sockets there are, with those in TIME_WAIT if so wished, without listing them."""
    counted = read(root)
    total = (counted.tcp_in_use or 0) + ((counted.tcp_time_wait or 0) if closed else 0)
    for line in (root.text("/proc/net/sockstat6") or "").splitlines():
        words = line.split()
        if words[:2] == ["TCP6:", "inuse"] and len(words) > 2 and words[2].isdigit():
            total += int(words[2])
    return total


SOURCE = Source(
    name="sockstat",
    doc="How many sockets there are, and the memory that TCP and UDP hold.",
    files=(_PATH,),
    record=Sockstat,
    read=read,
)
