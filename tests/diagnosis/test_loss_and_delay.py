"""Packets that are lost, late, dropped, or too many for their link."""

from typing import Any

import pytest

from kernward.collectors.measurements import tcp as measured_tcp
from kernward.collectors.measurements.tcp import TcpPeer
from kernward.collectors.sources import (
    link_speed,
    net_dev,
    net_namespaces,
    netstat,
    pressure,
    qdiscs,
    snmp,
    softnet,
    tcp_connections,
)
from kernward.collectors.sources.link_speed import LinkSpeed
from kernward.collectors.sources.net_dev import NetDev
from kernward.collectors.sources.net_namespaces import NetNamespace
from kernward.collectors.sources.netstat import Netstat
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.qdiscs import Qdisc
from kernward.collectors.sources.snmp import Snmp
from kernward.collectors.sources.softnet import Softnet
from kernward.collectors.sources.tcp_connections import TcpConnection
from kernward.diagnosis.hypotheses import (
    link_saturated,
    packet_delay,
    packet_drops,
    packet_loss,
    softnet_squeeze,
)
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from kernward.records.check import Scope
from tests.diagnosis.windows import Reading, confirmed, verdict, verdicts, view

LOSS = packet_loss.HYPOTHESIS
DELAY = packet_delay.HYPOTHESIS
DROPS = packet_drops.HYPOTHESIS
SATURATED = link_saturated.HYPOTHESIS
SQUEEZE = softnet_squeeze.HYPOTHESIS
APP0 = Scope("interface", "app0")
SECONDS = 6


def connection(**fields: Any) -> TcpConnection:
    known: dict[str, Any] = {
        "cookie": 7, "inode": 70, "state": 1, "interface": "app0", "direct": 1, "remote": "10.20.0.2",
        "segments_sent": 0, "segments_retransmitted": 0, "needless_retransmits": 0, "retries": 0,
        "round_trip_s": 0.0004, "least_round_trip_s": 0.0002, "last_sent_s": 0.01,
    }  # fmt: skip
    return TcpConnection(**{**known, **fields})


def transfer(
    sent: int, again: int, *, needless: int = 0, interface: str = "app0", **more: Any
) -> list[Reading]:
    """A connection that sends so many segments each second, and so many of them again."""
    return [
        {
            snmp.SOURCE: Snmp(
                tcp_segments_sent=1000 + second * (sent - again),
                tcp_segments_retransmitted=50 + second * again,
                tcp_segments_received=900 + second * sent,
                ip_received=900 + second * sent,
                ip_sent=1000 + second * sent,
            ),
            netstat.SOURCE: Netstat(syn_retransmits=0, duplicates_acknowledged=second * needless),
            tcp_connections.SOURCE: {
                "10.20.0.1:4000 > 10.20.0.2:5001": connection(
                    interface=interface,
                    segments_sent=1000 + second * sent,
                    segments_retransmitted=50 + second * again,
                    needless_retransmits=second * needless,
                    **more,
                )
            },
            net_dev.SOURCE: {
                "lo": NetDev(received=0, sent=0, sent_bytes=0),
                "app0": NetDev(received=second * sent, sent=second * sent, sent_bytes=second * sent * 1448),
            },
        }
        for second in range(SECONDS + 1)
    ]


def with_qdisc(readings: list[Reading], each: Any) -> list[Reading]:
    """The same with a queueing discipline; `each` makes it for a second."""
    return [
        {**reading, qdiscs.SOURCE: {"app0 root": each(second)}} for second, reading in enumerate(readings)
    ]


def netem(**fields: Any) -> Any:
    """netem whose counters grow by what is given for a second."""

    def at(second: int) -> Qdisc:
        grow = {name: fields.get(name, 0) * second for name in ("sent", "drops", "sent_bytes")}
        rest = {name: value for name, value in fields.items() if name not in grow}
        return Qdisc(interface="app0", kind="netem", handle=1, parent="root", **{**rest, **grow})

    return at


# packet-loss


def test_a_discipline_that_is_set_to_lose_packets_and_does_is_named() -> None:
    readings = with_qdisc(transfer(500, 40), netem(sent=500, drops=50, loss_percent=10.0, delay_s=0.0))
    found = confirmed(LOSS, view(*readings))
    assert found.scope == APP0
    assert found.confidence > 0.9
    assert found.impact > 0.8
    assert {each.signal for each in found.evidence} >= {"qdiscs.drops", "qdiscs.loss_percent"}


def test_a_lossy_discipline_counts_while_its_connections_wait_for_their_time_out() -> None:
    readings = [
        {
            **reading,
            qdiscs.SOURCE: {
                "app0 root": Qdisc("app0", "netem", 1, "root", sent=40, drops=25, loss_percent=60.0)
            },
        }
        for reading in transfer(0, 0, retries=5)
    ]
    found = confirmed(LOSS, view(*readings))
    assert found.scope == APP0
    assert found.impact > 0.5


def test_a_lossy_discipline_that_never_had_a_packet_is_no_cause() -> None:
    readings = with_qdisc(transfer(0, 0), netem(loss_percent=60.0))
    assert isinstance(verdict(LOSS, view(*readings)), Refuted)


def test_loss_beyond_this_machine_is_named_by_the_interface_of_its_connections() -> None:
    found = confirmed(LOSS, view(*transfer(500, 15)))
    assert found.scope == APP0
    assert "10.20.0.2" in found.mechanism
    assert "3.0%" in found.mechanism


def test_a_transfer_with_a_few_retransmissions_is_healthy() -> None:
    said = verdict(LOSS, view(*transfer(5000, 5)))
    assert isinstance(said, Refuted)
    assert "30 of" in said.reason


def test_one_burst_of_loss_is_no_lossy_link() -> None:
    readings = transfer(300, 0)
    late = transfer(300, 60)[-1]
    assert isinstance(verdict(LOSS, view(*readings[:-1], late)), Refuted)


def test_segments_that_were_sent_again_needlessly_were_late_and_not_lost() -> None:
    assert isinstance(verdict(LOSS, view(*transfer(500, 20, needless=18))), Refuted)


def test_requests_of_connections_that_nobody_answers_are_no_loss_of_a_link() -> None:
    readings = [
        {**reading, netstat.SOURCE: Netstat(syn_retransmits=20 * second), tcp_connections.SOURCE: {}}
        for second, reading in enumerate(transfer(100, 20))
    ]
    said = verdict(LOSS, view(*readings))
    assert isinstance(said, Refuted)
    assert "to open a connection" in said.reason


def test_without_figures_of_connections_the_interface_that_drops_is_the_likely_one() -> None:
    readings = [
        {
            **{
                source: records for source, records in reading.items() if source is not tcp_connections.SOURCE
            },
            net_dev.SOURCE: {
                "eth0": NetDev(received=0, sent=900 * second, sent_bytes=900_000 * second, send_drops=0),
                "app0": NetDev(
                    received=0, sent=500 * second, sent_bytes=500_000 * second, send_drops=15 * second
                ),
            },
        }
        for second, reading in enumerate(transfer(500, 15))
    ]
    found = confirmed(LOSS, view(*readings))
    assert found.scope == APP0
    assert found.confidence < 0.8


def test_a_sosreports_lossy_discipline_is_a_finding_of_less_confidence() -> None:
    reading = with_qdisc(transfer(500, 40), netem(sent=500, drops=50, loss_percent=10.0))[-1]
    found = confirmed(LOSS, view(reading))
    assert found.scope == APP0
    assert found.confidence < 0.8
    assert "in the window" not in found.mechanism


def brief() -> list[Reading]:
    """Connections that live for a moment each, so that the kernel tells little of each."""
    return [
        {
            **reading,
            tcp_connections.SOURCE: {
                "10.0.0.1:9 > 10.20.0.2:80": TcpConnection(cookie=second, state=1, interface="app0", remote="10.20.0.2"),
                "10.0.0.1:8 > 10.0.0.9:80": TcpConnection(cookie=second, state=1, interface="eth0", remote="10.0.0.9"),
            },
            measured_tcp.SOURCE: {"10.20.0.2": TcpPeer(retransmits=14 * second), "10.0.0.9": TcpPeer(retransmits=0)},
        }
        for second, reading in enumerate(transfer(500, 15))
    ]  # fmt: skip


def test_to_whom_is_measured_where_connections_do_not_tell() -> None:
    said = verdict(LOSS, view(*brief(), final=False))
    assert isinstance(said, Open)
    assert said.asks == ("tcp",)
    assert confirmed(LOSS, view(*brief(), measured=("tcp",))).scope == APP0


def test_a_container_whose_packets_get_lost_is_named_by_its_process() -> None:
    readings = [
        {
            **reading,
            net_namespaces.SOURCE: {
                "net:[4026532201]": NetNamespace(
                    pid=5120, name="redis", tcp_segments_sent=900 * second, tcp_segments_retransmitted=40 * second,
                    syn_retransmits=0, duplicates_acknowledged=0,
                ),
                "net:[4026532300]": NetNamespace(
                    pid=5200, name="quiet", tcp_segments_sent=900 * second, tcp_segments_retransmitted=second,
                ),
            },
        }
        for second, reading in enumerate(transfer(500, 0))
    ]  # fmt: skip
    assert confirmed(LOSS, view(*readings)).scope == Scope("process", "redis[5120]")


def test_without_counters_loss_is_unknown() -> None:
    said = verdict(LOSS, view({}, {}, absent={snmp.SOURCE: "/proc/net/snmp: permission denied"}))
    assert isinstance(said, Unknown)
    assert "permission denied" in said.reason


def test_one_reading_of_loss_since_boot_is_not_of_now() -> None:
    assert isinstance(verdict(LOSS, view(transfer(500, 40)[-1])), Unknown)


def test_a_discipline_that_damages_packets_loses_them_at_the_other_end() -> None:
    readings = with_qdisc(transfer(500, 40), netem(sent=500, damage_percent=8.0, loss_percent=0.0))
    found = confirmed(LOSS, view(*readings))
    assert found.scope == APP0
    assert "damage 8%" in found.mechanism


def procfs(**fields: Any) -> list[Reading]:
    """A connection of which only procfs tells, and a packet now and then."""
    return [
        {
            **reading,
            tcp_connections.SOURCE: {
                "10.20.0.1:4000 > 10.20.0.2:5001": TcpConnection(
                    cookie=7, inode=70, state=1, interface="app0", direct=1, remote="10.20.0.2", **fields
                )
            },
            pressure.SOURCE: Pressure(cpu_some_s=0.0),
        }
        for reading in transfer(1, 0)
    ]


def test_a_link_over_which_nothing_gets_through_any_more_is_lossy() -> None:
    found = confirmed(LOSS, view(*procfs(retries=4, timeout_s=6.4, send_queue_bytes=9000)))
    assert found.scope == APP0
    assert found.confidence < 0.8


def test_a_connection_that_has_nothing_to_send_lost_nothing() -> None:
    assert isinstance(verdict(LOSS, view(*procfs(retries=4, timeout_s=6.4, send_queue_bytes=0))), Refuted)


def test_clients_behind_a_gateway_may_be_gone() -> None:
    readings = transfer(1, 0, direct=0, retries=5, unacknowledged=3)
    assert isinstance(verdict(LOSS, view(*readings)), Refuted)


# packet-delay


def test_steady_time_outs_of_what_is_sent_in_bulk_tell_a_slow_neighbour() -> None:
    found = confirmed(DELAY, view(*procfs(retries=0, timeout_s=0.32, send_queue_bytes=900_000)))
    assert found.scope == APP0
    assert "120 ms" in found.mechanism


def test_time_outs_of_a_connection_that_rests_are_old_and_tell_nothing() -> None:
    readings = [
        {**reading, qdiscs.SOURCE: {"app0 root": Qdisc("app0", "fq_codel", 1, "root", sent=9)}}
        for reading in procfs(retries=0, timeout_s=0.36, send_queue_bytes=0)
    ]
    said = verdict(DELAY, view(*readings))
    assert isinstance(said, Unknown)
    assert "do not tell their round trips" in said.reason


def test_time_outs_that_grow_are_not_the_round_trip() -> None:
    readings = [
        procfs(retries=0, timeout_s=0.3 * 2**second, send_queue_bytes=9000)[second] for second in range(4)
    ]
    assert not [each for each in verdicts(DELAY, view(*readings)) if isinstance(each, Confirmed)]


def test_a_neighbour_that_delays_single_acknowledgements_is_healthy() -> None:
    readings = transfer(2, 0, least_round_trip_s=0.041, round_trip_s=0.043)
    assert isinstance(verdict(DELAY, view(*readings)), Refuted)


def test_a_discipline_that_holds_packets_back_is_named_with_its_delay() -> None:
    readings = with_qdisc(transfer(50, 0, round_trip_s=0.101), netem(sent=50, delay_s=0.1, loss_percent=0.0))
    found = confirmed(DELAY, view(*readings))
    assert found.scope == APP0
    assert "100 ms" in found.mechanism
    assert "tcp_connections.round_trip_s" in {each.signal for each in found.evidence}


def test_a_delay_that_packets_met_before_the_window_counts_less() -> None:
    quiet = [{qdiscs.SOURCE: {"app0 root": Qdisc("app0", "netem", 1, "root", sent=7, delay_s=0.1)}}] * 3
    assert confirmed(DELAY, view(*quiet)).confidence < 0.9


def test_a_discipline_that_paces_by_a_millisecond_delays_nobody() -> None:
    readings = with_qdisc(transfer(50, 0), netem(sent=50, delay_s=0.001))
    assert isinstance(verdict(DELAY, view(*readings)), Refuted)


def test_a_neighbour_whose_fastest_answer_is_slow_is_behind_a_slow_link() -> None:
    readings = transfer(50, 0, least_round_trip_s=0.06, round_trip_s=0.07)
    assert confirmed(DELAY, view(*readings)).scope == APP0


def test_the_only_answers_of_a_starved_neighbour_prove_nothing() -> None:
    def at(waits_s: float) -> list[Reading]:
        return [
            {**reading, pressure.SOURCE: Pressure(cpu_some_s=second * waits_s)}
            for second, reading in enumerate(transfer(2, 0, least_round_trip_s=0.06, round_trip_s=0.07))
        ]

    assert isinstance(verdict(DELAY, view(*at(0.9))), Refuted)
    assert isinstance(verdict(DELAY, view(*at(0.0))), Confirmed)


def test_an_address_behind_a_gateway_may_be_far_away() -> None:
    readings = transfer(50, 0, least_round_trip_s=0.18, round_trip_s=0.19, direct=0)
    assert isinstance(verdict(DELAY, view(*readings)), Refuted)


def _slow(readings: list[Reading], waits_s: float) -> list[Reading]:
    """Two connections to far away whose round trips have become longer."""
    return [
        {
            **reading,
            pressure.SOURCE: Pressure(cpu_some_s=second * waits_s),
            tcp_connections.SOURCE: {
                name: connection(cookie=number, direct=0, round_trip_s=0.4, least_round_trip_s=0.02, segments_sent=second)
                for number, name in enumerate("ab")
            },
        }
        for second, reading in enumerate(readings)
    ]  # fmt: skip


def test_round_trips_that_became_much_longer_are_a_queue_on_the_way() -> None:
    found = confirmed(DELAY, view(*_slow(transfer(10, 0), 0.0)))
    assert found.scope == APP0
    assert found.confidence < 0.8


def test_late_acknowledgements_of_a_machine_that_lacks_a_cpu_are_no_delay_of_a_link() -> None:
    assert isinstance(verdict(DELAY, view(*_slow(transfer(10, 0), 0.8))), Refuted)


def test_delay_is_unknown_where_neither_disciplines_nor_round_trips_can_be_read() -> None:
    said = verdict(
        DELAY, view({}, {}, absent={qdiscs.SOURCE: "tc -s qdisc: only the running kernel tells it"})
    )
    assert isinstance(said, Unknown)


def test_loss_and_delay_are_told_apart() -> None:
    lossy = view(*with_qdisc(transfer(500, 40), netem(sent=500, drops=50, loss_percent=10.0, delay_s=0.0)))
    slow = view(
        *with_qdisc(transfer(500, 0, round_trip_s=0.1), netem(sent=500, delay_s=0.1, loss_percent=0.0))
    )
    assert isinstance(verdict(DELAY, lossy), Refuted)
    assert isinstance(verdict(LOSS, slow), Refuted)


# link-saturated


def bucket(sent_bytes: int, drops: int, waiting_bytes: int = 0) -> Any:
    return lambda second: Qdisc(
        interface="app0", kind="tbf", handle=1, parent="root", rate_bytes_per_s=125_000.0,
        sent=80 * second, sent_bytes=sent_bytes * second, drops=drops * second, waiting_bytes=waiting_bytes,
    )  # fmt: skip


def test_a_shaper_at_its_rate_whose_queue_overflows_is_a_full_link() -> None:
    found = confirmed(SATURATED, view(*with_qdisc(transfer(80, 6), bucket(124_000, 5, 30_000))))
    assert found.scope == APP0
    assert "1 Mbit/s" in found.mechanism


def test_a_standing_queue_tells_a_full_link_whose_rate_nobody_knows() -> None:
    readings = with_qdisc(
        transfer(80, 0),
        lambda second: Qdisc(
            interface="app0", kind="htb", handle=1, parent="root", sent=80 * second, sent_bytes=120_000 * second,
            drops=0, waiting_bytes=24_000,
        ),
    )  # fmt: skip
    found = confirmed(SATURATED, view(*readings))
    assert found.scope == APP0
    assert "200 ms" in found.mechanism


def test_a_shaper_that_holds_back_all_the_time_is_full_a_little_below_its_rate() -> None:
    def shaped(second: int) -> Qdisc:
        return Qdisc(
            interface="app0", kind="tbf", handle=1, parent="root", rate_bytes_per_s=125_000.0,
            sent=80 * second, sent_bytes=105_000 * second, drops=0, waiting_bytes=9_000, overlimits=30 * second,
        )  # fmt: skip

    assert confirmed(SATURATED, view(*with_qdisc(transfer(80, 0), shaped))).scope == APP0


def test_a_link_within_its_rate_is_not_full_though_it_drops_now_and_then() -> None:
    readings = with_qdisc(transfer(80, 1), bucket(60_000, 1))
    assert isinstance(verdict(SATURATED, view(*readings)), Refuted)


def test_a_full_link_without_a_queue_keeps_nobody_waiting() -> None:
    readings = with_qdisc(transfer(80, 0), bucket(124_000, 0, 900))
    assert isinstance(verdict(SATURATED, view(*readings)), Refuted)


def test_a_card_at_its_speed_with_a_standing_queue_is_full() -> None:
    readings = [
        {
            net_dev.SOURCE: {"eth0": NetDev(sent_bytes=second * 124_000_000, sent=second * 82_000, received=0)},
            link_speed.SOURCE: {"eth0": LinkSpeed(125_000_000.0, "full")},
            qdiscs.SOURCE: {
                "eth0 root": Qdisc(
                    interface="eth0", kind="pfifo_fast", handle=0, parent="root", sent=second * 82_000,
                    sent_bytes=second * 124_000_000, drops=0, waiting_bytes=5_000_000,
                )
            },
        }
        for second in range(SECONDS)
    ]  # fmt: skip
    assert confirmed(SATURATED, view(*readings)).scope == Scope("interface", "eth0")


def test_packets_that_are_lost_on_purpose_do_not_make_a_link_full() -> None:
    readings = with_qdisc(transfer(500, 40), netem(sent=500, drops=50, loss_percent=10.0, delay_s=0.0))
    assert isinstance(verdict(SATURATED, view(*readings)), Refuted)


# packet-drops


def counted(**rates: int) -> list[Reading]:
    return [
        {
            snmp.SOURCE: Snmp(**{"ip_received": 1000 * second, "ip_sent": 1000 * second} | {k: v * second for k, v in rates.items()}),
            net_dev.SOURCE: {"eth0": NetDev(sent=1000 * second, received=1000 * second, send_drops=0, receive_drops=0)},
        }
        for second in range(SECONDS)
    ]  # fmt: skip


def test_packets_without_a_route_are_told() -> None:
    found = confirmed(DROPS, view(*counted(ip_no_route=200)))
    assert "had no route" in found.mechanism


def test_strays_are_no_finding() -> None:
    assert isinstance(verdict(DROPS, view(*counted(ip_address_errors=5))), Refuted)


def test_the_kernels_own_reasons_are_asked_for_once_something_is_dropped() -> None:
    said = verdict(DROPS, view(*counted(ip_no_route=200), final=False))
    assert isinstance(said, Open)
    assert said.asks == ("drops",)


def test_an_interface_that_drops_what_it_should_send_is_named() -> None:
    readings = [
        {**reading, net_dev.SOURCE: {"veth9": NetDev(sent=100 * second, received=0, send_drops=40 * second)}}
        for second, reading in enumerate(counted())
    ]
    assert confirmed(DROPS, view(*readings)).scope == Scope("interface", "veth9")


# softnet-squeeze


def cpus(dropped: int, squeezed: int) -> list[Reading]:
    return [
        {
            softnet.SOURCE: {
                "0": Softnet(
                    processed=50_000 * second, dropped=0, squeezed=squeezed * second, flow_limited=0
                ),
                "cpu1": Softnet(
                    processed=50_000 * second, dropped=dropped * second, squeezed=0, flow_limited=0
                ),
            },
            net_dev.SOURCE: {"eth0": NetDev(received=100_000 * second, receive_drops=0, receive_overruns=0)},
        }
        for second in range(SECONDS)
    ]


def test_a_cpu_that_drops_packets_is_named() -> None:
    found = confirmed(SQUEEZE, view(*cpus(dropped=900, squeezed=5)))
    assert found.scope == Scope("cpu", "cpu1")


def test_work_left_over_loses_nothing() -> None:
    said = verdict(SQUEEZE, view(*cpus(dropped=0, squeezed=500)))
    assert isinstance(said, Refuted)
    assert "2500 times" in said.reason


def test_a_card_whose_ring_overflows_beside_work_left_over_is_named() -> None:
    readings = [
        {**reading, net_dev.SOURCE: {"eth0": NetDev(received=100_000 * second, receive_drops=2000 * second)}}
        for second, reading in enumerate(cpus(dropped=0, squeezed=500))
    ]
    assert confirmed(SQUEEZE, view(*readings)).scope == Scope("interface", "eth0")


# All of them


@pytest.mark.parametrize("hypothesis", [LOSS, DELAY, DROPS, SATURATED, SQUEEZE], ids=lambda each: each.id)
def test_nothing_read_is_unknown_and_never_a_finding(hypothesis: Any) -> None:
    assert not [each for each in verdicts(hypothesis, view({}, {})) if isinstance(each, Confirmed | Refuted)]


@pytest.mark.parametrize("hypothesis", [LOSS, DELAY, DROPS, SATURATED, SQUEEZE], ids=lambda each: each.id)
def test_counters_that_were_reset_are_no_finding(hypothesis: Any) -> None:
    high = with_qdisc(transfer(5000, 4000), netem(sent=5000, drops=4000))
    low = with_qdisc(transfer(1, 0), netem(sent=1, drops=0))
    readings = [
        {**reading, softnet.SOURCE: {"0": Softnet(10, 0, 0)}} for reading in (high[-1], low[0], low[1])
    ]
    assert not [each for each in verdicts(hypothesis, view(*readings)) if isinstance(each, Confirmed)]
