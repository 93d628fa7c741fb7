"""What tests of the network have in common: whose a socket is, which interface a connection goes by, how old an
event is.

The counters of TCP and IP are of one network namespace, the one that the check runs in. Containers with
namespaces of their own have their own counters: the main ones are read through one of their processes (see
net_namespaces), the others are not seen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kernward.collectors import tcp_diag
from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.source import AnySource
from kernward.collectors.sources import (
    kernel_events,
    net_dev,
    net_namespaces,
    socket_owners,
    tcp_connections,
)
from kernward.collectors.sources.net_namespaces import NetNamespace
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown, Verdict
from kernward.diagnosis.log_events import recent
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Evidence, Scope

# An event of the log is of now for so long; the kernel limits how often it prints the same.
RECENT_S = 120.0
# Owners asked for at a time.
MOST_ASKED = 16


def events(view: View, kind: str, within_s: float = RECENT_S) -> tuple[LogEvent, ...]:
    """The events of this kind of the last seconds, the newest last."""
    # The kernel prints these again and again: one of unknown age is no sign that it is so now.
    return tuple(each for each in recent(view, kind, within_s=within_s) if each.age_s is not None)


def event_evidence(view: View, kind: str, event: LogEvent, scope: Scope = HOST) -> Evidence:
    """An event as evidence."""
    return view.evidence(
        kernel_events.SOURCE,
        "count",
        view.window.each(kernel_events.SOURCE)[kind].count,
        scope=scope,
        change=False,
        says=f"the kernel printed {event.age_s or 0:.0f} s ago: {event.title}",
    )


def owner(view: View, inode: int | None) -> Scope | None:
    """The process that has this socket, as far as it was asked for."""
    found = view.window.each(socket_owners.SOURCE).get(str(inode)) if inode else None
    if found is None or found.pid is None:
        return None
    return Scope("process", f"{found.name or '?'}[{found.pid}]")


def whose(view: View, inodes: Iterable[int | None], suspicion: float, reason: str) -> Open | None:
    """The question whose these sockets are, None when it was asked already or cannot be."""
    wanted = tuple(dict.fromkeys(str(each) for each in inodes if each))[:MOST_ASKED]
    if not wanted or not view.can_read(socket_owners.SOURCE, *wanted):
        return None
    return Open(suspicion=suspicion, reason=reason, sources=((socket_owners.SOURCE.name, wanted),))


def growing_steps(view: View, source: AnySource, entity: str | None, field: str) -> int:
    """In how many of the steps between readings a counter grew: one burst is one step."""
    window = view.window
    # The types tell a source of the machine from one of entities; `entity` says which of the two it is.
    steps = window.steps(source) if entity is None else window.each_steps(source, entity)  # type: ignore[arg-type]
    return sum((getattr(grown, field) or 0) > 0 for _, _, grown in steps)


def busiest_interface(view: View, among: Sequence[str] | None = None) -> str | None:
    """The interface that sent most in the window, the loopback aside."""
    sent = {
        name: each.sent_bytes or 0
        for name, each in view.window.each_over(net_dev.SOURCE).items()
        if name != "lo" and (among is None or name in among)
    }
    return max(sent, key=lambda name: sent[name]) if any(sent.values()) else None


class Traffic(msgspec.Struct, frozen=True):
    """What the established connections of one interface did in the window, those of one peer, or all of them."""

    connections: int
    sent: int
    again: int
    # Of those the ones that the other end had already: sent again for a delay, nothing was lost.
    needless: int
    # Connections that wait for an answer to what they sent again.
    retrying: int
    peers: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """Segments sent again that had to be."""
        return max(0, self.again - self.needless)

    @property
    def share(self) -> float:
        """Of the segments sent, the part that was lost."""
        return self.lost / self.sent if self.sent > 0 else 0.0


def traffic(view: View) -> dict[str, Traffic]:
    """By interface, what TCP connections sent and sent again; none without sock_diag's figures."""
    sums: dict[str, list[int]] = {}
    peers: dict[str, Counter[str]] = {}
    for each in view.window.each_over(tcp_connections.SOURCE).values():
        if each.interface is None or each.state in _UNESTABLISHED or each.segments_sent is None:
            continue
        values = sums.setdefault(each.interface, [0, 0, 0, 0, 0])
        again = each.segments_retransmitted or 0
        values[0] += 1
        values[1] += each.segments_sent
        values[2] += again
        values[3] += min(again, each.needless_retransmits or 0)
        values[4] += (each.retries or 0) > 0
        if again and each.remote is not None:
            peers.setdefault(each.interface, Counter())[each.remote] += again
    return {
        name: Traffic(
            connections=number,
            sent=sent,
            again=again,
            needless=needless,
            retrying=waiting,
            peers=tuple(peer for peer, _ in peers.get(name, Counter()).most_common(3)),
        )
        for name, (number, sent, again, needless, waiting) in sums.items()
    }


_UNESTABLISHED = (tcp_diag.SYN_SENT, tcp_diag.SYN_RECEIVED, tcp_diag.NEW_SYN_RECEIVED)


def retrying(view: View) -> Counter[str]:
    """By interface, in how many readings some established connection was sending again without an answer."""
    found: Counter[str] = Counter()
    for sample in view.window.samples:
        found.update(
            {
                each.interface
                for each in sample.each(tcp_connections.SOURCE).values()
                if each.interface is not None and each.retries and each.state not in _UNESTABLISHED
            }
        )
    return found


def elsewhere(view: View) -> dict[str, tuple[Scope, NetNamespace]]:
    """Other network namespaces: the process by which each is named, and what grew there in the window."""
    if view.window.since_boot:
        return {}
    return {
        name: (Scope("process", f"{each.name or '?'}[{each.pid}]"), each)
        for name, each in view.window.each_over(net_namespaces.SOURCE).items()
        if each.pid is not None
    }


def in_containers_and_here(elsewhere: Iterable[Confirmed], here: Iterable[Verdict]) -> Iterator[Verdict]:
    """What is so in other namespaces, then what is so in the check's own.

    What is not so here needs no word where it is so in a container.
    """
    there, own = tuple(elsewhere), tuple(here)
    yield from there
    if not there or not isinstance(own[0], Refuted | Unknown):
        yield from own
