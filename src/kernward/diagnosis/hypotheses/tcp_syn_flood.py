"""More connection requests come than a listening socket keeps, and nobody completes them."""

from collections import Counter
from collections.abc import Iterator

from kernward.collectors import tcp_diag
from kernward.collectors.sources import net_limits, netstat, snmp, tcp_connections, tcp_listeners
from kernward.collectors.sources.tcp_listeners import TcpListener
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
from kernward.diagnosis.network import event_evidence, events, owner, whose
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence

KIND = "tcp-syn-flood"
REQUESTS = Threshold(
    "requests that met a full queue, a second",
    1.0,
    "1/s",
    "a queue of requests holds as many as listen() asked for, and a client completes its own within a round trip: "
    "a full one every second is no accident",
)
COMPLETED = Threshold(
    "connections completed for each of those requests",
    0.5,
    "",
    "real clients complete their handshake, also with a SYN cookie: where half of them do it is a burst of clients "
    "and the queue is too short",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    counted = window.over(netstat.SOURCE)
    if counted is None or counted.request_queue_cookies is None and counted.request_queue_drops is None:
        yield Unknown(
            reason="requests that met a full queue are not counted: "
            + (window.why_absent(netstat.SOURCE) or "/proc/net/netstat has no TCPReqQFullDoCookies")
        )
        return
    cookies, drops = counted.request_queue_cookies or 0, counted.request_queue_drops or 0
    met = cookies + drops
    recent = events(view, KIND)
    rate = view.per_second(netstat.SOURCE, met)
    evidence = [_met(view, counted.request_queue_cookies, counted.request_queue_drops)]
    if window.since_boot:
        if recent:
            evidence.append(event_evidence(view, KIND, recent[-1]))
            yield _confirmed(view, evidence, met, 0.6, drops > 0, port=_number(recent[-1].fields.get("port")))
        elif met:
            yield Unknown(reason=f"{met} requests met a full queue since boot, and nothing tells when")
        else:
            yield Refuted(reason="no request met a full queue since boot", evidence=tuple(evidence))
        return
    if rate < REQUESTS.value:
        yield Refuted(reason=f"{met} requests met a full queue of requests", evidence=tuple(evidence))
        return
    opened = getattr(window.over(snmp.SOURCE), "tcp_passive_opens", None) or 0
    if opened >= COMPLETED.value * met:
        yield Refuted(
            reason=f"{met} requests met a full queue, and {opened} connections were completed: clients, no flood",
            evidence=tuple(evidence),
        )
        return
    limits = window.of(net_limits.SOURCE)
    if limits is not None and limits.syn_cookies == 2:
        evidence.append(
            view.evidence(
                net_limits.SOURCE,
                "syn_cookies",
                2,
                change=False,
                says="cookies are sent whether or not a queue is full",
            )
        )
    halves = _half_open(view)
    port = _number(recent[-1].fields.get("port")) if recent else None
    if port is None and halves:
        port = halves.most_common(1)[0][0]
    listener = _listener(view, port)
    if recent:
        evidence.append(event_evidence(view, KIND, recent[-1]))
    question = whose(
        view, (listener.inode if listener else None,), 0.9, "a port is flooded with requests; whose is it"
    )
    if question is not None:
        yield question
        return
    yield _confirmed(view, evidence, met, 0.95 if port is not None else 0.85, drops > 0, port=port)


def _number(value: object) -> int | None:
    """A port, as the log's reader gives it."""
    text = str(value)
    return int(text) if text.isdigit() and len(text) < 6 else None


def _half_open(view: View) -> Counter[int]:
    """Requests that are kept now, by port; over all samples, since they come and go."""
    found: Counter[int] = Counter()
    for sample in view.window.samples:
        for each in sample.each(tcp_connections.SOURCE).values():
            if each.state in (tcp_diag.SYN_RECEIVED, tcp_diag.NEW_SYN_RECEIVED) and each.local_port:
                found[each.local_port] += 1
    return found


def _listener(view: View, port: int | None) -> TcpListener | None:
    listeners = view.window.each(tcp_listeners.SOURCE).values()
    return next((each for each in listeners if port is not None and each.port == port), None)


def _met(view: View, cookies: int | None, drops: int | None) -> Evidence:
    if drops:
        return view.evidence(
            netstat.SOURCE, "request_queue_drops", drops, says="requests met a full queue and were dropped"
        )
    return view.evidence(
        netstat.SOURCE,
        "request_queue_cookies",
        cookies or 0,
        says="requests met a full queue and were answered with a SYN cookie",
    )


def _confirmed(
    view: View, evidence: list[Evidence], met: int, sure: float, dropped: bool, *, port: int | None
) -> Confirmed:
    listener = _listener(view, port)
    scope = (owner(view, listener.inode) if listener else None) or HOST
    halves = _half_open(view)
    if port is not None and halves[port]:
        evidence.append(
            view.evidence(
                tcp_connections.SOURCE,
                "state",
                halves[port] // len(view.window.samples) or 1,
                unit="requests",
                scope=scope,
                change=False,
                says=f"requests to port {port} are kept that nobody completed (SYN_RECV)",
            )
        )
    to = "a listening socket" if port is None else f"port {port}"
    rate = "" if view.window.since_boot else f" ({view.per_second(netstat.SOURCE, met):,.0f} a second)"
    does = (
        "drops them, so that clients are refused with them"
        if dropped
        else "answers with SYN cookies: clients still get in, without window scaling and selective acknowledgement "
        "where they have no timestamps"
    )
    return Confirmed(
        scope=scope,
        confidence=sure,
        impact=0.9 if dropped else 0.6,
        mechanism=(
            f"{met:,} connection requests to {to} met a full queue of requests{rate} and nobody completes them; "
            f"tcp_syn_flood_action() {does}."
        ),
        evidence=tuple(evidence),
        chain=(
            "requests come that nobody completes, from invented or unreachable addresses",
            "the queue of requests is full",
            "the kernel drops requests" if dropped else "the kernel answers with SYN cookies",
            "new connections are slow or fail",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="tcp-syn-flood",
    title="A port is flooded with connection requests",
    group="network",
    claim="Requests come to a listening socket faster than it keeps them, and are not completed.",
    signals=(
        Signal("netstat.request_queue_cookies", "grows: a request met a full queue and got a cookie"),
        Signal("netstat.request_queue_drops", "grows: it met a full queue and was dropped"),
        Signal("snmp.tcp_passive_opens", "grows as well: these are clients, no flood"),
        Signal("tcp_connections.state", "many of one port in SYN_RECV: which port it is"),
    ),
    thresholds=(REQUESTS, COMPLETED),
    rivals=(
        Rival(
            "listen-queue-overflow",
            "there connections are completed and nobody accepts them: ListenOverflows",
        ),
        Rival("packet-loss", "there answers get lost on the way; requests are not many"),
    ),
    explains=("packet-loss", "packet-drops", "softnet-squeeze"),
    mechanism=(
        "tcp_conn_request() in net/ipv4/tcp_input.c finds inet_csk_reqsk_queue_is_full(): as many requests wait for "
        "their last acknowledgement as listen() allowed. tcp_syn_flood_action() then either has a cookie sent, which "
        "needs no memory, or drops the request (net.ipv4.tcp_syncookies=0), and prints it once for each socket."
    ),
    actions=(
        Action(
            "now",
            "See who asks: addresses of the half-open connections; block or rate-limit them before they reach the host.",
            "A rule that is too broad locks out clients.",
            "ss -tn state syn-recv sport = :443",
        ),
        Action(
            "now",
            "Keep SYN cookies on.",
            "None; connections with cookies lack window scaling where clients send no timestamps.",
            "sysctl -w net.ipv4.tcp_syncookies=1",
        ),
        Action(
            "for good",
            "Raise the program's listen() backlog with net.core.somaxconn, and filter floods upstream.",
            "More memory for requests.",
        ),
    ),
    kinds=(KIND,),
    see=("net/ipv4/tcp_input.c", "Documentation/networking/ip-sysctl.rst (tcp_syncookies)"),
    test=_test,
)
