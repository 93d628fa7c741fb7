"""Packets take much longer than their way needs."""

from collections.abc import Iterator

from kernward.collectors import tcp_diag
from kernward.collectors.sources import links, pressure, qdiscs, tcp_connections
from kernward.collectors.sources.qdiscs import Qdisc
from kernward.collectors.sources.tcp_connections import TcpConnection
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

HELD = Threshold(
    "time that a queueing discipline holds each packet back",
    0.005,
    "s",
    "a round trip within a site takes less than a millisecond; five are felt by every request that makes some",
)
DIRECT = Threshold(
    "shortest round trip to a neighbour",
    0.02,
    "s",
    "light goes 4,000 km in it: no directly connected address is so far, whatever the link; a busy peer answers its "
    "fastest acknowledgement sooner",
)
QUIET = Threshold(
    "the same of a connection that sends little",
    0.05,
    "s",
    "a receiver delays the acknowledgement of a single segment by 40 ms (TCP_DELACK_MIN)",
)
TIMEOUT = Threshold(
    "time-out of a connection to a neighbour that has data on its way all the time, where round trips are not told",
    0.3,
    "s",
    "tcp_set_rto() adds 200 ms (TCP_RTO_MIN) to the round trip where that hardly varies; what is sent in bulk is "
    "acknowledged at once, so that to a neighbour it stays at 200 ms",
)
STEADY = Threshold(
    "longest of these time-outs for each shortest one",
    1.5,
    "",
    "one that grows is a round trip that varies, or a segment that is sent again",
)
GREW = Threshold(
    "round trip above its own shortest",
    0.1,
    "s",
    "delayed acknowledgements add 40 ms; beyond that packets wait in a queue",
)
TIMES = Threshold(
    "round trips for each shortest one",
    5.0,
    "",
    "variation of a path that works stays within a small multiple of its shortest round trip",
)
BUSY = Threshold(
    "part of the time in which tasks wait for a CPU",
    0.3,
    "",
    "where programs and softirqs wait for a CPU, acknowledgements come late for that reason",
)
# Kinds of interface whose other end may be far away though no gateway lies between.
_TUNNELS = frozenset(
    {
        "tun",
        "wireguard",
        "ppp",
        "sit",
        "gre",
        "gretap",
        "ipip",
        "ip6tnl",
        "ip6gre",
        "vti",
        "vti6",
        "xfrm",
        "vxlan",
        "geneve",
        "wwan",
    }
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    named: set[str] = set()
    for name, each in window.each(qdiscs.SOURCE).items():
        verdict = _held(view, name, each)
        if verdict is not None:
            named.add(verdict.scope.name)
            yield verdict
    for verdict in (*_far_neighbours(view), *_long_timeouts(view), *_grown(view)):
        if verdict.scope.name not in named:
            named.add(verdict.scope.name)
            yield verdict
    if named:
        return
    measured = [
        each
        for each in window.each(tcp_connections.SOURCE).values()
        if each.least_round_trip_s is not None and each.state == tcp_diag.ESTABLISHED
    ]
    silent = sum(
        each.least_round_trip_s is None and each.state == tcp_diag.ESTABLISHED and each.interface != "lo"
        for each in window.each(tcp_connections.SOURCE).values()
    )
    asked = qdiscs.SOURCE.name in window.last.read
    if measured:
        direct = [each.least_round_trip_s or 0.0 for each in measured if each.direct]
        near = f"; the longest to a neighbour takes {max(direct) * 1e3:.3g} ms" if direct else ""
        yield Refuted(
            reason=f"no queueing discipline holds packets back, and round trips of {len(measured)} connections are as "
            f"short as before{near}"
        )
    elif asked and silent:
        yield Unknown(
            reason=f"no queueing discipline holds packets back; connections do not tell their round trips ({silent}): "
            + window.last.missing.get("sock_diag", "they have measured none yet")
        )
    elif asked:
        yield Refuted(
            reason="no queueing discipline holds packets back; there is no connection whose round trips could be compared"
        )
    else:
        yield Unknown(
            reason=f"queueing disciplines: {window.why_absent(qdiscs.SOURCE)}; round trips: "
            + (window.why_absent(tcp_connections.SOURCE) or "no connection tells them (sock_diag)")
        )


def _held(view: View, name: str, each: Qdisc) -> Confirmed | None:
    """A discipline that is set to hold packets back, and has had some."""
    if each.interface is None or (each.delay_s or 0) < HELD.value or not (each.sent or each.waiting):
        return None
    scope = Scope("interface", each.interface)
    over = view.window.each_over(qdiscs.SOURCE).get(name, each)
    passed = 0 if view.window.since_boot else over.sent or 0
    delay_s = each.delay_s or 0.0
    slow = [
        one
        for one in view.window.each(tcp_connections.SOURCE).values()
        if one.interface == each.interface and (one.round_trip_s or 0) >= 0.8 * delay_s
    ]
    evidence = [
        view.evidence(
            qdiscs.SOURCE,
            "delay_s",
            delay_s,
            scope=scope,
            change=False,
            says=f"{each.kind} is set to hold each packet back for so long"
            + (f", ± {each.jitter_s * 1e3:.3g} ms" if each.jitter_s else ""),
            file=f"tc -s qdisc show dev {each.interface}",
        ),
        view.evidence(
            qdiscs.SOURCE,
            "sent",
            passed or each.sent or 0,
            scope=scope,
            change=bool(passed),
            says="packets went through it" + ("" if passed else " since it was set up"),
            file=f"tc -s qdisc show dev {each.interface}",
        ),
    ]
    if slow:
        evidence.append(_round_trip(view, max(slow, key=lambda one: one.round_trip_s or 0), scope))
    return Confirmed(
        scope=scope,
        confidence=0.95 if passed or each.waiting else 0.85,
        # A request that took a few milliseconds takes so much longer.
        impact=delay_s / (delay_s + 0.02),
        mechanism=(
            f"The queueing discipline {each.kind} of {each.interface} holds what is sent for {delay_s * 1e3:.4g} ms: "
            "netem_enqueue() sets each packet's time to send and netem_dequeue() keeps it until then. Every round trip "
            "over the interface takes longer by that, and a connection carries at most one window in it."
        ),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


_CHAIN = (
    "packets are held on the way",
    "every round trip takes longer by that",
    "requests that make several round trips take a multiple; a connection carries one window in each",
)


def _round_trip(view: View, each: TcpConnection, scope: Scope) -> Evidence:
    return view.evidence(
        tcp_connections.SOURCE,
        "round_trip_s",
        each.round_trip_s or 0.0,
        scope=scope,
        change=False,
        says=f"is a round trip to {each.remote}, {(each.least_round_trip_s or 0) * 1e3:.3g} ms at the least",
    )


def _is_far(each: TcpConnection, sent: int, *, busy: bool) -> bool:
    least = each.least_round_trip_s or 0
    # Of few answers even the fastest may have waited for a CPU, at either end.
    return least >= DIRECT.value if sent >= MANY else least >= QUIET.value and not busy


# Segments of a window after which some were acknowledged at once.
MANY = 50


def _far_neighbours(view: View) -> Iterator[Confirmed]:
    """Addresses without a gateway between whose fastest answer of minutes was slow."""
    known = view.window.each(links.SOURCE)
    over = view.window.each_over(tcp_connections.SOURCE)
    busy = (_waits_for_cpu(view) or 0.0) >= BUSY.value
    slow: dict[str, list[TcpConnection]] = {}
    counts: dict[str, int] = {}
    for name, each in view.window.each(tcp_connections.SOURCE).items():
        if not each.direct or each.interface is None or each.state != tcp_diag.ESTABLISHED:
            continue
        if each.least_round_trip_s is None or getattr(known.get(each.interface), "kind", None) in _TUNNELS:
            continue
        counts[each.interface] = counts.get(each.interface, 0) + 1
        if _is_far(each, getattr(over.get(name), "segments_sent", None) or 0, busy=busy):
            slow.setdefault(each.interface, []).append(each)
    for name, several in slow.items():
        # One of many is its peer's doing.
        if 2 * len(several) < counts[name]:
            continue
        scope = Scope("interface", name)
        least = min(each.least_round_trip_s or 0.0 for each in several)
        yield Confirmed(
            scope=scope,
            confidence=0.8,
            impact=least / (least + 0.02),
            mechanism=(
                f"No answer of the neighbours on {name} came within {least * 1e3:.3g} ms, though no gateway lies between: "
                "packets are held on the link or at its other end."
            ),
            evidence=tuple(_round_trip(view, each, scope) for each in several[:3]),
            chain=_CHAIN,
        )


def _long_timeouts(view: View) -> Iterator[Confirmed]:
    """Neighbours that are waited for longer than a neighbour has to be, as far as procfs tells it."""
    seen: dict[str, list[TcpConnection]] = {}
    readings = 0
    for sample in view.window.samples:
        if tcp_connections.SOURCE.name not in sample.read:
            continue
        readings += 1
        for name, each in sample.each(tcp_connections.SOURCE).items():
            if each.least_round_trip_s is None and each.direct and each.state == tcp_diag.ESTABLISHED:
                seen.setdefault(name, []).append(each)
    known = view.window.each(links.SOURCE)
    slow: dict[str, list[TcpConnection]] = {}
    counts: dict[str, int] = {}
    for several in seen.values():
        last = several[-1]
        kind = getattr(known.get(last.interface or ""), "kind", None)
        sending = sum((each.send_queue_bytes or 0) > 0 for each in several)
        if readings < 2 or len(several) < readings or last.interface in (None, "lo") or kind in _TUNNELS:
            continue
        if any(each.retries or not each.timeout_s for each in several) or 2 * sending < readings:
            continue
        counts[str(last.interface)] = counts.get(str(last.interface), 0) + 1
        timeouts = [each.timeout_s or 0.0 for each in several]
        if min(timeouts) >= TIMEOUT.value and max(timeouts) <= STEADY.value * min(timeouts):
            slow.setdefault(str(last.interface), []).append(last)
    for interface, several in slow.items():
        if 2 * len(several) < counts[interface]:
            continue
        scope = Scope("interface", interface)
        each = min(several, key=lambda one: one.timeout_s or 0.0)
        timeout_s = each.timeout_s or 0.0
        yield Confirmed(
            scope=scope,
            confidence=0.7,
            impact=(timeout_s - 0.2) / (timeout_s - 0.18),
            mechanism=(
                f"Connections to neighbours on {interface} have data on their way and wait {timeout_s * 1e3:.0f} ms before "
                f"they send it again: their round trips take about {(timeout_s - 0.2) * 1e3:.0f} ms, though no gateway lies "
                "between. Packets are held on the link or at its other end."
            ),
            evidence=(
                view.evidence(
                    tcp_connections.SOURCE,
                    "timeout_s",
                    timeout_s,
                    scope=scope,
                    change=False,
                    says=f"is how long {each.remote} is waited for: 200 ms and the round trip",
                    file="/proc/net/tcp",
                ),
            ),
            chain=_CHAIN,
        )


def _grown(view: View) -> Iterator[Confirmed]:
    """Interfaces whose connections' round trips have become much longer than they were."""
    samples = [each for each in view.window.samples if tcp_connections.SOURCE.name in each.read]
    waits = _waits_for_cpu(view)
    if len(samples) < 2 or waits is not None and waits >= BUSY.value:
        return
    slow: dict[str, list[TcpConnection]] = {}
    counts: dict[str, int] = {}
    before = samples[-2].each(tcp_connections.SOURCE)
    for name, each in samples[-1].each(tcp_connections.SOURCE).items():
        if each.interface in (None, "lo") or each.state != tcp_diag.ESTABLISHED or not _sends(each):
            continue
        counts[str(each.interface)] = counts.get(str(each.interface), 0) + 1
        if _longer(each) and name in before and _longer(before[name]) and not each.retries:
            slow.setdefault(str(each.interface), []).append(each)
    for interface, several in slow.items():
        if len(several) < 2 or 2 * len(several) < counts[interface]:
            continue
        scope = Scope("interface", interface)
        longest = max(several, key=lambda each: each.round_trip_s or 0.0)
        extra = (longest.round_trip_s or 0.0) - (longest.least_round_trip_s or 0.0)
        yield Confirmed(
            scope=scope,
            confidence=0.65,
            impact=extra / (extra + 0.1),
            mechanism=(
                f"Round trips over {interface} have become {extra * 1e3:.3g} ms longer than the shortest of the last five "
                f"minutes, for {len(several)} of {counts[interface]} connections that send: packets wait in a queue on "
                "the way."
            ),
            evidence=tuple(_round_trip(view, each, scope) for each in several[:3]),
            chain=_CHAIN,
        )


def _sends(each: TcpConnection) -> bool:
    """A connection that rests keeps an old figure."""
    return each.last_sent_s is None or each.last_sent_s < 2.0


def _longer(each: TcpConnection) -> bool:
    now, least = each.round_trip_s, each.least_round_trip_s
    return now is not None and least is not None and now >= least + GREW.value and now >= TIMES.value * least


def _waits_for_cpu(view: View) -> float | None:
    over = view.window.over(pressure.SOURCE)
    seconds = getattr(over, "cpu_some_s", None)
    return None if seconds is None else seconds / view.window.seconds_of(pressure.SOURCE)


HYPOTHESIS = Hypothesis(
    id="packet-delay",
    title="A link delays packets",
    group="network",
    claim="Packets sent over an interface are held back, and nothing is lost.",
    signals=(
        Signal("qdiscs.delay_s", "the interface's own queueing discipline holds packets back"),
        Signal(
            "tcp_connections.least_round_trip_s", "long to a neighbour: the link or its other end holds them"
        ),
        Signal("tcp_connections.timeout_s", "long to a neighbour, where round trips are not told"),
        Signal("tcp_connections.round_trip_s", "far above its own shortest: they wait in a queue on the way"),
        Signal("pressure.cpu_some_s", "high: acknowledgements are late for want of a CPU"),
    ),
    thresholds=(HELD, DIRECT, QUIET, TIMEOUT, STEADY, GREW, TIMES, BUSY),
    rivals=(
        Rival("packet-loss", "there segments have to be sent again, and round trips that succeed are short"),
        Rival(
            "link-saturated",
            "there the queue that packets wait in is this machine's own, and the link is full",
        ),
        Rival("cpu-run-queue-overload", "there programs answer late; the kernel's acknowledgements do not"),
    ),
    explains=(),
    mechanism=(
        "Whatever holds a packet (a queueing discipline such as netem, a full queue in a switch, a detour) makes the "
        "round trip longer, which tcp_rtt_estimator() in net/ipv4/tcp_input.c follows. One window is sent in each round "
        "trip, so that throughput falls as the delay grows, and each further request and answer adds one."
    ),
    actions=(
        Action(
            "now",
            "See what holds them: this interface's disciplines, then the hops.",
            "None.",
            "tc -s qdisc show dev IFACE; ss -ti dst PEER; mtr -n PEER",
        ),
        Action(
            "now",
            "Remove a discipline that delays packets and was left behind by a test.",
            "Its other settings go with it, such as a rate.",
            "tc qdisc del dev IFACE root",
        ),
        Action(
            "for good",
            "Use a discipline that keeps queues short (fq_codel, cake) at the narrowest place; talk to what is near, and "
            "in fewer round trips.",
            "A shaper costs some of the link's rate.",
        ),
    ),
    see=("net/sched/sch_netem.c", "net/ipv4/tcp_input.c", "man 8 tc-netem"),
    test=_test,
)
