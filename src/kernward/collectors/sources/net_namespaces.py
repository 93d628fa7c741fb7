"""Other network namespaces, as containers have them: what TCP and UDP counted in each.

The counters of /proc/net are of one network namespace, the reader's. Those of another one are in
/proc/PID/net of any process that lives there, without entering it. Named "net:[INODE]", as the link
/proc/PID/ns/net says; the one that the reader is in is left out.
"""

from collections import Counter
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.protocol_counters import counters
from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import netstat, snmp

_SHOW = "snmp_seq_show(), netstat_seq_show() in net/ipv4/proc.c"


class NetNamespace(msgspec.Struct, frozen=True):
    """The counters mean what they mean in snmp and netstat."""

    pid: Annotated[int | None, identity("", "the process that lives there with the lowest number")] = None
    name: Annotated[str | None, fact("its name", "proc_task_name() in fs/proc/array.c")] = None
    processes: Annotated[int | None, gauge("processes", "that live there")] = None
    tcp_passive_opens: Annotated[int | None, counter("connections", "accepted", _SHOW)] = None
    tcp_segments_sent: Annotated[int | None, counter("segments", "sent for the first time", _SHOW)] = None
    tcp_segments_retransmitted: Annotated[int | None, counter("segments", "sent again", _SHOW)] = None
    syn_retransmits: Annotated[int | None, counter("segments", "SYN and SYN-ACK sent again", _SHOW)] = None
    duplicates_acknowledged: Annotated[
        int | None, counter("", "times the other end had a segment already (D-SACK)", _SHOW)
    ] = None
    listen_overflows: Annotated[
        int | None, counter("connections", "dropped: a listening socket's queue was full", _SHOW)
    ] = None
    udp_received: Annotated[int | None, counter("packets", "handed to a socket", _SHOW)] = None
    udp_receive_buffer_errors: Annotated[
        int | None, counter("packets", "dropped: the socket's buffer was full", _SHOW)
    ] = None


_SNMP = {
    field: snmp.WANTED[field]
    for field in (
        "tcp_passive_opens",
        "tcp_segments_sent",
        "tcp_segments_retransmitted",
        "udp_received",
        "udp_receive_buffer_errors",
    )
}
_NETSTAT = {
    field: netstat.WANTED[field]
    for field in ("syn_retransmits", "duplicates_acknowledged", "listen_overflows")
}
# Processes that are looked at, and namespaces that are read, which takes a tenth of a millisecond each.
MOST_PROCESSES = 20_000
MOST = 500


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, NetNamespace]:
    """The other namespaces, those with the lowest processes first."""
    own = root.link("/proc/self/ns/net")
    if own is None:
        raise Unavailable("/proc/self/ns/net", "network namespaces are not told", gone=True)
    first: dict[str, str] = {}
    processes: Counter[str] = Counter()
    pids = sorted((each for each in root.names("/proc") if each.isdigit()), key=int)
    for pid in pids[:MOST_PROCESSES]:
        namespace = root.link(f"/proc/{pid}/ns/net")
        if namespace is not None and namespace != own:
            first.setdefault(namespace, pid)
            processes[namespace] += 1
    found: dict[str, NetNamespace] = {}
    for namespace, pid in first.items():
        if len(found) >= MOST or wanted is not None and namespace not in wanted:
            continue
        try:
            counted = counters(root.read(f"/proc/{pid}/net/snmp"), _SNMP)
            counted |= counters(root.read(f"/proc/{pid}/net/netstat"), _NETSTAT)
        except Unavailable:
            # It ended, or its namespace is not ours to see.
            continue
        found[namespace] = NetNamespace(
            pid=int(pid), name=root.text(f"/proc/{pid}/comm"), processes=processes[namespace], **counted
        )
    return found


SOURCE = EntitySource(
    name="net_namespaces",
    doc="Other network namespaces, as containers have them: what TCP and UDP counted in each.",
    files=("/proc/PID/ns/net", "/proc/PID/net/snmp", "/proc/PID/net/netstat"),
    record=NetNamespace,
    read=read,
    scope="other",
    when="check",
)
