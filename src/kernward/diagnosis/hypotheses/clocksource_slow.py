"""The kernel reads the time from a device, although it has, or had, a clock in the processor."""

from collections.abc import Iterator

from kernward.collectors.measurements import syscalls
from kernward.collectors.sources import clocksource, kernel_events
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
from kernward.records.check import Action, Evidence

# Clocks that are read over a bus, and how: each reading takes a microsecond or more, on an emulated machine
# an exit to the hypervisor.
SLOW = {
    "acpi_pm": "acpi_pm_read() in drivers/clocksource/acpi_pm.c reads an I/O port",
    "hpet": "read_hpet() in arch/x86/kernel/hpet.c reads a register of the chip set",
    "pit": "the interval timer is read over I/O ports",
    "jiffies": "time goes on with each tick only",
    "refined-jiffies": "time goes on with each tick only",
    "hyperv_clocksource_msr": "read_hv_clock_msr() asks the hypervisor",
}
READS = Threshold(
    "readings of the time by system call per second",
    100.0,
    "1/s",
    "with a clock in the processor the vDSO reads it without any call, so a program that calls for the time this "
    "often has lost that",
)


def _test(view: View) -> Iterator[Verdict]:
    seen = view.window.of(clocksource.SOURCE)
    if seen is None or seen.current is None:
        yield Unknown(reason=f"the clock source cannot be read: {view.window.why_absent(clocksource.SOURCE)}")
        return
    evidence = view.evidence(
        clocksource.SOURCE,
        "current",
        seen.current,
        says=f"of {', '.join(seen.available) or 'those there are'}, the best first",
        change=False,
    )
    if seen.current not in SLOW:
        yield Refuted(
            reason=f"the time is read from {seen.current}, which takes no device", evidence=(evidence,)
        )
        return
    ahead = seen.available[: seen.available.index(seen.current)] if seen.current in seen.available else ()
    lost = view.window.each(kernel_events.SOURCE).get("clocksource-unstable")
    given_up = view.window.each(kernel_events.SOURCE).get("tsc-unstable")
    calls = _calls(view)
    if ahead:
        better, why = ahead[0], f"{ahead[0]} is there and would be chosen: somebody set it by hand"
        yield _confirmed(seen.current, 0.92, why, (evidence, *calls), better)
    elif lost is not None and lost.latest and not seen.virtual:
        name = str(lost.latest[-1].fields.get("clocksource") or "the TSC")
        found = view.evidence(
            kernel_events.SOURCE, "count", lost.count, says=lost.latest[-1].text[:200], change=False
        )
        why = f"its watchdog found {name} unstable and the kernel took the next best"
        yield _confirmed(seen.current, 0.92, why, (evidence, found, *calls), name)
    elif calls:
        yield _confirmed(
            seen.current,
            0.75,
            "it is the best that the kernel has",
            (evidence, *calls),
            "the processor's counter",
        )
    else:
        # A virtual CPU that is kept from running looks to the watchdog like a clock that goes wrong.
        event = next((each for each in (lost, given_up) if each is not None and each.latest), None)
        said = event.latest[-1].text[:120] if event is not None else ""
        yield Unknown(
            reason=(
                f"the time is read from {seen.current}, the best clock that this machine has"
                + (f" ({said})" if said else "")
                + "; whether programs read it so often that it matters was not measured"
            ),
            evidence=(evidence,),
        )


def _calls(view: View) -> tuple[Evidence, ...]:
    """Readings of the time that went into the kernel, where system calls were measured."""
    if not view.has(syscalls.SOURCE.name):
        return ()
    total = 0
    for each in view.window.each_over(syscalls.SOURCE).values():
        for name in ("clock_gettime", "gettimeofday", "time"):
            total += (each.calls_by_name or {}).get(name, 0)
    rate = total / view.window.seconds_of(syscalls.SOURCE)
    if rate < READS.value:
        return ()
    return (
        view.evidence(
            syscalls.SOURCE, "calls_by_name", rate, unit="1/s", says="readings of the time by system call"
        ),
    )


def _confirmed(
    current: str, confidence: float, why: str, evidence: tuple[Evidence, ...], better: str
) -> Confirmed:
    return Confirmed(
        scope=HOST,
        confidence=confidence,
        # Nothing says how much of a program's time it is, unless its calls were counted.
        impact=0.6 if len(evidence) > 1 else 0.5,
        mechanism=(
            f"The time is read from {current} and not from {better}: {why}. {SLOW[current]}; and since the vDSO cannot do "
            "that, every clock_gettime() and gettimeofday() becomes a system call. Whoever stamps each request, "
            "log line or scheduling decision pays for it."
        ),
        evidence=evidence,
        chain=(
            f"the clock source is {current}",
            "each reading of the time is a system call and an access to a device",
            "programs that read the time often spend their time on it, and CPUs queue up for the device",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="clocksource-slow",
    title="Time read from a slow clock",
    group="time",
    claim="The kernel's clock source is a device rather than the processor's own counter.",
    signals=(
        Signal("clocksource.current", "what the time is read from"),
        Signal("clocksource.available", "what it could be read from, the best first"),
        Signal("kernel_events.count", "clocksource-unstable: the kernel's watchdog gave a clock up"),
        Signal("syscalls.calls_by_name", "clock_gettime() as a system call: the vDSO does not serve it"),
    ),
    thresholds=(READS,),
    rivals=(
        Rival("clock-jump", "there the time is wrong; here it is right and takes long to read"),
        Rival("kernel-time", "there another path of the kernel takes the time"),
    ),
    explains=("kernel-time",),
    mechanism=(
        "clocksource_select() in kernel/time/clocksource.c takes the source with the highest rating, unless one was "
        "set through sysfs or clocksource=. clocksource_watchdog() compares the TSC with a device and marks it "
        "unstable when they differ too much, and timekeeping then goes on with HPET or the ACPI timer. "
        "update_vsyscall() tells the vDSO that it may not read such a source, so user space enters the kernel for "
        "each reading."
    ),
    actions=(
        Action(
            "now",
            "Set the processor's counter again, if the kernel did not give it up itself.",
            "If the counters of the CPUs differ, time then jumps between them: look for tsc-unstable in the log first.",
            "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource",
        ),
        Action(
            "for good",
            "Where the watchdog gave up a good TSC: update the firmware, and on machines that are known to keep it "
            "start with tsc=nowatchdog; in virtual machines use kvm-clock or the hypervisor's page.",
            "Without the watchdog nobody notices a TSC that does go wrong.",
        ),
    ),
    kinds=("clocksource-unstable", "tsc-unstable", "tsc-warp"),
    see=("Documentation/timers/timekeeping.rst", "kernel/time/clocksource.c"),
    test=_test,
)
