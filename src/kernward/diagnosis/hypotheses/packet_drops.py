"""This machine throws packets away."""

from collections.abc import Iterator

import msgspec

from kernward.collectors.measurements import drops as measured_drops
from kernward.collectors.source import AnySource
from kernward.collectors.sources import links, net_dev, netstat, snmp, snmp6
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
from kernward.diagnosis.network import growing_steps
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

SHARE = Threshold(
    "part of the packets that were dropped for one reason",
    0.01,
    "",
    "strays, scans and broadcasts of others are dropped all the time, some in a thousand; one in a hundred concerns "
    "traffic of this machine",
)
RATE = Threshold(
    "packets dropped a second", 10.0, "1/s", "fewer are strays, whatever their share of an idle network"
)
STEPS = Threshold(
    "readings in a row between which they grew", 2.0, "", "one burst falls between two readings"
)
# Reasons of enum skb_drop_reason that are no loss: nobody wanted the packet, or it was handled in another way.
_NO_LOSS = frozenset(
    {
        "NOT_SPECIFIED",
        "NO_SOCKET",
        "OTHERHOST",
        "UNHANDLED_PROTO",
        "SKB_CONSUMED",
        "CONSUMED",
        "TCP_OLD_DATA",
        "TCP_OLD_ACK",
        "TCP_OLD_SEQUENCE",
        "TCP_RESET",
        "TCP_CLOSE",
        "TCP_FLAGS",
        "TCP_ABORT_ON_DATA",
        "TCP_INVALID_SEQUENCE",
        "TCP_ACK_UNSENT_DATA",
        "IGNORED_MULTICAST",
        "ICMP_CSUM",
        "INVALID_PROTO",
        "SOCKET_CLOSE",
        "SOCKET_DESTROYED",
        "TAP_FILTER",
        "TC_RECLASSIFY_LOOP",
    }
)


class Reason(msgspec.Struct, frozen=True):
    """A counter of drops: of which source, among how many, and what it means."""

    source: AnySource
    field: str
    among: tuple[str, ...]
    means: str
    what: str


_REASONS = (
    Reason(snmp.SOURCE, "ip_header_errors", ("ip_received",), "came with a bad IP header or checksum", "the sender, or what lies between, damages them"),
    Reason(snmp.SOURCE, "ip_address_errors", ("ip_received",), "came for an address that is not this machine's", "a route or a neighbour's table elsewhere is wrong"),
    Reason(snmp.SOURCE, "ip_in_discarded", ("ip_received",), "came whole and were dropped for want of memory or of a route's state", "memory was short when they came"),
    Reason(snmp.SOURCE, "ip_out_discarded", ("ip_sent",), "could not be sent: no neighbour answered, a filter or the interface refused", "a neighbour that is gone, a firewall, or a full queue"),
    Reason(snmp.SOURCE, "ip_no_route", ("ip_sent",), "had no route", "a route is missing, or the interface that it led over is down"),
    Reason(snmp.SOURCE, "ip_reassembly_failures", ("ip_received",), "were fragments of which others were missing", "one lost fragment costs the whole packet"),
    Reason(snmp.SOURCE, "ip_fragmentation_failures", ("ip_sent",), "were too large for the way and may not be divided", "the path's MTU is smaller than the interface's"),
    Reason(snmp.SOURCE, "tcp_bad_segments", ("tcp_segments_received",), "were damaged segments", "what lies between changes them, or a card's checksums are wrong"),
    Reason(snmp.SOURCE, "udp_checksum_errors", ("udp_received", "udp_errors"), "were UDP packets with a wrong checksum", "what lies between changes them, or a card's checksums are wrong"),
    Reason(netstat.SOURCE, "reverse_path_drops", (), "came in on another interface than answers go out (rp_filter)", "routing is not symmetric, or addresses are forged"),
    Reason(netstat.SOURCE, "backlog_drops", (), "met a socket in use whose backlog was full", "the program's thread holds the socket too long, or its buffer is too small"),
    Reason(netstat.SOURCE, "receive_queue_drops", (), "found no memory to be queued in their socket", "TCP's memory is short"),
    Reason(netstat.SOURCE, "receive_pruned", (), "were thrown out of a receive queue that was full", "the program does not read, or its buffer is too small"),
    Reason(netstat.SOURCE, "zero_window_drops", (), "came though this machine had said it has no room", "the program does not read, and the other end sends all the same"),
    Reason(snmp6.SOURCE, "ip_header_errors", ("ip_received",), "came with a bad IPv6 header", "the sender, or what lies between, damages them"),
    Reason(snmp6.SOURCE, "ip_in_discarded", ("ip_received",), "came whole over IPv6 and were dropped", "memory was short when they came"),
    Reason(snmp6.SOURCE, "ip_out_discarded", ("ip_sent",), "could not be sent over IPv6", "a neighbour that is gone, a firewall, or a full queue"),
    Reason(snmp6.SOURCE, "ip_no_route", ("ip_sent",), "had no IPv6 route", "a route is missing, or the interface that it led over is down"),
)  # fmt: skip


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    counted = window.over(snmp.SOURCE)
    if counted is None:
        yield Unknown(reason=window.why_absent(snmp.SOURCE) or "the counters of IP cannot be read")
        return
    if window.since_boot:
        yield Unknown(reason="drops since boot say nothing of now, and there is one reading")
        return
    found = [each for each in (*_by_reason(view), *_by_interface(view)) if each is not None]
    if not found:
        yield Refuted(reason="no reason for which packets are dropped counts more than strays")
        return
    if view.can_ask("drops"):
        yield Open(suspicion=0.4, reason=found[0].mechanism, asks=("drops",))
        return
    named = _measured(view)
    for each in found:
        yield each if not named else msgspec.structs.replace(each, evidence=(*each.evidence, *named))


def _by_reason(view: View) -> Iterator[Confirmed]:
    received = getattr(view.window.over(snmp.SOURCE), "tcp_segments_received", None) or 0
    for reason in _REASONS:
        over = view.window.over(reason.source)  # type: ignore[arg-type]  # all of them are of the whole machine
        number = getattr(over, reason.field, None)
        if not number or number / view.window.seconds_of(reason.source) < RATE.value:
            continue
        # Some errors are counted apart from what they are a part of, others within it.
        among = sum(getattr(over, field) or 0 for field in reason.among) if reason.among else received
        share = min(1.0, number / max(among, number))
        if share < SHARE.value or growing_steps(view, reason.source, None, reason.field) < STEPS.value:
            continue
        yield Confirmed(
            scope=HOST,
            confidence=0.8,
            impact=share,
            mechanism=f"{number:,} packets, {share:.1%}, {reason.means}: {reason.what}.",
            evidence=(
                view.evidence(reason.source, reason.field, number, says=f"packets that {reason.means}"),
            ),
            chain=(
                "packets cannot be handled as they are",
                "the kernel drops and counts them",
                "their sender waits",
            ),
        )


def _by_interface(view: View) -> Iterator[Confirmed]:
    """Interfaces that drop what they should send or take in."""
    known = view.window.each(links.SOURCE)
    seconds = view.window.seconds_of(net_dev.SOURCE)
    for name, each in view.window.each_over(net_dev.SOURCE).items():
        for field, number, good, does in (
            ("send_drops", each.send_drops or 0, each.sent or 0, "should have sent"),
            ("receive_drops", each.receive_drops or 0, each.received or 0, "got"),
        ):
            if (
                number / seconds < RATE.value
                or number < SHARE.value * (number + good)
                or growing_steps(view, net_dev.SOURCE, name, field) < STEPS.value
            ):
                continue
            scope = Scope("interface", name)
            share = number / (number + good)
            kind = getattr(known.get(name), "kind", None)
            why = (
                f"an interface of kind {kind} drops what its other end, or a program, does not take"
                if kind
                else "its driver had no room, or nobody wanted their protocol"
            )
            yield Confirmed(
                scope=scope,
                confidence=0.8,
                impact=share,
                mechanism=f"{name} dropped {number:,} packets that it {does}, {share:.1%}: {why}.",
                evidence=(
                    view.evidence(
                        net_dev.SOURCE, field, number, scope=scope, says=f"packets dropped that it {does}"
                    ),
                ),
                chain=(
                    "packets come to an interface that cannot take them",
                    "it drops them",
                    "their sender waits",
                ),
            )


def _measured(view: View) -> tuple[Evidence, ...]:
    """What the kernel itself gives as the reasons, most frequent first."""
    if not view.has("drops"):
        return ()
    reasons = {
        name: each
        for name, each in view.window.each_over(measured_drops.SOURCE).items()
        if name not in _NO_LOSS and each.drops
    }
    evidence = []
    for name in sorted(reasons, key=lambda each: -(reasons[each].drops or 0))[:3]:
        functions = reasons[name].by_function or {}
        where = max(functions, key=lambda each: functions[each], default=None)
        evidence.append(
            view.evidence(
                measured_drops.SOURCE,
                "drops",
                reasons[name].drops or 0,
                says=f"packets dropped for the reason {name}" + (f", in {where}()" if where else ""),
            )
        )
    return tuple(evidence)


HYPOTHESIS = Hypothesis(
    id="packet-drops",
    title="This machine drops packets",
    group="network",
    claim="The kernel throws packets away, for a reason that it counts.",
    signals=(
        *(Signal(f"{each.source.name}.{each.field}", f"grows: packets {each.means}") for each in _REASONS),
        Signal("net_dev.send_drops", "grows: an interface drops what it should send"),
        Signal("net_dev.receive_drops", "grows: an interface drops what came in"),
        Signal("drops.drops", "the kernel's own reason, where it can be measured"),
    ),
    thresholds=(SHARE, RATE, STEPS),
    rivals=(
        Rival("packet-loss", "there packets get lost outside: no counter of this machine grows"),
        Rival("socket-buffer-limit", "there a UDP socket's buffer is full"),
        Rival("softnet-squeeze", "there a CPU's backlog is full"),
        Rival("listen-queue-overflow", "there connections are refused for a full queue"),
    ),
    mechanism=(
        "Wherever the kernel gives a packet up it frees it with kfree_skb_reason(), and most places count it: IP in "
        "/proc/net/snmp, TCP in /proc/net/netstat, drivers in /proc/net/dev."
    ),
    actions=(
        Action(
            "now",
            "See which counter grows, and which reason the kernel gives.",
            "None.",
            "nstat; ip -s link; kernward check",
        ),
        Action(
            "for good",
            "Mend what the reason names: a route, an MTU, a filter, a program that does not read.",
            "Depends on it.",
        ),
    ),
    asks=("drops",),
    cost="the measurement of drops costs some hundred nanoseconds for each packet that is dropped",
    see=("net/ipv4/proc.c", "include/net/dropreason-core.h"),
    test=_test,
)
