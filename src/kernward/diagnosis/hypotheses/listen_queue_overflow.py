"""A server does not accept its connections as fast as they come."""

from collections.abc import Iterator, Mapping

from kernward.collectors.sources import net_limits, net_namespaces, netstat, snmp, tcp_listeners
from kernward.collectors.sources.tcp_listeners import TcpListener
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

OVERFLOWS = Threshold(
    "connections dropped for a full queue",
    1.0,
    "connections",
    "each of them is a client that waits a second before it asks again, and longer each further time: a healthy "
    "server drops none",
)
SHARE = Threshold(
    "dropped connections for each accepted one",
    0.01,
    "",
    "a single burst that overflowed once in thousands of connections is over; one in a hundred is a lasting shortage",
)


def _test(view: View) -> Iterator[Verdict]:
    yield from network.in_containers_and_here(_elsewhere(view), _here(view))


def _elsewhere(view: View) -> Iterator[Confirmed]:
    """Containers in which connections are dropped for a full queue."""
    for name, (scope, each) in network.elsewhere(view).items():
        dropped, accepted = each.listen_overflows or 0, each.tcp_passive_opens or 0
        steps = growing_steps(view, net_namespaces.SOURCE, name, "listen_overflows")
        if dropped < OVERFLOWS.value or dropped < SHARE.value * accepted or steps < 2:
            continue
        share = dropped / (dropped + accepted)
        yield Confirmed(
            scope=scope,
            confidence=0.75,
            impact=max(share, 0.6),
            mechanism=(
                f"In the network namespace of {scope.name} {dropped} connections were dropped for a full queue and "
                f"{accepted} accepted: tcp_conn_request() finds sk_acceptq_is_full(), because a program there, most "
                "likely this one, does not accept in time. The client asks again after 1, 3, 7 … seconds."
            ),
            evidence=(
                view.evidence(
                    net_namespaces.SOURCE,
                    "listen_overflows",
                    dropped,
                    scope=scope,
                    says=f"connections were dropped for a full queue in {name}",
                    file=f"/proc/{each.pid}/net/netstat",
                ),
            ),
            chain=_CHAIN,
        )


def _here(view: View) -> Iterator[Verdict]:
    window = view.window
    counted = window.over(netstat.SOURCE)
    overflows = None if counted is None else counted.listen_overflows
    listeners = window.each(tcp_listeners.SOURCE)
    unread = window.why_absent(tcp_listeners.SOURCE)
    if overflows is None and unread is not None:
        reason = window.why_absent(netstat.SOURCE) or "ListenOverflows is not among its counters"
        yield Unknown(reason=f"/proc/net/netstat: {reason}; listening sockets: {unread}")
        return
    ever = getattr(window.of(netstat.SOURCE), "listen_overflows", None)
    stuck = {name: each for name, each in listeners.items() if _full(each) and _waits_on(view, name)}
    suspects = stuck or (_suspects(view, listeners) if overflows and not window.since_boot else {})
    if window.since_boot and not stuck:
        if overflows:
            yield Unknown(
                reason=f"{overflows} connections were dropped for a full queue since boot, and nothing tells when; no "
                "queue is full now"
            )
        else:
            yield Refuted(
                reason=f"no queue is full, and {overflows or 0} connections were dropped since boot"
            )
        return
    # Without sock_diag nothing tells how long a queue may be: one that only fills, on a machine that dropped
    # connections for a full one, is full.
    if not suspects and ever:
        suspects = {
            name: each
            for name, each in listeners.items()
            if each.most_waiting is None and (each.waiting or 0) > 0 and _waits_on(view, name)
        }
    if not suspects and (overflows or 0) < OVERFLOWS.value:
        longest = max(listeners.items(), key=lambda each: each[1].waiting or 0, default=None)
        where = "" if longest is None else f"; the longest queue, of {longest[0]}, holds {longest[1].waiting}"
        yield Refuted(
            reason=f"no connection was dropped for a full queue{where}",
            evidence=(_overflows(view, overflows),) if overflows is not None else (),
        )
        return
    accepted = getattr(window.over(snmp.SOURCE), "tcp_passive_opens", None) or 0
    dropped = overflows or 0
    if not stuck and dropped and dropped < SHARE.value * accepted and _bursts(view) < 2:
        yield Refuted(
            reason=f"a burst overflowed a queue by {dropped} connections, {accepted} were accepted",
            evidence=(_overflows(view, dropped),),
        )
        return
    question = whose(
        view, (each.inode for each in suspects.values()), 0.9, "a queue of connections overflows; whose is it"
    )
    if question is not None:
        yield question
        return
    share = dropped / (dropped + accepted) if dropped + accepted else 0.0
    if not suspects:
        yield _confirmed(view, None, None, dropped, share, sure=0.7)
        return
    worst = sorted(suspects.items(), key=lambda each: -(each[1].waiting or 0))[:4]
    for name, listener in worst:
        sure = 0.95 if dropped and _full(listener) else 0.85 if ever else 0.75
        # Who meets a queue that is always full waits a second at least for what takes milliseconds.
        lost = (
            1.0
            if name in stuck or listener.most_waiting is None
            else max(share, 0.6 if _full(listener) else 0.3)
        )
        yield _confirmed(view, name, listener, dropped, lost, sure=sure)


def _full(listener: TcpListener) -> bool:
    """sk_acceptq_is_full() in include/net/sock.h: more wait than may."""
    return listener.most_waiting is not None and (listener.waiting or 0) > listener.most_waiting


def _waits_on(view: View, name: str) -> bool:
    """Whether no connection was taken out of the queue: it never got shorter."""
    lengths = [
        each.waiting or 0
        for sample in view.window.samples
        if (each := sample.each(tcp_listeners.SOURCE).get(name)) is not None
    ]
    return all(after >= before for before, after in zip(lengths, lengths[1:], strict=False))


def _suspects(view: View, listeners: Mapping[str, TcpListener]) -> dict[str, TcpListener]:
    """The sockets that dropped something; the kernel's count of a socket's drops is for any reason."""
    grown = view.window.each_over(tcp_listeners.SOURCE)
    return {
        name: each
        for name, each in listeners.items()
        if (getattr(grown.get(name), "drops", None) or 0) > 0 or _full(each)
    }


def _bursts(view: View) -> int:
    return growing_steps(view, netstat.SOURCE, None, "listen_overflows")


def _overflows(view: View, number: int) -> Evidence:
    return view.evidence(
        netstat.SOURCE,
        "listen_overflows",
        number,
        says="connections dropped: the listening socket's queue was full",
    )


def _confirmed(
    view: View, name: str | None, listener: TcpListener | None, dropped: int, lost: float, *, sure: float
) -> Confirmed:
    scope = (owner(view, listener.inode) if listener is not None else None) or HOST
    evidence = [_overflows(view, dropped)]
    ever = getattr(view.window.of(netstat.SOURCE), "listen_overflows", None)
    waiting = ""
    if listener is not None:
        most = listener.most_waiting
        of = "" if most is None else f" of at most {most + 1}"
        waiting = f" {listener.waiting}{of} connections to {name} wait to be accepted."
        evidence.append(
            view.evidence(
                tcp_listeners.SOURCE,
                "waiting",
                listener.waiting or 0,
                scope=scope,
                change=False,
                says=f"connections to {name} that the program has not accepted{of}",
            )
        )
        limits = view.window.of(net_limits.SOURCE)
        if (
            limits is not None
            and limits.listen_backlog_most is not None
            and most == limits.listen_backlog_most
        ):
            evidence.append(
                view.evidence(
                    net_limits.SOURCE,
                    "listen_backlog_most",
                    limits.listen_backlog_most,
                    change=False,
                    says="the program may have asked for more: net.core.somaxconn is what limits it",
                    file="/proc/sys/net/core/somaxconn",
                )
            )
    whom = (
        f"{scope.name} does not accept them"
        if scope.kind == "process"
        else "the program does not accept them"
    )
    number = (
        f"{dropped} were dropped in the window:"
        if dropped
        else f"None asked in the window, {ever} were dropped before:"
        if ever
        else "The next one is dropped:"
    )
    return Confirmed(
        scope=scope,
        confidence=sure,
        impact=lost,
        mechanism=(
            f"{waiting} {number} tcp_conn_request() finds sk_acceptq_is_full(), counts ListenOverflows and drops what "
            f"comes, because {whom} in time. The client asks again after 1, 3, 7 … seconds."
        ).strip(),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


_CHAIN = (
    "the program accepts too slowly, or not at all",
    "its queue of completed connections is full",
    "the kernel drops further requests without a word",
    "clients wait for seconds, or time out",
)

HYPOTHESIS = Hypothesis(
    id="listen-queue-overflow",
    title="A server's queue of connections is full",
    group="network",
    claim="A program does not accept its TCP connections, so that the kernel drops new ones.",
    signals=(
        Signal("netstat.listen_overflows", "grows: connections are dropped for a full queue"),
        Signal("tcp_listeners.waiting", "above its limit and never shorter: nobody accepts"),
        Signal("tcp_listeners.drops", "which socket dropped them"),
        Signal("net_namespaces.listen_overflows", "grows: in which container"),
        Signal("snmp.tcp_passive_opens", "how many were accepted meanwhile"),
    ),
    thresholds=(OVERFLOWS, SHARE),
    rivals=(
        Rival(
            "tcp-syn-flood",
            "there requests are never completed and SYN cookies are sent; here clients answer",
        ),
        Rival("packet-loss", "there segments of established connections are sent again as well"),
        Rival("conntrack-table-full", "there the firewall drops new connections to all ports"),
    ),
    explains=("packet-loss", "packet-drops", "tcp-syn-flood"),
    mechanism=(
        "A connection that was established waits in its listening socket's queue until accept() takes it. "
        "sk_acceptq_is_full() compares the queue with listen()'s backlog, at most net.core.somaxconn; beyond it "
        "tcp_conn_request() in net/ipv4/tcp_input.c drops SYNs and tcp_v4_syn_recv_sock() in net/ipv4/tcp_ipv4.c the "
        "last ACK. Nothing is sent to the client and nothing printed."
    ),
    actions=(
        Action(
            "now",
            "See why the program does not accept: its stack, its threads, its own limits (workers, files, a lock).",
            "None.",
            "ss -ltnp; cat /proc/PID/stack /proc/PID/wchan",
        ),
        Action(
            "now",
            "If it hangs, restart it or take it out of the load balancer.",
            "Connections that it holds are cut.",
        ),
        Action(
            "for good",
            "If it only meets bursts, raise its backlog and net.core.somaxconn together; if it is too slow, give it "
            "more workers or machines.",
            "A longer queue makes clients wait instead of fail, beyond their own time-outs uselessly.",
            "sysctl -w net.core.somaxconn=4096",
        ),
    ),
    cost="looking for the socket's process goes through all processes' open files once",
    see=("net/ipv4/tcp_input.c", "Documentation/networking/ip-sysctl.rst (somaxconn)", "man 2 listen"),
    test=_test,
)
