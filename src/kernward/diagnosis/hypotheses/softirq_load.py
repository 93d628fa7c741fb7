"""Softirqs other than those of the network take a good part of a CPU's time."""

from collections.abc import Iterator

from kernward.collectors.measurements import softirq
from kernward.collectors.sources import processes, softirqs
from kernward.diagnosis import softirq_time
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Verdict,
)
from kernward.diagnosis.softirq_time import HEAVY, PACKET_S, Busiest
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope


def _test(view: View) -> Iterator[Verdict]:
    found = softirq_time.heavy(view)
    if not isinstance(found, tuple):
        yield found
        return
    busiest, time = found
    if softirq_time.of_network(view, busiest):
        yield Refuted(reason=f"the softirqs on {busiest.cpu} are those of the network", evidence=(time,))
        return
    if view.can_ask(softirq.SOURCE.name):
        yield Open(
            suspicion=0.6,
            reason=f"softirqs take {busiest.part:.0%} of {busiest.cpu}; of which kind is not known yet",
            asks=(softirq.SOURCE.name,),
            evidence=(time,),
        )
        return
    yield _confirmed(view, busiest, time)


def _confirmed(view: View, busiest: Busiest, time: Evidence) -> Confirmed:
    kind, kinds = _kind(view, busiest)
    helper = _ksoftirqd(view, busiest)
    return Confirmed(
        scope=HOST,
        confidence=0.93 if view.has(softirq.SOURCE.name) else 0.85,
        impact=busiest.part,
        mechanism=(
            f"handle_softirqs() in kernel/softirq.c (__do_softirq() in older kernels) ran for {busiest.part:.0%} of the time of "
            f"{busiest.cpu}{kind}, in ksoftirqd or on the way out of an interrupt. That time is no process's; whatever "
            "runs on that CPU goes without it."
        ),
        evidence=(time, *kinds, *helper),
        chain=(
            "a driver or the kernel has work that is done in softirqs",
            f"it takes {busiest.part:.0%} of {busiest.cpu}",
            "what runs there gets slower, and no process is to blame for it",
        ),
        victims=(Scope("cpu", busiest.cpu),),
    )


def _kind(view: View, busiest: Busiest) -> tuple[str, tuple[Evidence, ...]]:
    """Which kind takes the time, where that was measured; else what came more often than on other CPUs."""
    if view.has(softirq.SOURCE.name):
        measured = {name: each.run_s or 0.0 for name, each in view.window.each_over(softirq.SOURCE).items()}
        if measured and max(measured.values()) > 0:
            name = max(measured, key=lambda each: measured[each])
            part = measured[name] / sum(measured.values())
            evidence = view.evidence(
                softirq.SOURCE,
                "run_s",
                measured[name],
                says=f"in softirqs of the kind {name}, {part:.0%} of all",
            )
            return f", {part:.0%} of it in {name}", (evidence,)
    counts = softirq_time.counts(view, busiest.cpu)
    if not counts:
        return "", ()
    # Timer, scheduler and RCU softirqs come on every tick, so that many of them mean nothing.
    unusual = {
        name: rate for name, rate in counts.items() if name not in ("timer", "sched", "rcu") and rate > 0
    }
    if not unusual:
        return "", ()
    name = max(unusual, key=lambda each: unusual[each])
    return "", (
        view.evidence(
            softirqs.SOURCE,
            name,
            unusual[name],
            unit="1/s",
            scope=Scope("cpu", busiest.cpu),
            says="most frequent there but for those of each tick; how long each takes is not counted",
        ),
    )


def _ksoftirqd(view: View, busiest: Busiest) -> tuple[Evidence, ...]:
    number = busiest.cpu[3:]
    for pid, process in view.window.each_over(processes.SOURCE).items():
        if process.comm == f"ksoftirqd/{number}" and process.kernel_thread and process.system_s:
            part = process.system_s / view.window.seconds_of(processes.SOURCE)
            return (
                view.evidence(
                    processes.SOURCE,
                    "system_s",
                    part,
                    unit="CPUs",
                    scope=Scope("process", processes.label(pid, process)),
                    says="the thread that takes over when softirqs do not end",
                ),
            )
    return ()


HYPOTHESIS = Hypothesis(
    id="softirq-load",
    title="CPU time taken by softirqs",
    group="cpu",
    claim="Softirqs other than the network's (tasklets, timers, block completions, RCU) take a CPU's time.",
    signals=(
        Signal("cpu.softirq_s", "time in softirqs, CPU by CPU"),
        Signal("softirqs.net_rx", "few for that time: the network is not what takes it"),
        Signal("softirq.run_s", "which kind it is"),
        Signal("processes.system_s", "of ksoftirqd: softirqs that do not end are handed to it"),
    ),
    thresholds=(HEAVY, PACKET_S),
    rivals=(
        Rival(
            "network-softirq-load",
            "there packets are what is worked on: net_rx softirqs come by the thousand",
        ),
        Rival("interrupt-load", "there the handlers of interrupts themselves take the time"),
        Rival("kernel-time", "there a task is in the kernel, and the time is its own"),
    ),
    mechanism=(
        "Interrupt handlers put off what takes longer to softirqs. handle_softirqs() in kernel/softirq.c "
        "(__do_softirq() in older kernels) runs them when the interrupt is done, for at most 2 ms or ten rounds "
        "(MAX_SOFTIRQ_TIME, MAX_SOFTIRQ_RESTART), then leaves the rest to ksoftirqd, a normal thread. Tasklets "
        "(tasklet_action()), timers, block completions and RCU callbacks run there, each as long as it likes."
    ),
    actions=(
        Action(
            "now",
            "Find the function: sample that CPU, or trace softirq_entry and tasklet_entry.",
            "Sampling costs a percent of that CPU.",
            "perf record -g -C CPU -- sleep 5",
        ),
        Action(
            "now",
            "Move what must answer in time off that CPU, or the device's interrupt to another one.",
            "The load moves with it.",
            "echo CPULIST > /proc/irq/N/smp_affinity_list",
        ),
        Action(
            "for good",
            "Fix or update the driver that polls in softirqs; let it use a threaded interrupt or a workqueue.",
            "A new driver has to be tested.",
        ),
    ),
    asks=("softirq",),
    see=("kernel/softirq.c", "Documentation/admin-guide/kernel-per-CPU-kthreads.rst (ksoftirqd)"),
    test=_test,
)
