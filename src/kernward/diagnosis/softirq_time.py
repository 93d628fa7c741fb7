"""Which CPU spends the most time in softirqs, and whether the network's can be what takes it."""

import msgspec

from kernward.collectors.measurements import softirq
from kernward.collectors.source import AnySource
from kernward.collectors.sources import cpu, softirqs
from kernward.diagnosis import processors
from kernward.diagnosis.hypothesis import Refuted, Threshold, Unknown
from kernward.diagnosis.view import View
from kernward.records.check import Evidence, Scope

HEAVY = Threshold(
    "part of a CPU's time in softirqs",
    0.15,
    "",
    "a machine that serves spends a few percent there; from about a seventh on, what runs on that CPU notices, and "
    "nothing of it is accounted to a process",
)
PACKET_S = Threshold(
    "longest time that one net_rx softirq takes on average",
    0.0005,
    "s",
    "net_rx_action() may poll for 2 jiffies, but a run takes as many packets as came meanwhile, at microseconds each "
    "(tens of them on an emulated CPU); fewer runs than this cannot be what takes the time",
)


class Busiest(msgspec.Struct, frozen=True):
    """A CPU and the part of its time in softirqs."""

    cpu: str
    part: float


def busiest(view: View) -> Busiest | None:
    """The CPU with the most time in softirqs; None when there are no times."""
    found = processors.each_cpu(view)
    if not found:
        return None
    name = max(found, key=lambda each: found[each].softirq)
    return Busiest(name, found[name].softirq)


def time_evidence(view: View, found: Busiest) -> Evidence:
    """That part as evidence."""
    return view.evidence(
        cpu.SOURCE,
        "softirq_s",
        found.part,
        unit="",
        scope=Scope("cpu", found.cpu),
        says="part of its time in softirqs",
    )


def heavy(view: View, *needed: AnySource) -> tuple[Busiest, Evidence] | Refuted | Unknown:
    """The CPU where softirqs take much of the time, and that time; else what is to be said instead."""
    missing = next(filter(None, (view.window.why_absent(each) for each in (cpu.SOURCE, *needed))), None)
    if missing:
        return Unknown(reason=f"the time in softirqs cannot be read: {missing}")
    if view.window.since_boot:
        return Unknown(reason="a share of the time takes two readings, and there is one")
    found = busiest(view)
    if found is None:
        return Unknown(reason="the times of the CPUs were reset")
    time = time_evidence(view, found)
    if found.part < HEAVY.value:
        return Refuted(
            reason=f"softirqs take {found.part:.1%} of {found.cpu}, and less of the others", evidence=(time,)
        )
    return found, time


def counts(view: View, name: str) -> dict[str, float]:
    """How many softirqs of each kind ran on that CPU, per second."""
    found = view.window.each_over(softirqs.SOURCE).get(name)
    if found is None:
        return {}
    seconds = view.window.seconds_of(softirqs.SOURCE)
    return {
        field: value / seconds
        for field in softirqs.Softirqs.__struct_fields__
        if (value := getattr(found, field)) is not None
    }


def of_network(view: View, found: Busiest) -> bool:
    """Whether it is the network's softirqs that take the time: as measured, else as far as their number allows."""
    if view.has(softirq.SOURCE.name):
        measured = {
            name.upper(): each.run_s or 0.0 for name, each in view.window.each_over(softirq.SOURCE).items()
        }
        total = sum(measured.values())
        if total > 0:
            return measured.get("NET_RX", 0.0) + measured.get("NET_TX", 0.0) >= 0.5 * total
    ran = counts(view, found.cpu)
    return (ran.get("net_rx", 0.0) + ran.get("net_tx", 0.0)) * PACKET_S.value >= 0.5 * found.part
