"""Softirqs that take a CPU's time, of the network and of others."""

from kernward.collectors.measurements import softirq
from kernward.collectors.measurements.softirq import SoftirqTime
from kernward.collectors.sources import softirqs
from kernward.collectors.sources.softirqs import Softirqs
from kernward.diagnosis.hypotheses.softirq_load import HYPOTHESIS
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view


def seen(part: float, net_rx: int = 0, tasklet: int = 10, final: bool = True, **more: object) -> View:
    """So much of cpu1's time in softirqs, and so many of them a second."""
    shares = ({"user": 0.1, "idle": 0.9}, {"softirq": part, "user": 0.1, "idle": 0.9 - part})

    def counted(second: int) -> dict[str, Softirqs]:
        return {
            "cpu0": Softirqs(net_rx=5 * second, timer=250 * second, rcu=100 * second),
            "cpu1": Softirqs(net_rx=net_rx * second, tasklet=tasklet * second, timer=250 * second),
        }

    helper = Task(comm="ksoftirqd/1", pid=25, system=part / 2, kernel_thread=True)
    return machine(helper, shares=shares, more={softirqs.SOURCE: counted, **more}, final=final)  # type: ignore[dict-item]


def test_softirqs_that_take_a_cpu_are_a_finding_with_that_cpu() -> None:
    found = confirmed(HYPOTHESIS, seen(0.6))
    assert found.scope.kind == "host"
    assert abs(found.impact - 0.6) < 0.01
    assert "cpu1" in found.mechanism
    assert {each.signal for each in found.evidence} >= {
        "cpu.softirq_s",
        "softirqs.tasklet",
        "processes.system_s",
    }


def test_a_few_percent_are_what_machines_that_serve_spend() -> None:
    assert isinstance(verdict(HYPOTHESIS, seen(0.08)), Refuted)


def test_packets_by_the_thousand_are_the_networks() -> None:
    found = verdict(HYPOTHESIS, seen(0.6, net_rx=20000))
    assert isinstance(found, Refuted)
    assert "network" in found.reason


def test_a_few_packets_beside_do_not_explain_it() -> None:
    assert confirmed(HYPOTHESIS, seen(0.6, net_rx=100)).confidence > 0.8


def test_it_asks_for_the_time_of_each_kind() -> None:
    found = verdict(HYPOTHESIS, seen(0.6, final=False))
    assert isinstance(found, Open)
    assert found.asks == ("softirq",)


def test_the_kind_that_was_measured_is_named() -> None:
    def measured(second: int) -> dict[str, SoftirqTime]:
        return {"TASKLET": SoftirqTime(run_s=0.59 * second), "TIMER": SoftirqTime(run_s=0.01 * second)}

    shares = ({"idle": 1.0}, {"softirq": 0.6, "idle": 0.4})
    found = confirmed(
        HYPOTHESIS, machine(shares=shares, more={softirq.SOURCE: measured}, measured=("softirq",))
    )
    assert "98% of it in TASKLET" in found.mechanism
    assert found.confidence > 0.9


def test_a_build_has_none() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*compile_jobs(2))), Refuted)


def test_without_times_of_the_cpus_it_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({}, {})), Unknown)
