"""Interrupts come so often that serving them takes a good part of the CPUs' time."""

from collections.abc import Iterator

from kernward.collectors.sources import cpu, interrupts
from kernward.diagnosis import processors, wakeups
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
from kernward.diagnosis.wakeups import (
    CPU,
    KERNEL,
    MOSTLY,
    MOVED,
    OFTEN,
    SLICE,
    UNSEEN,
    Switcher,
    others_of,
)
from kernward.records.check import Action, Evidence, Scope

HANDLERS = Threshold(
    "part of a CPU's time in interrupt handlers",
    0.1,
    "",
    "handlers put off what takes long; a busy server spends a percent or two there",
)
SHARE = Threshold(
    "part of the wakings for which there was an interrupt",
    0.3,
    "",
    "one interrupt may wake several threads whose times are up together, and some are woken by others",
)


def _test(view: View) -> Iterator[Verdict]:
    if view.window.since_boot:
        yield Unknown(reason="how often interrupts come now takes two readings, and there is one")
        return
    missing = view.window.why_absent(interrupts.SOURCE) or view.window.why_absent(cpu.SOURCE)
    if missing:
        yield Unknown(reason=f"interrupts cannot be read: {missing}")
        return
    each_cpu = processors.each_cpu(view)
    suspects = wakeups.suspects(view)
    asked = wakeups.ask(view, suspects)
    rate = _rate(view)
    # A process that makes them come is told apart before the CPU that serves them.
    if asked is not None and rate >= OFTEN.value:
        yield asked
        return
    switchers = list(wakeups.switchers(view))
    asked = wakeups.ask_who(view, switchers) if rate >= OFTEN.value else None
    if asked is not None:
        yield asked
        return
    found = [each for each in switchers if _by_interrupts(view, each)]
    for each, same in wakeups.of_one_name(found):
        yield _of_process(view, each, same)
    if found:
        return
    worst = max(each_cpu, key=lambda name: each_cpu[name].irq, default=None)
    if worst is not None and each_cpu[worst].irq >= HANDLERS.value:
        yield _of_handlers(view, worst, each_cpu[worst].irq)
        return
    time = (
        f", their handlers take {each_cpu[worst].irq:.1%} of {worst}" if worst and each_cpu[worst].irq else ""
    )
    yield Refuted(
        reason=f"{rate:,.0f} interrupts of timers and devices came in a second beside the ticks{time}, and no process does little but wait for them",
        evidence=tuple(_most(view)),
    )


def _rate(view: View) -> float:
    device = wakeups.busiest_device(view)
    return wakeups.timer_rate(view) + (device[1] if device else 0.0)


def _by_interrupts(view: View, found: Switcher) -> bool:
    device = wakeups.busiest_device(view)
    if found.waker == "timer":
        return found.wakeups is not None or wakeups.timer_rate(view) >= SHARE.value * found.sleeps_per_s
    return found.waker == "device" and device is not None and device[1] >= SHARE.value * found.sleeps_per_s


def _most(view: View) -> Iterator[Evidence]:
    device = wakeups.busiest_device(view)
    if device is not None:
        yield view.evidence(
            interrupts.SOURCE, "count", device[1], unit="1/s", says=f"interrupt {device[0]}: {device[2]}"
        )


def _of_process(view: View, found: Switcher, same: list[Switcher]) -> Confirmed:
    runner = found.runner
    if found.waker == "timer":
        rate = wakeups.timer_rate(view)
        what = "interrupts of the local timer beside the ticks"
        source = view.evidence(interrupts.SOURCE, "count", rate, unit="1/s", says=f"LOC: {what}")
        how = "hrtimer_interrupt() in kernel/time/hrtimer.c ends a short sleep"
    else:
        device = wakeups.busiest_device(view)
        assert device is not None
        rate, what = device[1], f"interrupts of {device[2].rpartition(' ')[2]}"
        source = next(iter(_most(view)))
        how = "the driver's handler (kernel/irq/handle.c) ends a small request"
    evidence = [
        source,
        wakeups.sleeps_evidence(view, found, "times a second that its threads went to sleep"),
        processors.system_evidence(
            view,
            runner,
            f"its time in the kernel, of {runner.ran:.2f} CPUs in all: {found.slice_s * 1e6:,.0f} us for each sleep",
        ),
    ]
    evidence += wakeups.wakers_evidence(view, found)
    if found.waker == "device":
        evidence += wakeups.moved_evidence(view, found)
    ran = runner.ran + sum(each.runner.ran for each in same)
    return Confirmed(
        scope=runner.scope,
        confidence=0.8 if found.guessed else 0.9,
        impact=min(1.0, max(runner.system / runner.ran * 0.8, ran / processors.cpus(view))),
        mechanism=(
            f"{rate:,.0f} {what} come in a second, and {runner.name} goes to sleep {found.sleeps_per_s:,.0f} times a "
            f"second for them{others_of(same)}: {how}, the thread does next to nothing and asks for the next one. "
            f"Interrupt, waking and sleeping take {ran:.2f} CPUs, partly in the time of whatever else runs there."
        ),
        evidence=tuple(evidence),
        chain=(
            f"{runner.name} asks for very short sleeps"
            if found.waker == "timer"
            else f"{runner.name} asks for very small pieces",
            f"{rate:,.0f} interrupts a second",
            "whatever runs on these CPUs is interrupted as often",
        ),
    )


def _of_handlers(view: View, worst: str, part: float) -> Confirmed:
    seconds = view.window.seconds_of(interrupts.SOURCE)
    number = int(worst[3:]) if worst[3:].isdigit() else 0
    online = sorted(processors.online(view))
    place = online.index(number) if number in online else 0
    here = [
        (each.by_cpu[place] / seconds, name, each.doc or "")
        for name, each in view.window.each_over(interrupts.SOURCE).items()
        if each.by_cpu is not None and place < len(each.by_cpu)
    ]
    most = max(here, default=(0.0, "", ""))
    others = [each.irq for name, each in processors.each_cpu(view).items() if name != worst]
    alone = bool(others) and max(others) < part / 3
    return Confirmed(
        scope=HOST,
        confidence=0.85,
        impact=part,
        mechanism=(
            f"Interrupt handlers took {part:.0%} of the time of {worst}; the most frequent interrupt there is {most[1]} "
            f"({most[2]}), {most[0]:,.0f} times a second. irq_exit() accounts that time to no task, and whatever runs "
            "there goes without it." + (" The other CPUs serve far fewer." if alone else "")
        ),
        evidence=(
            view.evidence(
                cpu.SOURCE,
                "irq_s",
                part,
                unit="",
                scope=Scope("cpu", worst),
                says="part of its time in handlers",
            ),
            view.evidence(
                interrupts.SOURCE,
                "by_cpu",
                most[0],
                unit="1/s",
                scope=Scope("cpu", worst),
                says=f"{most[1]}: {most[2]}",
            ),
        ),
        chain=(
            f"{most[2] or 'a device'} interrupts {worst}",
            f"{part:.0%} of its time is gone",
            "what runs there gets slower",
        ),
        victims=(Scope("cpu", worst),),
    )


HYPOTHESIS = Hypothesis(
    id="interrupt-load",
    title="CPU time taken by interrupts",
    group="cpu",
    claim="Interrupts of timers or a device come so often that they take a good part of the CPUs' time.",
    signals=(
        Signal("cpu.irq_s", "time in handlers, where the kernel accounts it (CONFIG_IRQ_TIME_ACCOUNTING)"),
        Signal("interrupts.count", "how often which interrupt comes"),
        Signal("softirqs.timer", "how many of the local timer's interrupts are ticks"),
        Signal("threads.voluntary_switches", "a process that sleeps as often as they come lives of them"),
        Signal("process_io.characters_read_bytes", "how little it gets each time"),
        Signal("wakeups.by_timer", "measured: how often a timer wakes it"),
        Signal("wakeups.from_io", "measured: how often a request to a device that is done wakes it"),
    ),
    thresholds=(HANDLERS, SHARE, MOSTLY, CPU, KERNEL, SLICE, UNSEEN, MOVED, OFTEN),
    rivals=(
        Rival("context-switch-load", "there threads wake each other, and few interrupts come"),
        Rival("softirq-load", "there the time goes into what handlers put off"),
        Rival(
            "device-saturated",
            "there the device is what is waited for; here it answers at once, in tiny pieces",
        ),
    ),
    explains=("cpu-run-queue-overload",),
    mechanism=(
        "An interrupt stops whatever runs on its CPU: hrtimer_interrupt() in kernel/time/hrtimer.c for timers, "
        "__handle_irq_event_percpu() in kernel/irq/handle.c for devices. With the waking and sleeping of whoever "
        "asked for it, each costs microseconds, and an exit to the hypervisor in a virtual machine. Where "
        "CONFIG_IRQ_TIME_ACCOUNTING is off, or the clock is not trusted, /proc/stat shows no time for it."
    ),
    actions=(
        Action(
            "now",
            "See which interrupt it is and where it is served.",
            "None.",
            "watch -d -n1 cat /proc/interrupts",
        ),
        Action(
            "now",
            "For a device: spread its queues over the CPUs, or let it coalesce.",
            "Coalescing adds latency.",
            "ethtool -C IFACE adaptive-rx on; echo CPULIST > /proc/irq/N/smp_affinity_list",
        ),
        Action(
            "for good",
            "Let the program sleep for as long as it can (or wait for an event rather than poll), or ask for larger pieces.",
            "It reacts a little later.",
        ),
    ),
    asks=("wakeups",),
    cost="in a second look, /proc/PID/task and io of at most 8 processes",
    see=("kernel/irq/handle.c", "kernel/time/hrtimer.c", "Documentation/core-api/irq/irq-affinity.rst"),
    test=_test,
)
