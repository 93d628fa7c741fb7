"""A program does not read its UDP socket as fast as packets come."""

from collections.abc import Iterator

from kernward.collectors.sources import net_limits, net_namespaces, snmp, snmp6, udp_sockets
from kernward.diagnosis import network
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
from kernward.diagnosis.network import growing_steps, owner, whose
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence

DROPS = Threshold(
    "packets dropped a second for a full buffer",
    2.0,
    "1/s",
    "one burst that did not fit is no shortage; two packets every second are lost work",
)
SHARE = Threshold(
    "part of the packets that were dropped",
    0.01,
    "",
    "protocols over UDP repeat or do without one packet in a hundred; more is felt",
)
STEPS = Threshold(
    "readings in a row between which packets were dropped",
    2.0,
    "",
    "a burst falls between two readings, a program that is too slow drops between all of them",
)


def _test(view: View) -> Iterator[Verdict]:
    yield from network.in_containers_and_here(_elsewhere(view), _here(view))


def _elsewhere(view: View) -> Iterator[Confirmed]:
    """Containers in which packets are dropped for a full buffer."""
    for name, (scope, each) in network.elsewhere(view).items():
        dropped, received = each.udp_receive_buffer_errors or 0, each.udp_received or 0
        share = dropped / (dropped + received) if dropped else 0.0
        steps = growing_steps(view, net_namespaces.SOURCE, name, "udp_receive_buffer_errors")
        rate = view.per_second(net_namespaces.SOURCE, dropped)
        if rate < DROPS.value or share < SHARE.value or steps < STEPS.value:
            continue
        yield Confirmed(
            scope=scope,
            confidence=0.75,
            impact=share,
            mechanism=(
                f"In the network namespace of {scope.name} {share:.1%} of the UDP packets that came in were dropped: "
                "__udp_enqueue_schedule_skb() finds a socket's buffer full, because a program there, most likely this "
                "one, does not read in time."
            ),
            evidence=(
                view.evidence(
                    net_namespaces.SOURCE,
                    "udp_receive_buffer_errors",
                    dropped,
                    scope=scope,
                    says=f"UDP packets were dropped for a full buffer in {name}",
                    file=f"/proc/{each.pid}/net/snmp",
                ),
            ),
            chain=_CHAIN,
        )


_CHAIN = (
    "packets come faster than the program reads them",
    "the socket's buffer is full",
    "the kernel drops packets; the sender is not told",
)


def _here(view: View) -> Iterator[Verdict]:
    window = view.window
    four, six = window.over(snmp.SOURCE), window.over(snmp6.SOURCE)
    if four is None or four.udp_receive_buffer_errors is None:
        yield Unknown(
            reason=window.why_absent(snmp.SOURCE) or "RcvbufErrors is not among the counters of UDP"
        )
        return
    dropped = four.udp_receive_buffer_errors + ((six.udp_receive_buffer_errors or 0) if six else 0)
    memory = (four.udp_memory_errors or 0) + ((six.udp_memory_errors or 0) if six else 0)
    received = (four.udp_received or 0) + ((six.udp_received or 0) if six else 0)
    share = (dropped + memory) / (dropped + memory + received) if dropped + memory else 0.0
    counted = _counted(view, dropped, share)
    if window.since_boot:
        if share >= SHARE.value:
            yield Unknown(
                reason=f"{dropped + memory} UDP packets ({share:.1%}) were dropped for a full buffer since boot, and "
                "nothing tells when",
                evidence=(counted,),
            )
        else:
            yield Refuted(
                reason=f"{dropped + memory} UDP packets were dropped since boot", evidence=(counted,)
            )
        return
    rate = view.per_second(snmp.SOURCE, dropped + memory)
    steps = max(
        growing_steps(view, snmp.SOURCE, None, field)
        for field in ("udp_receive_buffer_errors", "udp_memory_errors")
    ) + (growing_steps(view, snmp6.SOURCE, None, "udp_receive_buffer_errors") if six else 0)
    if rate < DROPS.value or share < SHARE.value or steps < STEPS.value:
        yield Refuted(
            reason=f"{dropped + memory} UDP packets ({share:.1%}) were dropped for a full buffer",
            evidence=(counted,),
        )
        return
    sockets = {
        name: each
        for name, each in window.each_over(udp_sockets.SOURCE).items()
        if (each.drops or 0) >= 0.1 * (dropped + memory)
    }
    question = whose(
        view, (each.inode for each in sockets.values()), 0.8, "packets are dropped for a full buffer; whose"
    )
    if question is not None:
        yield question
        return
    if not sockets:
        yield _confirmed(view, None, None, dropped, memory, share, counted)
    for name, each in sorted(sockets.items(), key=lambda item: -(item[1].drops or 0))[:4]:
        yield _confirmed(view, name, each, dropped, memory, share, counted)


def _counted(view: View, dropped: int, share: float) -> Evidence:
    since = " since boot" if view.window.since_boot else ""
    return view.evidence(
        snmp.SOURCE,
        "udp_receive_buffer_errors",
        dropped,
        says=f"UDP packets dropped{since} because a socket's buffer was full ({share:.1%} of all)",
    )


def _confirmed(
    view: View,
    name: str | None,
    socket: udp_sockets.UdpSocket | None,
    dropped: int,
    memory: int,
    share: float,
    counted: Evidence,
) -> Confirmed:
    scope = (owner(view, socket.inode) if socket is not None else None) or HOST
    evidence = [counted]
    where = ""
    if socket is not None:
        where = f" The socket {name} dropped {socket.drops:,}."
        evidence.append(
            view.evidence(
                udp_sockets.SOURCE,
                "drops",
                socket.drops or 0,
                scope=scope,
                says=f"packets that the socket {name} dropped",
            )
        )
        evidence.append(
            view.evidence(
                udp_sockets.SOURCE,
                "receive_queue_bytes",
                socket.receive_queue_bytes or 0,
                scope=scope,
                change=False,
                says="wait in it to be read",
            )
        )
    limits = view.window.of(net_limits.SOURCE)
    if limits is not None and limits.receive_buffer_bytes is not None:
        evidence.append(
            view.evidence(
                net_limits.SOURCE,
                "receive_buffer_bytes",
                limits.receive_buffer_bytes,
                change=False,
                says=f"is what a socket gets that asks for nothing; at most {limits.receive_buffer_most_bytes} can be "
                "asked for",
                file="/proc/sys/net/core/rmem_default",
            )
        )
    all_of_udp = memory > dropped
    return Confirmed(
        scope=HOST if all_of_udp else scope,
        confidence=0.9 if socket is not None else 0.8,
        impact=share,
        mechanism=(
            f"{share:.1%} of the UDP packets that came in were dropped: "
            + (
                "all of UDP holds more than udp_mem allows."
                if all_of_udp
                else "__udp_enqueue_schedule_skb() finds the socket's buffer (SO_RCVBUF) full, because its program reads "
                "more slowly than packets come, or pauses for longer than the buffer lasts."
            )
            + where
        ),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


HYPOTHESIS = Hypothesis(
    id="socket-buffer-limit",
    title="A UDP socket's buffer is full",
    group="network",
    claim="Packets for a UDP socket are dropped because its program does not read them in time.",
    signals=(
        Signal("snmp.udp_receive_buffer_errors", "grows: packets are dropped for a full buffer"),
        Signal("snmp.udp_memory_errors", "grows: the limit is that of all of UDP (udp_mem)"),
        Signal("net_namespaces.udp_receive_buffer_errors", "grows: in which container"),
        Signal("udp_sockets.drops", "which socket dropped them"),
        Signal("udp_sockets.receive_queue_bytes", "stays high: its program does not keep up"),
    ),
    thresholds=(DROPS, SHARE, STEPS),
    rivals=(
        Rival("softnet-squeeze", "there packets are dropped before any socket is looked for"),
        Rival("link-errors", "there the card drops them, and every protocol suffers"),
        Rival("cpu-quota-throttling", "there the program cannot run; the full buffer is what comes of it"),
    ),
    explains=("packet-drops",),
    mechanism=(
        "__udp_enqueue_schedule_skb() in net/ipv4/udp.c compares what waits in the socket with sk_rcvbuf (SO_RCVBUF, by "
        "default net.core.rmem_default) and returns ENOMEM beyond it; __udp_queue_rcv_skb() counts RcvbufErrors and the "
        "socket's drops. UDP has no window: the sender goes on."
    ),
    actions=(
        Action(
            "now",
            "See whether the program can run: its CPU time, its throttling, one thread for all packets.",
            "None.",
            "ss -uamp",
        ),
        Action(
            "now",
            "Give the socket a larger buffer, in the program's settings and in net.core.rmem_max.",
            "Packets then wait longer; a program that is too slow on average still drops.",
            "sysctl -w net.core.rmem_max=8388608",
        ),
        Action(
            "for good",
            "Read with several threads (SO_REUSEPORT) or in batches (recvmmsg), or have less sent.",
            "Packets of one sender may be handled out of order.",
        ),
    ),
    cost="looking for the socket's process goes through all processes' open files once",
    see=("net/ipv4/udp.c", "man 7 udp"),
    test=_test,
)
