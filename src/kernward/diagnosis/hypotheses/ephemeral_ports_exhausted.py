"""There is no local port left for connections to one destination."""

from collections.abc import Iterator

from kernward.collectors.sources import sockstat, tcp_destinations
from kernward.collectors.sources.tcp_destinations import TcpDestination
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.network import owner, whose
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

TAKEN = Threshold(
    "part of the local ports taken for one destination",
    0.98,
    "",
    "__inet_hash_connect() tries all ports of the range in two passes: until the last ones are gone it finds one, "
    "with more and more tries",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(tcp_destinations.SOURCE)
    if missing:
        yield Unknown(reason=missing)
        return
    # The newest reading, also where it says that there are none any more.
    found = next(
        each.each(tcp_destinations.SOURCE)
        for each in reversed(window.samples)
        if tcp_destinations.SOURCE.name in each.read
    )
    short = {name: each for name, each in found.items() if _exhausted(each)}
    if not short:
        fullest = max(found.items(), key=lambda each: each[1].ports_taken or 0, default=None)
        if fullest is None:
            counted = window.of(sockstat.SOURCE)
            sockets = "" if counted is None else f"; {counted.tcp_in_use} TCP sockets are in use"
            yield Refuted(reason=f"no destination has half of the local ports taken{sockets}")
        else:
            name, each = fullest
            yield Refuted(
                reason=f"for {name} {each.ports_taken} of {each.ports} local ports are taken",
                evidence=(_taken(view, name, each, HOST),),
            )
        return
    inodes = [int(inode) for each in short.values() for inode in _inodes(each)]
    question = whose(view, inodes, 0.9, "local ports are used up for a destination; who has them")
    if question is not None:
        yield question
        return
    for name, each in sorted(short.items(), key=lambda item: -(item[1].ports_taken or 0))[:4]:
        yield _confirmed(view, name, each)


def _exhausted(destination: TcpDestination) -> bool:
    if destination.ports_taken is None or not destination.ports:
        return False
    return destination.ports - destination.ports_taken <= max(1, (1 - TAKEN.value) * destination.ports)


def _inodes(destination: TcpDestination) -> list[str]:
    return [each for each in (destination.inodes or "").split(",") if each.isdigit()]


def _taken(view: View, name: str, destination: TcpDestination, scope: Scope) -> Evidence:
    return view.evidence(
        tcp_destinations.SOURCE,
        "ports_taken",
        destination.ports_taken or 0,
        scope=scope,
        change=False,
        says=f"local ports are taken for {name}, of {destination.ports}",
    )


def _confirmed(view: View, name: str, destination: TcpDestination) -> Confirmed:
    owners: dict[Scope, int] = {}
    for inode in _inodes(destination):
        whom = owner(view, int(inode))
        if whom is not None:
            owners[whom] = owners.get(whom, 0) + 1
    scope = max(owners, key=lambda each: owners[each]) if owners else HOST
    closed = destination.in_time_wait or 0
    evidence = [_taken(view, name, destination, scope)]
    if closed:
        evidence.append(
            view.evidence(
                tcp_destinations.SOURCE,
                "in_time_wait",
                closed,
                scope=scope,
                change=False,
                says="of them belong to connections that are closed already and are kept for 60 s (TIME_WAIT)",
            )
        )
    mostly_closed = closed > 0.5 * (destination.ports_taken or 1)
    why = (
        f"{closed} of them are kept by closed connections for 60 s each: connections are opened and closed faster "
        "than their ports come back"
        if mostly_closed
        else f"{scope.name or 'the machine'} keeps as many connections to it open"
    )
    return Confirmed(
        scope=scope,
        confidence=0.93 if scope is not HOST else 0.85,
        impact=1.0,
        mechanism=(
            f"For {name} {destination.ports_taken} of {destination.ports} local ports are taken, and {why}. "
            "__inet_hash_connect() tries each and finds it taken for this destination: connect() fails with "
            "EADDRNOTAVAIL. Connections to other destinations work."
        ),
        evidence=tuple(evidence),
        chain=(
            "one client keeps or reopens very many connections to one address and port",
            "every local port is taken for that destination",
            "connect() fails: cannot assign requested address",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="ephemeral-ports-exhausted",
    title="No local port is left for a destination",
    group="network",
    claim="All ports of ip_local_port_range are taken for connections to one address and port.",
    signals=(
        Signal("tcp_destinations.ports_taken", "as many as tcp_destinations.ports: connect() finds none"),
        Signal("tcp_destinations.in_time_wait", "most of them: reopened too fast rather than kept"),
        Signal("sockstat.tcp_in_use", "far below the number of ports: they cannot be used up"),
    ),
    thresholds=(TAKEN,),
    rivals=(
        Rival(
            "conntrack-table-full", "there connections to all destinations fail, by time-out and not at once"
        ),
        Rival("process-fd-limit", "there socket() fails with EMFILE, before any port is wanted"),
    ),
    mechanism=(
        "A connection is told by both addresses and both ports. __inet_hash_connect() in net/ipv4/inet_hashtables.c goes "
        "through net.ipv4.ip_local_port_range, without the reserved ones, and __inet_check_established() refuses each "
        "that the same local address has in use for the same destination; a port in TIME_WAIT is taken as well, "
        "unless timestamps allow it to be reused."
    ),
    actions=(
        Action(
            "now",
            "Widen the range.",
            "Ports that programs listen on must not lie in it, or be reserved.",
            "sysctl -w net.ipv4.ip_local_port_range='10240 65535'",
        ),
        Action(
            "now",
            "See who holds them, and whether it leaks connections.",
            "None.",
            "ss -tnp dst ADDRESS:PORT | awk '{print $NF}' | sort | uniq -c | sort -n | tail",
        ),
        Action(
            "for good",
            "Reuse connections (keep-alive, a pool), spread them over more destination addresses or local addresses, "
            "and leave net.ipv4.tcp_tw_reuse on.",
            "A pool that is too small makes requests wait.",
        ),
    ),
    cost="sockets are listed only where there are half as many as ports; their processes are looked for once",
    see=("net/ipv4/inet_hashtables.c", "Documentation/networking/ip-sysctl.rst (ip_local_port_range)"),
    test=_test,
)
