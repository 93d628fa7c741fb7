"""A TCP peer took back a part of the window that it had offered."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="tcp-shrunk-window",
    title="TCP: peer shrunk its window",
    class_="state",
    severity="info",
    subsystem="tcp",
    patterns=(
        Pattern(
            literal="unexpectedly shrunk window",
            regex=(
                r"TCP: [Pp]eer (?P<peer>[0-9a-f:.]+?)[:/](?P<peer_port>\d+)/(?P<port>\d+) unexpectedly "
                "shrunk window"
            ),
            until="6.1",
            printed=("unexpectedly shrunk window %u:%u (repaired)",),
        ),
        Pattern(
            literal="Treason uncloaked!",
            regex=(
                r"TCP: Treason uncloaked! Peer (?P<peer>[0-9a-f:.]+?):(?P<peer_port>\d+)/(?P<port>\d+) "
                "shrinks window"
            ),
            until="3.0",
        ),
    ),
    fields=(
        Field("peer", "str", "peer's address"),
        Field("peer_port", "int", "peer's port"),
        Field("port", "int", "local port"),
    ),
    printed_by=("net/ipv4/tcp_timer.c:tcp_retransmit_timer",),
    meaning=(
        "The other side offered a receive window, this side sent into it, and then the offer was "
        "withdrawn. RFC 9293 discourages that but demands that it be borne; the kernel goes on. "
        "It comes from peers under memory pressure and from devices with odd TCP stacks, and was "
        "feared as a way to hold memory here."
    ),
    next_steps=(
        "Always the same peers: what are they",
        "ss -tan state fin-wait-1: connections that do not end",
        "Nothing to do while connections work",
    ),
    confused_with=("tcp-out-of-memory: when many such connections hold memory",),
    example=(
        "[51011.120010] TCP: Peer 192.0.2.77:51944/443 unexpectedly shrunk window "
        "2861077211:2861078659 (repaired)"
    ),
    near_miss="[51011.120010] TCP: Peer MD5 hash mismatch",
)
