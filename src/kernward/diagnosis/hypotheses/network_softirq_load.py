"""Packets keep the network stack so busy that its softirqs take a good part of a CPU's time."""

from collections.abc import Iterator

from kernward.collectors.measurements import softirq
from kernward.collectors.sources import net_dev, softirqs
from kernward.diagnosis import processors, softirq_time
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Verdict,
)
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.softirq_time import HEAVY, PACKET_S, Busiest
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

SENDS = Threshold(
    "CPUs that the sender spends in the kernel",
    0.15,
    "CPUs",
    "whoever sends through the loopback interface spends about as long in the kernel as the packets take to arrive",
)
IN_KERNEL = Threshold(
    "part of the sender's CPU time in the kernel",
    0.6,
    "",
    "sending is a system call; a program that does more than send spends its time in user space",
)
LOCAL = Threshold(
    "part of all received packets that came over the loopback interface",
    0.5,
    "",
    "then the sender is on this machine",
)


def _test(view: View) -> Iterator[Verdict]:
    found = softirq_time.heavy(view, softirqs.SOURCE)
    if not isinstance(found, tuple):
        yield found
        return
    busiest, time = found
    rate = softirq_time.counts(view, busiest.cpu).get("net_rx", 0.0)
    if not softirq_time.of_network(view, busiest):
        yield Refuted(
            reason=(
                f"softirqs take {busiest.part:.0%} of {busiest.cpu}, and {rate:,.0f} net_rx softirqs a second are too few "
                "to be what takes it"
            ),
            evidence=(time,),
        )
        return
    if view.can_ask(softirq.SOURCE.name):
        yield Open(
            suspicion=0.6,
            reason=f"softirqs take {busiest.part:.0%} of {busiest.cpu}, {rate:,.0f} net_rx softirqs a second among them",
            asks=(softirq.SOURCE.name,),
            evidence=(time,),
        )
        return
    yield _confirmed(view, busiest, time, rate)


def _confirmed(view: View, busiest: Busiest, time: Evidence, rate: float) -> Confirmed:
    packets = _packets(view)
    total = sum(packets.values())
    interface = max(packets, key=lambda name: packets[name], default=None)
    local = bool(total) and packets.get("lo", 0.0) >= LOCAL.value * total
    sender = _sender(view) if local or not total else None
    evidence = [
        time,
        view.evidence(
            softirqs.SOURCE,
            "net_rx",
            rate,
            unit="1/s",
            scope=Scope("cpu", busiest.cpu),
            says="softirqs that receive packets; each takes as many as came meanwhile",
        ),
    ]
    if interface is not None:
        evidence.append(
            view.evidence(
                net_dev.SOURCE,
                "received",
                packets[interface],
                unit="1/s",
                scope=Scope("interface", interface),
                says=f"packets received, of {total:,.0f} a second on all interfaces",
            )
        )
    scope, who = HOST, "Packets"
    if sender is not None:
        scope, who = sender.scope, f"Packets that {sender.name} sends over the loopback interface"
        evidence.append(
            processors.system_evidence(
                view, sender, f"its time in the kernel, of {sender.ran:.2f} CPUs in all"
            )
        )
    elif interface is not None and interface != "lo":
        scope, who = Scope("interface", interface), f"Packets that arrive at {interface}"
    return Confirmed(
        scope=scope,
        confidence=0.93 if view.has(softirq.SOURCE.name) else 0.87,
        impact=min(1.0, busiest.part + (min(1.0, sender.system) * 0.5 if sender is not None else 0.0)),
        mechanism=(
            f"{who} are received in softirqs: net_rx_action() in net/core/dev.c took {busiest.part:.0%} of the time of "
            f"{busiest.cpu}"
            + (
                ", where loopback_xmit() in drivers/net/loopback.c hands each sent packet to process_backlog(), still in the "
                "time of the sender's call"
                if sender is not None
                else ""
            )
            + ". That time is accounted to no process, and whatever runs on that CPU goes without it."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{total:,.0f} packets a second" if total else "many packets",
            f"softirqs take {busiest.part:.0%} of {busiest.cpu}",
            "what runs there gets slower; beyond its budget the stack drops packets (softnet_stat)",
        ),
        victims=(Scope("cpu", busiest.cpu),),
    )


def _packets(view: View) -> dict[str, float]:
    """Packets received per second, by interface."""
    seconds = view.window.seconds_of(net_dev.SOURCE)
    return {
        name: each.received / seconds
        for name, each in view.window.each_over(net_dev.SOURCE).items()
        if each.received
    }


def _sender(view: View) -> Runner | None:
    """The process that spends the most time in the kernel and little besides."""
    found = [
        each
        for each in processors.others(view)
        if not each.process.kernel_thread
        and each.system >= SENDS.value
        and each.system >= IN_KERNEL.value * each.ran
    ]
    return max(found, key=lambda each: each.system, default=None)


HYPOTHESIS = Hypothesis(
    id="network-softirq-load",
    title="CPU time taken by packets",
    group="cpu",
    claim="Receiving packets takes a good part of a CPU's time, in softirqs that belong to no process.",
    signals=(
        Signal("cpu.softirq_s", "time in softirqs, CPU by CPU"),
        Signal("softirqs.net_rx", "many enough to be what takes it"),
        Signal("softirq.run_s", "of NET_RX: the time itself"),
        Signal("net_dev.received", "on which interface they come"),
        Signal("processes.system_s", "of the process that sends them, when it is on this machine"),
    ),
    thresholds=(HEAVY, PACKET_S, SENDS, IN_KERNEL, LOCAL),
    rivals=(
        Rival("softirq-load", "there softirqs of another kind take the time; few packets come"),
        Rival(
            "softnet-squeeze",
            "there the stack no longer keeps up: its budget runs out or its queue overflows",
        ),
        Rival(
            "tcp-syn-flood",
            "there the packets are connection requests; see which, then this is how they hurt",
        ),
        Rival("interrupt-load", "there the device's interrupts take the time"),
    ),
    explains=("softnet-squeeze",),
    mechanism=(
        "A received packet is handed up in the softirq NET_RX: net_rx_action() in net/core/dev.c polls the queues, "
        "for at most net.core.netdev_budget packets and netdev_budget_usecs at a time, on the CPU that took the "
        "interrupt. Packets over the loopback interface are received on the sender's CPU within its call. Small "
        "packets cost as much as large ones, so the rate counts, not the bytes; packets for a port that nobody "
        "listens on cost an ICMP answer besides."
    ),
    actions=(
        Action(
            "now",
            "See what the packets are, and whether anybody wants them.",
            "Sampling 1,000 packets costs little.",
            "tcpdump -nn -c 1000 -i any",
        ),
        Action(
            "now",
            "Spread them: more queues (RSS), or receive packet steering over CPUs that have time.",
            "Packets of a flow stay together, flows move to other caches.",
            "echo MASK > /sys/class/net/IFACE/queues/rx-0/rps_cpus",
        ),
        Action(
            "for good",
            "Send fewer and larger packets (batching, aggregation in the metrics client), drop unwanted ones early (XDP, "
            "tc, the router), and limit what a client may send.",
            "Aggregation adds latency.",
        ),
    ),
    asks=("softirq",),
    see=("net/core/dev.c", "Documentation/networking/scaling.rst"),
    test=_test,
)
