"""Packets that take a CPU's time: from this machine, from outside, and too few to do so."""

from typing import Any

import pytest

from kernward.collectors.sources import net_dev, softirqs
from kernward.collectors.sources.net_dev import NetDev
from kernward.collectors.sources.softirqs import Softirqs
from kernward.diagnosis.hypotheses.network_softirq_load import HYPOTHESIS
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view


def seen(part: float, net_rx: int, packets: dict[str, int], *tasks: Task, final: bool = True) -> View:
    shares = ({"softirq": part, "system": 0.3, "idle": 0.7 - part}, {"idle": 1.0})
    more: dict[Any, Any] = {
        softirqs.SOURCE: lambda second: {
            "cpu0": Softirqs(net_rx=net_rx * second),
            "cpu1": Softirqs(net_rx=0),
        },
        net_dev.SOURCE: lambda second: {
            name: NetDev(received=rate * second) for name, rate in packets.items()
        },
    }
    return machine(*tasks, shares=shares, more=more, final=final)


SENDER = Task(comm="statsd", pid=900, system=0.9, user=0.05)


def test_a_process_that_floods_the_loopback_interface_is_named() -> None:
    found = confirmed(
        HYPOTHESIS, seen(0.4, 20000, {"lo": 90000, "eth0": 10}, SENDER, Task(comm="web", pid=5, user=0.2))
    )
    assert (found.scope.kind, found.scope.name) == ("process", "statsd[900]")
    assert "loopback_xmit()" in found.mechanism


def test_packets_from_outside_are_told_by_their_interface() -> None:
    found = confirmed(HYPOTHESIS, seen(0.4, 20000, {"lo": 10, "eth0": 90000}, SENDER))
    assert (found.scope.kind, found.scope.name) == ("interface", "eth0")


def test_without_a_sender_that_stands_out_it_is_the_machines_state() -> None:
    assert confirmed(HYPOTHESIS, seen(0.4, 20000, {"lo": 90000})).scope.kind == "host"


@pytest.mark.parametrize(("part", "net_rx"), [(0.04, 9000), (0.12, 20000)])
def test_traffic_within_what_the_machine_can_do_is_none(part: float, net_rx: int) -> None:
    assert isinstance(verdict(HYPOTHESIS, seen(part, net_rx, {"eth0": 50000}, SENDER)), Refuted)


def test_too_few_packets_cannot_be_what_takes_it() -> None:
    found = verdict(HYPOTHESIS, seen(0.5, 100, {"eth0": 100}))
    assert isinstance(found, Refuted)
    assert "too few" in found.reason


def test_it_asks_for_the_time_itself() -> None:
    found = verdict(HYPOTHESIS, seen(0.4, 20000, {"lo": 90000}, SENDER, final=False))
    assert isinstance(found, Open)


def test_a_build_has_none() -> None:
    more = {softirqs.SOURCE: {"cpu0": Softirqs(net_rx=0)}}
    assert isinstance(verdict(HYPOTHESIS, machine(*compile_jobs(2), more=more)), Refuted)


def test_without_counts_it_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({}, {})), Unknown)
