"""All of TCP holds more memory than tcp_mem allows."""

from collections.abc import Iterator

from kernward.collectors.sources import net_limits, netstat, sockstat, tcp_connections
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
from kernward.records.check import Action, Scope

KIND = "tcp-out-of-memory"
PRESSURE = Threshold(
    "pages held for each page of tcp_mem's middle value",
    1.0,
    "",
    "__sk_mem_raise_allocated() enters the state of pressure at exactly this value and leaves it below tcp_mem's first",
)
MOST_OF_IT = Threshold(
    "part of the known buffers that one process holds",
    0.5,
    "",
    "with half of all it is the one whose reading or sending less would end the pressure",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    held, limits = window.of(sockstat.SOURCE), window.of(net_limits.SOURCE)
    if held is None or held.tcp_memory_pages is None:
        yield Unknown(
            reason=window.why_absent(sockstat.SOURCE) or "TCP's memory is not in /proc/net/sockstat"
        )
        return
    if limits is None or not limits.tcp_memory_pressure_pages or not limits.tcp_memory_most_pages:
        yield Unknown(
            reason=f"TCP holds {held.tcp_memory_pages} pages, and its limits (tcp_mem) cannot be read: "
            + (window.why_absent(net_limits.SOURCE) or "tcp_mem holds no three numbers")
        )
        return
    pages, at, most = (
        held.tcp_memory_pages,
        limits.tcp_memory_pressure_pages,
        limits.tcp_memory_most_pages,
    )
    above = [
        (each.tcp_memory_pages or 0) >= PRESSURE.value * at
        for sample in window.samples
        if (each := sample.of(sockstat.SOURCE)) is not None
    ]
    over = window.over(netstat.SOURCE)
    entered = 0 if over is None or window.since_boot else over.memory_pressures or 0
    aborted = 0 if over is None or window.since_boot else over.aborts_on_memory or 0
    recent = events(view, KIND)
    evidence = [
        view.evidence(
            sockstat.SOURCE,
            "tcp_memory_pages",
            pages,
            change=False,
            says=f"TCP's buffers hold so much; tcp_mem: pressure at {at}, at most {most}",
        )
    ]
    lasting = sum(above) * 2 >= len(above) and above[-1]
    if not lasting and not entered and not aborted:
        yield Refuted(
            reason=f"TCP's buffers hold {pages} pages, pressure begins at {at}", evidence=tuple(evidence)
        )
        return
    connections = window.each(tcp_connections.SOURCE)
    holding: dict[int, int] = {}
    for connection in connections.values():
        if connection.inode:
            bytes_held = max(
                connection.memory_bytes or 0,
                (connection.receive_queue_bytes or 0) + (connection.send_queue_bytes or 0),
            )
            holding[connection.inode] = holding.get(connection.inode, 0) + bytes_held
    largest = sorted(holding, key=lambda inode: -holding[inode])[:16]
    question = whose(view, largest, 0.9, "TCP's buffers are beyond their limit; who fills them")
    if question is not None:
        yield question
        return
    by_process: dict[Scope, int] = {}
    for inode in largest:
        whom = owner(view, inode)
        if whom is not None:
            by_process[whom] = by_process.get(whom, 0) + holding[inode]
    total = sum(holding[inode] for inode in largest)
    scope = max(by_process, key=lambda each: by_process[each], default=HOST)
    if scope is not HOST and by_process[scope] < MOST_OF_IT.value * total:
        scope = HOST
    if scope is not HOST:
        evidence.append(
            view.evidence(
                tcp_connections.SOURCE,
                "memory_bytes",
                by_process[scope],
                scope=scope,
                change=False,
                says=f"held by the connections of {scope.name} that hold most, {by_process[scope] / total:.0%} of what "
                "the largest hold",
            )
        )
    if recent:
        evidence.append(event_evidence(view, KIND, recent[-1]))
    for field, number, says in (
        ("memory_pressures", entered, "times TCP entered the state of pressure"),
        ("aborts_on_memory", aborted, "connections were cut off for want of memory"),
    ):
        if number:
            evidence.append(view.evidence(netstat.SOURCE, field, number, says=says))
    beyond = pages >= most
    yield Confirmed(
        scope=scope,
        confidence=0.95 if beyond and lasting else 0.9 if lasting else 0.75,
        impact=0.9 if beyond else 0.6,
        mechanism=(
            f"TCP's buffers hold {pages} pages; tcp_mem puts TCP under pressure at {at} and allows {most}. "
            + (
                "__sk_mem_raise_allocated() refuses: what comes in is dropped, sockets without an owner are cut off, "
                "senders wait."
                if beyond
                else "tcp_enter_memory_pressure(): windows shrink, receive queues are squeezed and their segments dropped."
            )
            + (f" {scope.name} holds most of it." if scope is not HOST else "")
        ),
        evidence=tuple(evidence),
        chain=(
            "data lies in sockets that nobody reads, or that cannot be sent",
            "all of TCP holds more than tcp_mem allows",
            "the kernel shrinks windows, drops segments and cuts connections off",
            "every connection of the machine slows down",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="tcp-memory-pressure",
    title="TCP's buffers are at their limit",
    group="network",
    claim="The buffers of all TCP connections hold more than net.ipv4.tcp_mem allows.",
    signals=(
        Signal("sockstat.tcp_memory_pages", "above net_limits.tcp_memory_pressure_pages: pressure"),
        Signal("netstat.memory_pressures", "grows: the state was entered in the window"),
        Signal("netstat.aborts_on_memory", "grows: connections are cut off"),
        Signal("tcp_connections.memory_bytes", "whose connections hold it"),
    ),
    thresholds=(PRESSURE, MOST_OF_IT),
    rivals=(
        Rival("host-memory-exhausted", "there the machine has no memory left; here TCP has its own limit"),
        Rival("packet-loss", "there segments are lost on the way; here this machine drops them itself"),
        Rival("socket-buffer-limit", "there one socket's buffer is full, far below the limit of all"),
    ),
    explains=("packet-loss", "packet-drops", "packet-delay"),
    mechanism=(
        "__sk_mem_raise_allocated() in net/core/sock.c charges each page of a socket's buffers to tcp_memory_allocated. "
        "Above tcp_mem's middle value tcp_enter_memory_pressure() has buffers stop growing and receive queues pruned "
        "(tcp_prune_queue()); above its last one memory is refused, and tcp_check_oom() in net/ipv4/tcp.c resets "
        "sockets that no process has any more."
    ),
    actions=(
        Action(
            "now",
            "See which connections hold it, and why their program does not read or their peer does not take it.",
            "None.",
            "ss -tmp | sort -k2 -n | tail",
        ),
        Action(
            "now",
            "Raise tcp_mem if the machine has the memory.",
            "What TCP holds cannot be reclaimed or swapped.",
            "sysctl -w net.ipv4.tcp_mem='LOW PRESSURE MOST'",
        ),
        Action(
            "for good",
            "Bound the number of connections and the buffers of each (tcp_rmem, tcp_wmem), and have programs read or "
            "close what they have open.",
            "Small buffers limit throughput over long distances.",
        ),
    ),
    kinds=(KIND,),
    cost="looking for the sockets' processes goes through all processes' open files once",
    see=("net/core/sock.c", "Documentation/networking/ip-sysctl.rst (tcp_mem)"),
    test=_test,
)
