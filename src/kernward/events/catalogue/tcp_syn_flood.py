"""A listening socket's queue of half-open connections is full."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="tcp-syn-flood",
    title="TCP: possible SYN flooding: {action}",
    class_="network",
    severity="warning",
    subsystem="tcp",
    patterns=(
        # With the address; in 6.12, not in 6.1.
        Pattern(
            literal="Possible SYN flooding on port ",
            regex=(
                r"TCP: (?P<protocol>\w+): Possible SYN flooding on port "
                r"(?P<address>\[[0-9a-f:.]+\]|\d+\.\d+\.\d+\.\d+):(?P<port>\d+)\. (?P<action>Sending "
                r"cookies|Dropping request)\."
            ),
            since="6.2",
            printed=("Possible SYN flooding on port %pI4:%u. %s.",),
        ),
        Pattern(
            literal="ossible SYN flooding on port ",
            regex=(
                r"(?:TCP: )?(?:(?P<protocol>\w+): )?[Pp]ossible SYN flooding on port (?P<port>\d+)\. "
                r"(?P<action>Sending cookies|Dropping request)\."
            ),
            until="6.1",
            printed=("Possible SYN flooding on port %d. %s.  Check SNMP counters.",),
        ),
    ),
    fields=(
        Field("protocol", "str", "TCP, request_sock_TCP or request_sock_TCPv6; subflow of MPTCP"),
        Field("address", "str", "local address, since 6.2"),
        Field("port", "int", "local port"),
        Field("action", "str", "Sending cookies or Dropping request"),
    ),
    key=(
        "action",
        "port",
    ),
    printed_by=("net/ipv4/tcp_input.c:tcp_syn_flood_action",),
    meaning=(
        "More connection requests arrived than the listener's backlog holds. With syncookies the "
        "handshake goes on without state, losing some TCP options; without them requests are "
        "dropped and clients see timeouts of one second and more. It is printed once per "
        "listener. In most cases it is not an attack but a burst of clients (after a failover or "
        "restart) and a process that accepts too slowly or with a small listen() backlog."
    ),
    next_steps=(
        "ss -ltn sport = :PORT: Recv-Q (waiting) against Send-Q (backlog)",
        "nstat -az | grep -E 'ListenOverflows|ListenDrops|TCPReqQFull|Syncookies'",
        ("sysctl net.core.somaxconn, net.ipv4.tcp_max_syn_backlog, and the application's own backlog"),
        "Does the process accept() fast enough: its CPU limit, garbage collection, locks",
        "Few sources or random ones: ss -tan state syn-recv | sort | uniq -c",
    ),
    confused_with=("conntrack-table-full: a flood may fill the tracking table first",),
    example=(
        "[50011.410001] TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8443. Sending cookies."
    ),
    near_miss=(
        "[50011.410001] TCP: eth0: Driver has suspect GRO implementation, TCP performance may be compromised."
    ),
)
