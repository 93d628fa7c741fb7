"""Queues, tables, ports and buffers of connections that are full, and links that go down or damage packets."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kernward.collectors.sources import (
    conntrack,
    links,
    neighbour_tables,
    neighbours,
    net_dev,
    net_limits,
    net_namespaces,
    netstat,
    snmp,
    snmp6,
    socket_owners,
    sockstat,
    tcp_connections,
    tcp_destinations,
    tcp_listeners,
    udp_sockets,
    uptime,
)
from kernward.collectors.sources.conntrack import Conntrack
from kernward.collectors.sources.links import Link
from kernward.collectors.sources.neighbour_tables import NeighbourTable
from kernward.collectors.sources.neighbours import Neighbours
from kernward.collectors.sources.net_dev import NetDev
from kernward.collectors.sources.net_limits import NetLimits
from kernward.collectors.sources.net_namespaces import NetNamespace
from kernward.collectors.sources.netstat import Netstat
from kernward.collectors.sources.snmp import Snmp
from kernward.collectors.sources.snmp6 import Snmp6
from kernward.collectors.sources.socket_owners import SocketOwner
from kernward.collectors.sources.sockstat import Sockstat
from kernward.collectors.sources.tcp_connections import TcpConnection
from kernward.collectors.sources.tcp_destinations import TcpDestination
from kernward.collectors.sources.tcp_listeners import TcpListener
from kernward.collectors.sources.udp_sockets import UdpSocket
from kernward.collectors.sources.uptime import Uptime
from kernward.diagnosis.hypotheses import (
    conntrack_table_full,
    ephemeral_ports_exhausted,
    link_errors,
    link_flapping,
    listen_queue_overflow,
    neighbour_table_full,
    socket_buffer_limit,
    tcp_memory_pressure,
    tcp_syn_flood,
)
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from kernward.records.check import Scope
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import Reading, confirmed, verdict, verdicts, view

LISTEN = listen_queue_overflow.HYPOTHESIS
FLOOD = tcp_syn_flood.HYPOTHESIS
TRACKED = conntrack_table_full.HYPOTHESIS
NEIGHBOURS = neighbour_table_full.HYPOTHESIS
PORTS = ephemeral_ports_exhausted.HYPOTHESIS
MEMORY = tcp_memory_pressure.HYPOTHESIS
BUFFER = socket_buffer_limit.HYPOTHESIS
ERRORS = link_errors.HYPOTHESIS
FLAPPING = link_flapping.HYPOTHESIS
SECONDS = 6
NGINX = Scope("process", "nginx[812]")
OWNED = {"70": SocketOwner(812, "nginx"), "71": SocketOwner(900, "proxy")}


def readings(each: Callable[[int], Reading], *, owners: Mapping[str, SocketOwner] = OWNED) -> list[Reading]:
    """A reading a second; whose the sockets are is known."""
    return [{**each(second), socket_owners.SOURCE: owners} for second in range(SECONDS)]


# listen-queue-overflow


def listening(
    overflows: int, waiting: int, most: int | None = 128, *, accepted: int = 0, takes: int = 0, drops: int = 0
) -> Callable[[int], Reading]:
    """A socket in whose queue so many wait; `takes` is how much shorter it gets every other second."""
    return lambda second: {
        netstat.SOURCE: Netstat(listen_overflows=10 + overflows * second),
        snmp.SOURCE: Snmp(tcp_passive_opens=accepted * second),
        tcp_listeners.SOURCE: {
            "0.0.0.0:80": TcpListener(80, waiting - takes * (second % 2), most, drops * second, 70),
            "0.0.0.0:22": TcpListener(22, 0, 128, 0, 71),
        },
    }


def test_a_server_that_does_not_accept_is_named_by_its_process() -> None:
    found = confirmed(LISTEN, view(*readings(listening(5, waiting=129, drops=5))))
    assert found.scope == NGINX
    assert found.impact == 1.0
    assert found.confidence > 0.9


def test_a_full_queue_counts_while_clients_wait_to_ask_again() -> None:
    found = confirmed(LISTEN, view(*readings(listening(0, waiting=129))))
    assert found.scope == NGINX
    assert found.confidence < 0.9


def test_whose_the_socket_is_gets_asked_first() -> None:
    without = [
        {source: records for source, records in each.items() if source is not socket_owners.SOURCE}
        for each in readings(listening(5, waiting=129, drops=5))
    ]
    said = verdict(LISTEN, view(*without, final=False))
    assert isinstance(said, Open)
    assert said.sources == (("socket_owners", ("70",)),)


def test_a_server_that_accepts_more_slowly_than_clients_come_is_named() -> None:
    found = confirmed(LISTEN, view(*readings(listening(20, waiting=129, takes=40, accepted=100, drops=20))))
    assert found.scope == NGINX
    assert found.impact < 1.0


def test_a_queue_that_fills_and_is_emptied_is_healthy() -> None:
    said = verdict(LISTEN, view(*readings(listening(0, waiting=100, takes=90, accepted=2000))))
    assert isinstance(said, Refuted)


def test_a_single_burst_among_thousands_of_connections_is_healthy() -> None:
    def burst(second: int) -> Reading:
        calm = listening(0, waiting=3, takes=3, accepted=3000)(second)
        return {**calm, netstat.SOURCE: Netstat(listen_overflows=10 if second < 3 else 14)}

    assert isinstance(verdict(LISTEN, view(*readings(burst))), Refuted)


def test_without_sock_diag_a_queue_that_only_fills_is_the_full_one() -> None:
    found = confirmed(LISTEN, view(*readings(listening(3, waiting=9, most=None))))
    assert found.scope == NGINX


def test_overflows_since_boot_are_not_of_now() -> None:
    assert isinstance(verdict(LISTEN, view(listening(1, waiting=0)(1))), Unknown)


def container(**rates: int) -> Callable[[int], Reading]:
    """A machine on which all is well, and a container in which these counters grow."""
    return lambda second: {
        **listening(0, waiting=0, accepted=50)(second),
        **datagrams(0, 100)(second),
        net_namespaces.SOURCE: {
            "net:[4026532201]": NetNamespace(
                pid=5120,
                name="redis",
                processes=3,
                **{name: 40 + rate * second for name, rate in rates.items()},
            )
        },
    }


def test_a_container_that_does_not_accept_is_named_by_its_process() -> None:
    found = confirmed(LISTEN, view(*readings(container(listen_overflows=7, tcp_passive_opens=20))))
    assert found.scope == Scope("process", "redis[5120]")


def test_a_container_that_accepts_its_connections_is_healthy() -> None:
    said = verdict(LISTEN, view(*readings(container(listen_overflows=0, tcp_passive_opens=20))))
    assert isinstance(said, Refuted)


# tcp-syn-flood


def flooded(
    cookies: int, completed: int, *, waiting: int = 0, half_open: int = 8
) -> Callable[[int], Reading]:
    return lambda second: {
        netstat.SOURCE: Netstat(
            request_queue_cookies=cookies * second, request_queue_drops=0, listen_overflows=0
        ),
        snmp.SOURCE: Snmp(tcp_passive_opens=completed * second),
        tcp_listeners.SOURCE: {
            "0.0.0.0:80": TcpListener(80, waiting, 8, 0, 70),
            "0.0.0.0:22": TcpListener(22, 0, 128, 0, 71),
        },
        tcp_connections.SOURCE: {
            f"10.0.0.1:80 > 198.51.100.{number}:4000": TcpConnection(
                cookie=number, inode=0, state=3, local_port=80
            )
            for number in range(half_open)
        },
    }


def test_a_flood_is_named_by_the_process_whose_port_it_is() -> None:
    found = confirmed(FLOOD, view(*readings(flooded(200, 0))))
    assert found.scope == NGINX
    assert "port 80" in found.mechanism
    assert "200 a second" in found.mechanism


def test_the_port_that_the_kernel_prints_is_believed() -> None:
    printed = [
        {**each, **log(event("tcp-syn-flood", 20.0, fields={"port": 22, "action": "Sending cookies"}))}
        for each in readings(flooded(200, 0, half_open=0))
    ]
    assert confirmed(FLOOD, view(*printed)).scope == Scope("process", "proxy[900]")


def test_clients_that_complete_their_connections_are_no_flood() -> None:
    said = verdict(FLOOD, view(*readings(flooded(100, 400))))
    assert isinstance(said, Refuted)
    assert "no flood" in said.reason


def test_a_flood_and_a_server_that_does_not_accept_are_told_apart() -> None:
    assert isinstance(verdict(LISTEN, view(*readings(flooded(200, 0)))), Refuted)
    assert isinstance(verdict(FLOOD, view(*readings(listening(5, waiting=129)))), Unknown | Refuted)


def test_a_hostile_port_in_the_log_is_no_port() -> None:
    printed = [
        {**each, **log(event("tcp-syn-flood", 20.0, fields={"port": "9" * 400}))}
        for each in readings(flooded(200, 0))
    ]
    assert confirmed(FLOOD, view(*printed)).scope == NGINX


# conntrack-table-full


def tracked(entries: int, dropped: int, most: int = 64) -> Callable[[int], Reading]:
    return lambda second: {
        conntrack.SOURCE: Conntrack(entries=entries, most=most, dropped=5 + dropped * second, early_dropped=0)
    }


def test_a_full_table_that_drops_is_a_finding_of_the_host() -> None:
    found = confirmed(TRACKED, view(*readings(tracked(64, 3))))
    assert found.scope == Scope()
    assert found.confidence > 0.9


def test_a_full_table_whose_drop_was_printed_a_moment_ago_is_a_finding() -> None:
    printed = [{**each, **log(event("conntrack-table-full", 30.0))} for each in readings(tracked(62, 0))]
    assert isinstance(confirmed(TRACKED, view(*printed)), Confirmed)


def test_a_table_that_is_half_full_is_healthy_whatever_was_dropped_once() -> None:
    said = verdict(TRACKED, view(*readings(tracked(32, 0))))
    assert isinstance(said, Refuted)
    assert "32 of 64" in said.reason


def test_a_machine_that_tracks_nothing_has_no_full_table() -> None:
    absent = {
        conntrack.SOURCE: "/proc/sys/net/netfilter/nf_conntrack_count: connections are not tracked here"
    }
    assert isinstance(verdict(TRACKED, view({}, {}, absent=absent)), Refuted)


def test_what_a_copied_tree_lacks_is_unknown() -> None:
    absent = {
        conntrack.SOURCE: "/proc/sys/net/netfilter/nf_conntrack_count: connections are not tracked here"
    }
    assert isinstance(verdict(TRACKED, view({}, absent=absent)), Unknown)


# neighbour-table-full


def neighbouring(entries: int, overflows: int, on: str = "storage0") -> Callable[[int], Reading]:
    return lambda second: {
        neighbour_tables.SOURCE: {
            "arp_cache": NeighbourTable(entries=entries, most=128, overflows=2 + overflows * second),
            "ndisc_cache": NeighbourTable(entries=4, most=1024, overflows=0),
        },
        neighbours.SOURCE: {on: Neighbours(entries - 1, entries - 1, 0), "eth0": Neighbours(1, 0, 4)},
    }


def test_the_interface_with_most_neighbours_is_named() -> None:
    found = confirmed(NEIGHBOURS, view(*readings(neighbouring(128, 5))))
    assert found.scope == Scope("interface", "storage0")


def test_neighbours_of_other_namespaces_leave_only_the_host() -> None:
    def elsewhere(second: int) -> Reading:
        return {**neighbouring(128, 5)(second), neighbours.SOURCE: {"eth0": Neighbours(1, 0, 4)}}

    assert confirmed(NEIGHBOURS, view(*readings(elsewhere))).scope == Scope()


def test_a_table_with_room_is_healthy() -> None:
    said = verdict(NEIGHBOURS, view(*readings(neighbouring(60, 0))))
    assert isinstance(said, Refuted)
    assert "60 of 128" in said.reason


def test_a_table_that_is_full_and_never_overflowed_is_healthy() -> None:
    def full(second: int) -> Reading:
        return {
            neighbour_tables.SOURCE: {"arp_cache": NeighbourTable(entries=127, most=128, overflows=0)},
            neighbours.SOURCE: {"eth0": Neighbours(127, 0, 4)},
        }

    assert isinstance(verdict(NEIGHBOURS, view(*readings(full))), Refuted)


# ephemeral-ports-exhausted


def ports(taken: int, closed: int = 0) -> Callable[[int], Reading]:
    return lambda second: {
        tcp_destinations.SOURCE: {
            "10.0.0.1 > 10.0.0.2:443": TcpDestination(taken, 1000, closed, "71,72,73"),
        },
        sockstat.SOURCE: Sockstat(tcp_in_use=taken),
    }


def test_who_takes_the_last_ports_is_named() -> None:
    found = confirmed(PORTS, view(*readings(ports(1000))))
    assert found.scope == Scope("process", "proxy[900]")
    assert "EADDRNOTAVAIL" in found.mechanism


def test_ports_that_closed_connections_keep_are_told_from_those_in_use() -> None:
    assert "closed connections" in confirmed(PORTS, view(*readings(ports(995, 900)))).mechanism


def test_ports_that_are_left_are_enough() -> None:
    said = verdict(PORTS, view(*readings(ports(900))))
    assert isinstance(said, Refuted)
    assert "900 of 1000" in said.reason


def test_no_destination_at_all_is_healthy() -> None:
    def none(second: int) -> Reading:
        return {tcp_destinations.SOURCE: {}, sockstat.SOURCE: Sockstat(tcp_in_use=12)}

    assert "12 TCP sockets" in getattr(verdict(PORTS, view(*readings(none))), "reason", "")


# tcp-memory-pressure


def holding(pages: int, *, most: int = 4000) -> Callable[[int], Reading]:
    return lambda second: {
        sockstat.SOURCE: Sockstat(tcp_memory_pages=pages),
        net_limits.SOURCE: NetLimits(
            tcp_memory_low_pages=2000, tcp_memory_pressure_pages=3000, tcp_memory_most_pages=most
        ),
        netstat.SOURCE: Netstat(memory_pressures=0, aborts_on_memory=0),
        tcp_connections.SOURCE: {
            "a": TcpConnection(cookie=1, inode=71, state=1, memory_bytes=12 << 20),
            "b": TcpConnection(cookie=2, inode=70, state=1, memory_bytes=1 << 20),
        },
    }


def test_who_holds_tcps_memory_is_named() -> None:
    found = confirmed(MEMORY, view(*readings(holding(4100))))
    assert found.scope == Scope("process", "proxy[900]")
    assert found.confidence > 0.9


def test_pressure_below_the_limit_weighs_less() -> None:
    assert confirmed(MEMORY, view(*readings(holding(3200)))).impact < 0.9


def test_memory_below_the_pressure_is_healthy() -> None:
    said = verdict(MEMORY, view(*readings(holding(2900))))
    assert isinstance(said, Refuted)
    assert "pressure begins at 3000" in said.reason


def test_many_that_hold_a_little_each_leave_only_the_host() -> None:
    def spread(second: int) -> Reading:
        each = {
            str(number): TcpConnection(cookie=number, inode=70 + number % 2, state=1, memory_bytes=1 << 20)
            for number in range(2)
        }
        third = {"third": TcpConnection(cookie=9, inode=99, state=1, memory_bytes=1 << 20)}
        return {**holding(4100)(second), tcp_connections.SOURCE: {**each, **third}}

    assert confirmed(MEMORY, view(*readings(spread))).scope == Scope()


def test_without_its_limits_tcps_memory_says_nothing() -> None:
    said = verdict(MEMORY, view(*[{sockstat.SOURCE: Sockstat(tcp_memory_pages=5)}] * 2))
    assert isinstance(said, Unknown)


# socket-buffer-limit


def datagrams(dropped: int, received: int) -> Callable[[int], Reading]:
    return lambda second: {
        snmp.SOURCE: Snmp(
            udp_receive_buffer_errors=dropped * second, udp_received=received * second, udp_memory_errors=0
        ),
        snmp6.SOURCE: Snmp6(udp_receive_buffer_errors=0, udp_received=0),
        udp_sockets.SOURCE: {
            "0.0.0.0:514": UdpSocket(514, 212_000, dropped * second, 71),
            "0.0.0.0:53": UdpSocket(53, 0, 0, 70),
        },
    }


def test_the_program_that_does_not_read_its_packets_is_named() -> None:
    found = confirmed(BUFFER, view(*readings(datagrams(300, 700))))
    assert found.scope == Scope("process", "proxy[900]")
    assert found.impact == pytest.approx(0.3)


def test_a_container_that_does_not_read_its_packets_is_named_by_its_process() -> None:
    found = confirmed(BUFFER, view(*readings(container(udp_receive_buffer_errors=60, udp_received=140))))
    assert found.scope == Scope("process", "redis[5120]")
    assert found.impact == pytest.approx(0.3)


def test_a_drop_in_thousands_of_packets_is_healthy() -> None:
    assert isinstance(verdict(BUFFER, view(*readings(datagrams(5, 5000)))), Refuted)


def test_drops_since_boot_are_not_of_now() -> None:
    assert isinstance(verdict(BUFFER, view(datagrams(300, 700)(1))), Unknown)


# link-errors


def traffic(**rates: int) -> Callable[[int], Reading]:
    return lambda second: {
        net_dev.SOURCE: {
            "eth0": NetDev(**{"received": 5000 * second, "sent": 5000 * second} | {k: v * second for k, v in rates.items()}),
            "lo": NetDev(received=second, sent=second, receive_errors=9 * second),
        }
    }  # fmt: skip


def test_an_interface_that_damages_packets_is_named() -> None:
    found = confirmed(ERRORS, view(*readings(traffic(receive_errors=40, receive_frame_errors=38))))
    assert found.scope == Scope("interface", "eth0")
    assert found.confidence > 0.9


def test_one_damaged_packet_is_none() -> None:
    def once(second: int) -> Reading:
        return {net_dev.SOURCE: {"eth0": NetDev(received=9, sent=9, receive_errors=int(second > 2))}}

    said = verdict(ERRORS, view(*readings(once)))
    assert isinstance(said, Refuted)
    assert "eth0" in said.reason


def test_errors_since_the_interface_was_made_are_not_of_now() -> None:
    assert isinstance(verdict(ERRORS, view(traffic(receive_errors=40)(5))), Unknown)


# link-flapping


def carrier(changes: Callable[[int], int], losses: int, *, kind: str | None = None, up_s: float = 900.0) -> Callable[[int], Reading]:  # fmt: skip
    return lambda second: {
        links.SOURCE: {
            "eth0": Link(
                index=2, up=1, carrier=1, state="up", carrier_changes=changes(second), carrier_losses=losses, kind=kind
            )
        },
        uptime.SOURCE: Uptime(up_s=up_s + second),
    }  # fmt: skip


def test_a_link_that_goes_and_comes_back_within_the_window_flaps() -> None:
    found = confirmed(FLAPPING, view(*readings(carrier(lambda second: 2 + second, 4))))
    assert found.scope == Scope("interface", "eth0")
    assert found.confidence > 0.9


def test_a_link_that_was_lost_often_since_boot_flaps_though_nobody_knows_when() -> None:
    found = confirmed(FLAPPING, view(*readings(carrier(lambda second: 8, 4))))
    assert found.confidence < 0.8


def test_a_link_that_was_negotiated_at_boot_does_not_flap() -> None:
    assert isinstance(verdict(FLAPPING, view(*readings(carrier(lambda second: 4, 2)))), Refuted)


def test_a_few_losses_in_months_are_maintenance() -> None:
    seen = view(*readings(carrier(lambda second: 16, 8, up_s=90 * 86400.0)))
    assert isinstance(verdict(FLAPPING, seen), Refuted)


def test_virtual_interfaces_follow_their_containers() -> None:
    seen = view(*readings(carrier(lambda second: 80, 40, kind="veth")))
    assert isinstance(verdict(FLAPPING, seen), Refuted)


# All of them

ALL = [LISTEN, FLOOD, TRACKED, NEIGHBOURS, PORTS, MEMORY, BUFFER, ERRORS, FLAPPING]


@pytest.mark.parametrize("hypothesis", ALL, ids=lambda each: each.id)
def test_nothing_read_is_unknown(hypothesis: Any) -> None:
    assert [type(each) for each in verdicts(hypothesis, view({}, {}))] == [Unknown]


@pytest.mark.parametrize("hypothesis", ALL, ids=lambda each: each.id)
def test_records_without_values_are_no_finding(hypothesis: Any) -> None:
    """What a kernel lacks is None."""
    empty = {
        conntrack.SOURCE: Conntrack(),
        links.SOURCE: {"eth0": Link()},
        neighbour_tables.SOURCE: {"arp_cache": NeighbourTable()},
        net_dev.SOURCE: {"eth0": NetDev()},
        net_limits.SOURCE: NetLimits(),
        netstat.SOURCE: Netstat(),
        snmp.SOURCE: Snmp(),
        sockstat.SOURCE: Sockstat(),
        tcp_connections.SOURCE: {"a": TcpConnection()},
        tcp_destinations.SOURCE: {"a": TcpDestination()},
        tcp_listeners.SOURCE: {"a": TcpListener()},
        udp_sockets.SOURCE: {"a": UdpSocket()},
        uptime.SOURCE: Uptime(),
    }
    for seen in (view(empty), view(empty, empty, empty)):
        assert not [each for each in verdicts(hypothesis, seen) if isinstance(each, Confirmed)]
