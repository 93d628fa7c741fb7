"""/proc/net/netstat: what Linux counts of TCP and IP beyond the standard, of this network namespace.

The form is that of /proc/net/snmp. Of some 150 counters these are the ones that tell causes apart.
"""

from typing import Annotated

import msgspec

from kernward.collectors.protocol_counters import counters
from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_INPUT = "net/ipv4/tcp_input.c"
_TIMER = "net/ipv4/tcp_timer.c"


class Netstat(msgspec.Struct, frozen=True):
    """A counter that a kernel does not have is None."""

    syn_cookies_sent: Annotated[
        int | None,
        counter(
            "segments",
            "answers with a SYN cookie: the queue of requests was full",
            "cookie_init_sequence() in include/net/tcp.h",
        ),
    ] = None
    syn_cookies_received: Annotated[
        int | None,
        counter(
            "connections", "completed with a valid SYN cookie", "cookie_v4_check() in net/ipv4/syncookies.c"
        ),
    ] = None
    syn_cookies_failed: Annotated[
        int | None,
        counter("segments", "with an invalid SYN cookie", "cookie_v4_check() in net/ipv4/syncookies.c"),
    ] = None
    request_queue_cookies: Annotated[
        int | None,
        counter(
            "requests",
            "met a full queue of requests and got a cookie",
            f"tcp_syn_flood_action() in {_INPUT}",
        ),
    ] = None
    request_queue_drops: Annotated[
        int | None,
        counter(
            "requests",
            "met a full queue of requests and were dropped",
            f"tcp_syn_flood_action() in {_INPUT}",
        ),
    ] = None
    listen_overflows: Annotated[
        int | None,
        counter(
            "connections",
            "dropped: nobody accepted, the listening socket's queue was full",
            "tcp_conn_request() in net/ipv4/tcp_input.c, tcp_v4_syn_recv_sock() in net/ipv4/tcp_ipv4.c",
        ),
    ] = None
    listen_drops: Annotated[
        int | None,
        counter(
            "connections",
            "dropped at a listening socket, whatever the reason",
            "tcp_listendrop() in include/net/tcp.h",
        ),
    ] = None
    syn_retransmits: Annotated[
        int | None,
        counter("segments", "SYN and SYN-ACK sent again", "tcp_retransmit_skb() in net/ipv4/tcp_output.c"),
    ] = None
    fast_retransmits: Annotated[
        int | None,
        counter("segments", "sent again after duplicate acknowledgements", f"tcp_retransmit_skb(), {_INPUT}"),
    ] = None
    slow_start_retransmits: Annotated[
        int | None,
        counter("segments", "sent again after a time-out", f"tcp_xmit_retransmit_queue(), {_INPUT}"),
    ] = None
    lost_retransmits: Annotated[
        int | None,
        counter("segments", "sent again and lost again", "tcp_mark_skb_lost() in net/ipv4/tcp_input.c"),
    ] = None
    timeouts: Annotated[
        int | None,
        counter(
            "", "times an acknowledgement did not come in time (RTO)", f"tcp_retransmit_timer() in {_TIMER}"
        ),
    ] = None
    spurious_timeouts: Annotated[
        int | None,
        counter(
            "",
            "time-outs after which the acknowledgement came: delay, not loss",
            f"tcp_process_frto(), {_INPUT}",
        ),
    ] = None
    loss_probes: Annotated[
        int | None,
        counter(
            "segments", "sent to find a loss at the end", "tcp_send_loss_probe() in net/ipv4/tcp_output.c"
        ),
    ] = None
    duplicates_acknowledged: Annotated[
        int | None,
        counter(
            "",
            "times the other end said that it had a segment twice: sent again needlessly (D-SACK)",
            f"tcp_check_dsack() in {_INPUT}",
        ),
    ] = None
    reorderings: Annotated[
        int | None,
        counter(
            "", "times packets were found to have overtaken others", f"tcp_check_sack_reordering(), {_INPUT}"
        ),
    ] = None
    out_of_order: Annotated[
        int | None, counter("segments", "came in out of order", f"tcp_data_queue_ofo() in {_INPUT}")
    ] = None
    data_segments_sent: Annotated[
        int | None,
        counter(
            "segments", "with data, not sent before", "tcp_event_new_data_sent() in net/ipv4/tcp_output.c"
        ),
    ] = None
    backlog_drops: Annotated[
        int | None,
        counter(
            "segments",
            "dropped: the socket was in use and its backlog full",
            "tcp_add_backlog() in net/ipv4/tcp_ipv4.c",
        ),
    ] = None
    receive_queue_drops: Annotated[
        int | None,
        counter("segments", "dropped: no memory to queue them", f"tcp_data_queue() in {_INPUT}"),
    ] = None
    zero_window_drops: Annotated[
        int | None,
        counter("segments", "dropped: we had said that we have no room", f"tcp_data_queue() in {_INPUT}"),
    ] = None
    out_of_order_drops: Annotated[
        int | None,
        counter("segments", "out of order and dropped: no memory", f"tcp_data_queue_ofo() in {_INPUT}"),
    ] = None
    prunes: Annotated[
        int | None,
        counter("", "times a receive queue was squeezed for want of room", f"tcp_prune_queue() in {_INPUT}"),
    ] = None
    receive_pruned: Annotated[
        int | None,
        counter("segments", "dropped: squeezing made no room", f"tcp_prune_queue() in {_INPUT}"),
    ] = None
    memory_pressures: Annotated[
        int | None,
        counter(
            "",
            "times all of TCP came to hold more than tcp_mem's middle value",
            "tcp_enter_memory_pressure() in net/ipv4/tcp.c",
        ),
    ] = None
    memory_pressure_ms: Annotated[
        int | None,
        counter("ms", "of that state, counted when it ends", "tcp_leave_memory_pressure() in net/ipv4/tcp.c"),
    ] = None
    aborts_on_memory: Annotated[
        int | None,
        counter("connections", "cut off: TCP is out of memory", f"tcp_out_of_resources() in {_TIMER}"),
    ] = None
    aborts_on_timeout: Annotated[
        int | None, counter("connections", "given up: no answer", f"tcp_write_err() in {_TIMER}")
    ] = None
    write_queue_too_big: Annotated[
        int | None,
        counter(
            "", "times a queue was too big to be sent in parts", "tcp_fragment() in net/ipv4/tcp_output.c"
        ),
    ] = None
    retransmit_failures: Annotated[
        int | None,
        counter(
            "segments",
            "that could not even be handed to the interface",
            "__tcp_retransmit_skb() in net/ipv4/tcp_output.c",
        ),
    ] = None
    time_wait_overflows: Annotated[
        int | None,
        counter(
            "connections",
            "not kept in TIME_WAIT: beyond tcp_max_tw_buckets",
            "tcp_time_wait() in net/ipv4/tcp_minisocks.c",
        ),
    ] = None
    reverse_path_drops: Annotated[
        int | None,
        counter(
            "packets",
            "dropped: came in where answers would not go out (rp_filter)",
            "fib_validate_source() in net/ipv4/fib_frontend.c",
        ),
    ] = None
    ip_bytes_received: Annotated[int | None, counter("bytes", "of IPv4 packets", "ip_rcv_core()")] = None
    ip_bytes_sent: Annotated[int | None, counter("bytes", "of IPv4 packets", "ip_output()")] = None
    ip_checksum_errors: Annotated[
        int | None, counter("packets", "dropped: wrong IP checksum", "ip_rcv_core() in net/ipv4/ip_input.c")
    ] = None
    ip_truncated: Annotated[
        int | None, counter("packets", "shorter than they say", "ip_rcv_core() in net/ipv4/ip_input.c")
    ] = None


WANTED = {
    "syn_cookies_sent": ("TcpExt", "SyncookiesSent"),
    "syn_cookies_received": ("TcpExt", "SyncookiesRecv"),
    "syn_cookies_failed": ("TcpExt", "SyncookiesFailed"),
    "request_queue_cookies": ("TcpExt", "TCPReqQFullDoCookies"),
    "request_queue_drops": ("TcpExt", "TCPReqQFullDrop"),
    "listen_overflows": ("TcpExt", "ListenOverflows"),
    "listen_drops": ("TcpExt", "ListenDrops"),
    "syn_retransmits": ("TcpExt", "TCPSynRetrans"),
    "fast_retransmits": ("TcpExt", "TCPFastRetrans"),
    "slow_start_retransmits": ("TcpExt", "TCPSlowStartRetrans"),
    "lost_retransmits": ("TcpExt", "TCPLostRetransmit"),
    "timeouts": ("TcpExt", "TCPTimeouts"),
    "spurious_timeouts": ("TcpExt", "TCPSpuriousRTOs"),
    "loss_probes": ("TcpExt", "TCPLossProbes"),
    "duplicates_acknowledged": ("TcpExt", "TCPDSACKRecv"),
    "reorderings": ("TcpExt", "TCPSACKReorder"),
    "out_of_order": ("TcpExt", "TCPOFOQueue"),
    "data_segments_sent": ("TcpExt", "TCPOrigDataSent"),
    "backlog_drops": ("TcpExt", "TCPBacklogDrop"),
    "receive_queue_drops": ("TcpExt", "TCPRcvQDrop"),
    "zero_window_drops": ("TcpExt", "TCPZeroWindowDrop"),
    "out_of_order_drops": ("TcpExt", "TCPOFODrop"),
    "prunes": ("TcpExt", "PruneCalled"),
    "receive_pruned": ("TcpExt", "RcvPruned"),
    "memory_pressures": ("TcpExt", "TCPMemoryPressures"),
    "memory_pressure_ms": ("TcpExt", "TCPMemoryPressuresChrono"),
    "aborts_on_memory": ("TcpExt", "TCPAbortOnMemory"),
    "aborts_on_timeout": ("TcpExt", "TCPAbortOnTimeout"),
    "write_queue_too_big": ("TcpExt", "TCPWqueueTooBig"),
    "retransmit_failures": ("TcpExt", "TCPRetransFail"),
    "time_wait_overflows": ("TcpExt", "TCPTimeWaitOverflow"),
    "reverse_path_drops": ("TcpExt", "IPReversePathFilter"),
    "ip_bytes_received": ("IpExt", "InOctets"),
    "ip_bytes_sent": ("IpExt", "OutOctets"),
    "ip_checksum_errors": ("IpExt", "InCsumErrors"),
    "ip_truncated": ("IpExt", "InTruncatedPkts"),
}
_PATH = "/proc/net/netstat"


def read(root: Root) -> Netstat:
    """The counters of TCP and IP."""
    found = counters(root.read(_PATH), WANTED)
    if not found:
        raise Unavailable(_PATH, "it holds no lines of names and values, such as 'TcpExt: … TCPTimeouts …'")
    return Netstat(**found)


SOURCE = Source(
    name="netstat",
    doc="Counters of Linux' TCP and IP beyond the standard, of the network namespace that is read.",
    files=(_PATH,),
    record=Netstat,
    read=read,
)
