"""The hypervisor runs other virtual machines while this one's CPUs want to run."""

from collections.abc import Iterator

from kernward.collectors.sources import stat
from kernward.diagnosis import processors
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action

STOLEN = Threshold(
    "part of the CPU time it wanted that was stolen",
    0.1,
    "",
    "hosts that are not overcommitted stay at a percent or two; from a tenth on, work takes noticeably longer",
)
LASTING = Threshold(
    "part of the readings in which it was so",
    0.5,
    "",
    "a live migration or a backup of the host steals for a second or two",
)
WANTED_S = Threshold(
    "CPU time wanted in the window", 0.5, "s", "an idle machine's few ticks make a share of nothing"
)


def _test(view: View) -> Iterator[Verdict]:
    times = processors.machine(view)
    over = view.window.over(stat.SOURCE)
    if times is None or over is None or over.steal_s is None:
        missing = view.window.why_absent(stat.SOURCE) or "its counters were reset"
        yield Unknown(reason=f"stolen time cannot be read: {missing}")
        return
    wanted = times.busy
    part = times.steal / wanted if wanted > 0 else 0.0
    evidence = view.evidence(
        stat.SOURCE,
        "steal_s",
        part,
        unit="",
        says="part of the CPU time it wanted" + (", since boot" if view.window.since_boot else ""),
        change=not view.window.since_boot,
    )
    if wanted * times.total_s < WANTED_S.value:
        yield Refuted(
            reason="the machine wanted next to no CPU time, so none can be missing", evidence=(evidence,)
        )
        return
    steps = [shares for _, _, grown in view.window.steps(stat.SOURCE) if (shares := processors.shares(grown))]
    lasting = [each for each in steps if each.busy > 0 and each.steal >= STOLEN.value * each.busy]
    if part < STOLEN.value:
        yield Refuted(reason=f"{part:.1%} of the CPU time that it wanted was stolen", evidence=(evidence,))
    elif not view.window.since_boot and len(lasting) < LASTING.value * len(steps):
        yield Refuted(
            reason=f"time was stolen in {len(lasting)} of {len(steps)} readings only: a moment, not a state",
            evidence=(evidence,),
        )
    else:
        yield Confirmed(
            scope=HOST,
            confidence=0.5 if view.window.since_boot else 0.9,
            impact=part,
            mechanism=(
                f"The hypervisor did not run this machine's CPUs for {part:.0%} of the time in which they had work"
                + (", taken over all the time since boot" if view.window.since_boot else "")
                + ": it tells so in a shared page, and steal_account_process_time() in kernel/sched/cputime.c "
                "accounts it to no task. Whatever is measured inside took longer for it."
            ),
            evidence=(evidence,),
            chain=(
                "the physical host has more virtual CPUs that want to run than CPUs",
                f"this machine's wait for {part:.0%} of their time",
                "every thread here takes longer, spinning locks worst: their holder may be the one not running",
            ),
            plots=(
                view.plot(
                    stat.SOURCE,
                    "steal_s",
                    [
                        (at, found.steal)
                        for at, _, grown in view.window.steps(stat.SOURCE)
                        if (found := processors.shares(grown))
                    ],
                    scope=HOST,
                    unit="",
                ),
            )
            if len(steps) > 1
            else (),
        )


HYPOTHESIS = Hypothesis(
    id="cpu-steal",
    title="CPU time stolen by the hypervisor",
    group="cpu",
    claim="The physical host runs others while this virtual machine wants to run.",
    signals=(Signal("stat.steal_s", "time in which a CPU had work and the hypervisor did not run it"),),
    thresholds=(STOLEN, LASTING, WANTED_S),
    rivals=(
        Rival(
            "cpu-run-queue-overload", "there this machine's own threads take the time, and steal stays near 0"
        ),
        Rival("cpu-noisy-neighbour", "there the neighbour is a cgroup of this machine"),
        Rival("thermal-throttling", "there the CPU runs, only slower"),
    ),
    mechanism=(
        "KVM, Xen, Hyper-V and PowerVM tell a guest for how long each of its CPUs could run and did not "
        "(kvm_steal_clock() in arch/x86/kernel/kvm.c); steal_account_process_time() in kernel/sched/cputime.c takes it from "
        "the tasks' times and shows it as steal. It comes of overcommitted hosts and of CPU limits that the "
        "provider sets (burst credits). An emulated machine without this page shows 0 whatever happens."
    ),
    actions=(
        Action(
            "now",
            "Move the machine to another host (stop and start it, or migrate it), or move the load off it.",
            "A restart is an outage; ephemeral disks are lost on some clouds.",
        ),
        Action(
            "now",
            "Look whether the type of machine has burst credits and whether they are used up.",
            "None.",
        ),
        Action(
            "for good",
            "Use machines with dedicated CPUs for what must answer in time; alert on steal.",
            "They cost more.",
        ),
    ),
    see=("Documentation/virt/kvm/x86/msr.rst (MSR_KVM_STEAL_TIME)", "kernel/sched/cputime.c"),
    test=_test,
)
