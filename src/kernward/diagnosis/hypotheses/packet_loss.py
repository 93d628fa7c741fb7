"""Packets get lost on the way, and TCP sends them again."""

from collections import Counter
from collections.abc import Iterator

from kernward.collectors import tcp_diag
from kernward.collectors.measurements import tcp as measured_tcp
from kernward.collectors.sources import net_dev, net_namespaces, netstat, qdiscs, snmp, tcp_connections
from kernward.collectors.sources.qdiscs import Qdisc
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.network import Traffic, busiest_interface, elsewhere, growing_steps, retrying, traffic
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

SHARE = Threshold(
    "segments sent again for each segment sent",
    0.01,
    "",
    "TCP probes for room by losing now and then, some in a thousand on a path that is full; at one in a hundred its rate "
    "falls below what most paths carry (rate ~ 1.2 segments / (round trip x square root of loss))",
)
NUMBER = Threshold(
    "segments sent again in the window",
    6.0,
    "segments",
    "fewer are one loss at a start or at an end, whatever their share",
)
STEPS = Threshold(
    "readings in a row between which segments were sent again",
    2.0,
    "",
    "one burst that overflowed a queue somewhere falls between two readings",
)
NEEDLESS = Threshold(
    "part of them that the other end had already",
    0.5,
    "",
    "D-SACK says which were needless: where most are, packets came late or out of order and were not lost",
)
RETRIES = Threshold(
    "times in a row that a connection to a neighbour sent the same segment again, unanswered",
    2.0,
    "",
    "the second one is sent after more than half a second without any answer, which no delay on one link explains",
)
DROPPING = Threshold(
    "part of its packets that a queueing discipline drops on purpose",
    0.1,
    "%",
    "netem and the like are set to lose packets; below one in a thousand nobody feels it",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    by_interface = traffic(view)
    named: set[str] = set()
    for verdict in _on_purpose(view):
        named.add(verdict.scope.name)
        yield verdict
    for verdict in (*_by_connections(view, by_interface), *_unanswered(view)):
        if verdict.scope.name not in named:
            named.add(verdict.scope.name)
            yield verdict
    for verdict in _elsewhere(view):
        named.add(verdict.scope.name)
        yield verdict
    if named:
        return
    counted, more = window.over(snmp.SOURCE), window.over(netstat.SOURCE)
    if counted is None or counted.tcp_segments_retransmitted is None:
        yield Unknown(
            reason=window.why_absent(snmp.SOURCE)
            or "RetransSegs is not among the counters of TCP: nothing tells losses"
        )
        return
    again = counted.tcp_segments_retransmitted
    opening = (more.syn_retransmits or 0) if more is not None else 0
    needless = (more.duplicates_acknowledged or 0) if more is not None else 0
    sent = counted.tcp_segments_sent or 0
    lost = max(0, again - opening - needless)
    evidence = _host_evidence(view, again, sent)
    if window.since_boot:
        if sent and lost / sent >= SHARE.value:
            yield Unknown(
                reason=f"{lost / sent:.1%} of TCP's segments were sent again since boot, and nothing tells when",
                evidence=evidence,
            )
        else:
            yield Refuted(reason=f"{again} of {sent} segments were sent again since boot", evidence=evidence)
        return
    share = lost / (sent + again) if sent + again else 0.0
    if share < SHARE.value or lost < NUMBER.value or needless >= NEEDLESS.value * max(1, again - opening):
        why = f", {needless} of them needlessly (D-SACK)" if needless else ""
        opened = f", {opening} to open a connection" if opening else ""
        yield Refuted(reason=f"{again} of {sent} segments were sent again{why}{opened}", evidence=evidence)
        return
    if _steps(view) < STEPS.value:
        yield Refuted(reason=f"{again} segments were sent again, in a single burst", evidence=evidence)
        return
    if by_interface and max((each.lost for each in by_interface.values()), default=0) >= 0.5 * lost:
        # The connections account for it, and none of their interfaces is above the threshold.
        yield Refuted(
            reason=f"{again} of {sent} segments were sent again, on no interface too many", evidence=evidence
        )
        return
    if view.can_ask("tcp"):
        yield Open(
            suspicion=0.6,
            reason=f"{share:.1%} of TCP's segments are sent again; to whom",
            asks=("tcp",),
            evidence=evidence,
        )
        return
    yield _by_counters(view, share, lost, evidence)


def _steps(view: View) -> int:
    return growing_steps(view, snmp.SOURCE, None, "tcp_segments_retransmitted")


def _impact(share: float) -> float:
    """One loss in a hundred costs TCP a third of its rate or more, one in ten nearly all of it."""
    return min(1.0, 0.3 + 7 * share)


def _host_evidence(view: View, again: int, sent: int) -> tuple[Evidence, ...]:
    since = " since boot" if view.window.since_boot else ""
    return (
        view.evidence(
            snmp.SOURCE,
            "tcp_segments_retransmitted",
            again,
            says=f"segments were sent again{since}, {sent} were sent for the first time",
        ),
    )


def _on_purpose(view: View) -> Iterator[Confirmed]:
    """Queueing disciplines that are set to lose packets, and do."""
    now = view.window.each(qdiscs.SOURCE)
    over = now if view.window.since_boot else view.window.each_over(qdiscs.SOURCE)
    waiting = retrying(view)
    for name, each in now.items():
        if each.interface is None or _set_to(each) < DROPPING.value:
            continue
        grown = over.get(name, each)
        dropped, passed = grown.drops or 0, grown.sent or 0
        ever = each.drops or 0
        # What it damages it sends, and the other end drops it.
        if each.damage_percent and not each.loss_percent:
            dropped, ever = (
                round(passed * each.damage_percent / 100),
                round((each.sent or 0) * each.damage_percent / 100),
            )
        if not dropped and not ever:
            continue
        # With nothing dropped in the window the traffic pauses, perhaps for the time-out of a lost segment.
        if view.window.since_boot:
            # All of them are since it was set up.
            dropped = 0
        yield _lossy(view, name, each, dropped, passed, ever, waiting[each.interface])


def _set_to(each: Qdisc) -> float:
    """The percentage of packets that it loses or makes worthless on purpose."""
    return (each.loss_percent or 0) + (each.damage_percent or 0)


def _lossy(
    view: View, name: str, each: Qdisc, dropped: int, passed: int, ever: int, stalled: int
) -> Confirmed:
    scope = Scope("interface", each.interface or "")
    share = _set_to(each) / 100
    if each.loss_percent and dropped + passed:
        share = max(share, dropped / (dropped + passed))
    setting = "loss_percent" if each.loss_percent else "damage_percent"
    does = "lose" if each.loss_percent else "damage"
    evidence = [
        view.evidence(
            qdiscs.SOURCE,
            "drops",
            dropped or ever,
            scope=scope,
            change=bool(dropped),
            says=f"packets that {each.kind} dropped, {passed} passed"
            if dropped
            else f"packets that {each.kind} dropped since it was set up; nothing was sent in the window",
            file=f"tc -s qdisc show dev {each.interface}",
        ),
        view.evidence(
            qdiscs.SOURCE,
            setting,
            getattr(each, setting) or 0,
            scope=scope,
            change=False,
            says=f"{each.kind} is set to {does} so much",
            file=f"tc -s qdisc show dev {each.interface}",
        ),
    ]
    if stalled:
        evidence.append(
            view.evidence(
                tcp_connections.SOURCE,
                "retries",
                stalled,
                unit="readings",
                scope=scope,
                change=False,
                says="readings in which a connection over it waited for the time-out of a segment",
            )
        )
    return Confirmed(
        scope=scope,
        confidence=0.96 if dropped else 0.85 if stalled else 0.75,
        impact=_impact(share) if dropped or stalled else 0.3,
        mechanism=(
            f"The queueing discipline {each.kind} of {each.interface} is set to {does} {_set_to(each):.3g}% of what is sent"
            + (f", and dropped {dropped} of {dropped + passed} packets in the window" if dropped else "")
            + ". TCP takes each loss for congestion: tcp_retransmit_skb() sends the segment again, and the window shrinks."
        ),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


_CHAIN = (
    "packets are dropped on the way",
    "acknowledgements stay away; TCP sends again after a time-out or three duplicates",
    "its window shrinks, its time-out doubles",
    "transfers are slow, requests take a second or more",
)


def _by_connections(view: View, by_interface: dict[str, Traffic]) -> Iterator[Confirmed]:
    """Interfaces whose connections sent too much again."""
    if view.window.since_boot or _steps(view) < STEPS.value:
        return
    for name, each in sorted(by_interface.items(), key=lambda item: -item[1].lost):
        if (
            each.lost < NUMBER.value
            or each.share < SHARE.value
            or each.needless >= NEEDLESS.value * max(1, each.again)
        ):
            continue
        others = sum(other.lost for where, other in by_interface.items() if where != name)
        scope = Scope("interface", name)
        to = f", most of them to {', '.join(each.peers)}" if each.peers else ""
        evidence = [
            view.evidence(
                tcp_connections.SOURCE,
                "segments_retransmitted",
                each.again,
                scope=scope,
                says=f"segments sent again by {each.connections} connections, {each.sent} were sent{to}",
            ),
            *_interface_drops(view, name),
        ]
        yield Confirmed(
            scope=scope,
            confidence=0.85 if others < each.lost / 4 else 0.75,
            impact=_impact(each.share),
            mechanism=(
                f"The connections over {name} had to send {each.share:.1%} of their segments again ({each.lost} of "
                f"{each.sent}){to}. "
                + (
                    "Nothing is lost on a cable there: the receiving end on this machine dropped them."
                    if name == "lo"
                    else "They were lost on this interface or beyond it; this machine's counters do not tell where."
                )
                + " tcp_retransmit_skb() sends them again, and the window shrinks each time."
            ),
            evidence=tuple(evidence),
            chain=_CHAIN,
        )


def _elsewhere(view: View) -> Iterator[Confirmed]:
    """Containers whose connections send too much again."""
    for name, (scope, each) in elsewhere(view).items():
        again, sent = each.tcp_segments_retransmitted or 0, each.tcp_segments_sent or 0
        lost = again - (each.syn_retransmits or 0) - (each.duplicates_acknowledged or 0)
        share = lost / (sent + again) if sent + again else 0.0
        if (
            lost < NUMBER.value
            or share < SHARE.value
            or growing_steps(view, net_namespaces.SOURCE, name, "tcp_segments_retransmitted") < STEPS.value
        ):
            continue
        yield Confirmed(
            scope=scope,
            confidence=0.7,
            impact=_impact(share),
            mechanism=(
                f"In the network namespace of {scope.name} {share:.1%} of TCP's segments had to be sent again ({lost}). "
                "They were lost on its interface, on its way through this machine, or beyond."
            ),
            evidence=(
                view.evidence(
                    net_namespaces.SOURCE,
                    "tcp_segments_retransmitted",
                    again,
                    scope=scope,
                    says=f"segments were sent again in {name}, {sent} for the first time",
                    file=f"/proc/{each.pid}/net/snmp",
                ),
            ),
            chain=_CHAIN,
        )


def _unanswered(view: View) -> Iterator[Confirmed]:
    """Interfaces to whose neighbours nothing gets through any more: too little is sent to be counted."""
    lasting: Counter[str] = Counter()
    stuck: dict[str, set[str]] = {}
    sending: dict[str, set[str]] = {}
    for sample in view.window.samples:
        here: set[str] = set()
        for name, each in sample.each(tcp_connections.SOURCE).items():
            if each.interface in (None, "lo") or not each.direct or each.state != tcp_diag.ESTABLISHED:
                continue
            if not (each.send_queue_bytes or each.unacknowledged):
                continue
            interface = str(each.interface)
            sending.setdefault(interface, set()).add(name)
            if (each.retries or 0) >= RETRIES.value:
                stuck.setdefault(interface, set()).add(name)
                here.add(interface)
        lasting.update(here)
    for interface, names in stuck.items():
        if lasting[interface] < STEPS.value or 2 * len(names) < len(sending[interface]):
            continue
        scope = Scope("interface", interface)
        yield Confirmed(
            scope=scope,
            confidence=0.65,
            impact=0.9,
            mechanism=(
                f"{len(names)} of {len(sending[interface])} connections to neighbours on {interface} that have something to "
                "send get no answer and send it again and again: tcp_retransmit_timer() doubles its time-out each time."
            ),
            evidence=(
                view.evidence(
                    tcp_connections.SOURCE,
                    "retries",
                    lasting[interface],
                    unit="readings",
                    scope=scope,
                    change=False,
                    says=f"readings in which they waited, such as {min(names)}",
                ),
                *_interface_drops(view, interface),
            ),
            chain=_CHAIN,
        )


def _interface_drops(view: View, name: str) -> Iterator[Evidence]:
    scope = Scope("interface", name)
    for qdisc, each in view.window.each_over(qdiscs.SOURCE).items():
        if each.interface == name and each.drops:
            yield view.evidence(
                qdiscs.SOURCE,
                "drops",
                each.drops,
                scope=scope,
                says=f"packets that the queueing discipline {each.kind} ({qdisc}) dropped",
                file=f"tc -s qdisc show dev {name}",
            )
    card = view.window.each_over(net_dev.SOURCE).get(name)
    if card is not None and card.send_drops:
        yield view.evidence(
            net_dev.SOURCE,
            "send_drops",
            card.send_drops,
            scope=scope,
            says="packets that the interface dropped",
        )
    if card is not None and card.receive_drops:
        yield view.evidence(
            net_dev.SOURCE,
            "receive_drops",
            card.receive_drops,
            scope=scope,
            says="packets that it dropped coming in",
        )


def _by_counters(view: View, share: float, lost: int, evidence: tuple[Evidence, ...]) -> Confirmed:
    """The host's counters say that packets are lost; which interface, what else there is tells."""
    suspects: dict[str, float] = {}
    for each in view.window.each_over(qdiscs.SOURCE).values():
        if each.interface is not None and each.drops:
            suspects[each.interface] = suspects.get(each.interface, 0.0) + each.drops
    for interface, card in view.window.each_over(net_dev.SOURCE).items():
        dropped = (card.send_drops or 0) + (card.receive_drops or 0)
        if interface != "lo" and dropped:
            suspects[interface] = suspects.get(interface, 0.0) + dropped
    how = "which dropped packets itself"
    if not suspects:
        suspects, how = _by_peers(view), "by which those are reached to whom most was sent again"
    if not suspects:
        suspects = {where: float(times) for where, times in retrying(view).items() if times > 1}
        how = "over which connections wait for answers"
    sure = 0.75
    name: str | None = max(suspects, key=lambda each: suspects[each], default=None)
    if name is None:
        name, how, sure = busiest_interface(view), "which sent most", 0.6
    scope = HOST if name is None else Scope("interface", name)
    return Confirmed(
        scope=scope,
        confidence=sure,
        impact=_impact(share),
        mechanism=(
            f"{share:.1%} of TCP's segments had to be sent again ({lost}). "
            + (
                "Nothing tells over which interface."
                if name is None
                else f"The interface is most likely {name}, {how}."
            )
            + " tcp_retransmit_skb() sends them again, and the window shrinks each time."
        ),
        evidence=(*evidence, *(_interface_drops(view, name) if name is not None else ())),
        chain=_CHAIN,
    )


def _by_peers(view: View) -> dict[str, float]:
    """By interface, what was measured to be sent again to the addresses that are reached by it."""
    if not view.has("tcp"):
        return {}
    ways = {
        each.remote: each.interface
        for sample in view.window.samples
        for each in sample.each(tcp_connections.SOURCE).values()
    }
    found: dict[str, float] = {}
    for peer, each in view.window.each_over(measured_tcp.SOURCE).items():
        interface = ways.get(peer)
        if interface is not None and each.retransmits:
            found[interface] = found.get(interface, 0.0) + each.retransmits
    return found


HYPOTHESIS = Hypothesis(
    id="packet-loss",
    title="A link loses packets",
    group="network",
    claim="Packets sent over an interface do not arrive, and TCP has to send them again.",
    signals=(
        Signal("snmp.tcp_segments_retransmitted", "grows by a hundredth of what is sent, or more"),
        Signal("tcp_connections.segments_retransmitted", "over which interface, and to whom"),
        Signal("tcp_connections.needless_retransmits", "most of them: late, not lost"),
        Signal(
            "netstat.syn_retransmits", "only these: a peer does not answer; established connections are well"
        ),
        Signal("net_namespaces.tcp_segments_retransmitted", "in which container"),
        Signal("tcp_connections.retries", "of connections to neighbours: nothing gets through at all"),
        Signal("qdiscs.drops", "the interface's own queueing discipline drops them"),
        Signal("qdiscs.loss_percent", "it is set to"),
        Signal("qdiscs.damage_percent", "it is set to change packets, which the other end then drops"),
    ),
    thresholds=(SHARE, NUMBER, STEPS, NEEDLESS, RETRIES, DROPPING),
    rivals=(
        Rival(
            "packet-delay",
            "there answers come late: round trips are long, and what is sent again was needless",
        ),
        Rival("listen-queue-overflow", "there only SYNs are sent again, to one port"),
        Rival(
            "link-saturated", "there more is sent than the link carries: its queue is long before it drops"
        ),
        Rival("link-errors", "there the card counts damaged packets"),
        Rival("softnet-squeeze", "there this machine drops what comes in"),
        Rival("tcp-memory-pressure", "there this machine drops segments for want of TCP memory"),
    ),
    explains=(),
    mechanism=(
        "TCP keeps what it sent until it is acknowledged. Three duplicate acknowledgements, or none within the time-out, "
        "have tcp_retransmit_skb() in net/ipv4/tcp_output.c send it again; the congestion window shrinks "
        "(tcp_enter_recovery(), tcp_enter_loss()), and the time-out doubles each time."
    ),
    actions=(
        Action(
            "now",
            "See where it is lost: the interface's queueing discipline, its errors, then each hop.",
            "None.",
            "tc -s qdisc show dev IFACE; ip -s link show IFACE; mtr -n PEER",
        ),
        Action(
            "now",
            "Remove a discipline that loses packets and was left behind by a test.",
            "Its other settings go with it, such as a rate.",
            "tc qdisc del dev IFACE root",
        ),
        Action(
            "for good",
            "Mend or replace the lossy link; where loss cannot be avoided, use a congestion control that stands it (bbr).",
            "bbr takes room from other senders on the same path.",
            "sysctl -w net.ipv4.tcp_congestion_control=bbr",
        ),
    ),
    asks=("tcp",),
    cost="the measurement of TCP, made where connections do not tell, costs less than a microsecond for each segment "
    "that is sent again",
    see=("net/ipv4/tcp_output.c", "net/ipv4/tcp_input.c", "net/sched/sch_netem.c", "RFC 5681"),
    test=_test,
)
