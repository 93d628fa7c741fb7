"""Processors spin for a lock of the kernel that another holds."""

from collections.abc import Iterator, Sequence

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.measurements import kernel_locks
from kernward.collectors.measurements.kernel_locks import KernelLock
from kernward.collectors.sources import stat
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged, task, unread
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("soft-lockup", "hard-lockup", "spinlock-lockup")
_SPINS = ("queued_spin_lock_slowpath", "queued_read_lock_slowpath", "queued_write_lock_slowpath", "_raw_spin_lock",
          "_raw_read_lock", "_raw_write_lock", "do_raw_spin_lock", "osq_lock")  # fmt: skip
_SPINNING = ("spin", "read", "write")
AGE = Threshold(
    "age of the last lockup",
    RECENT_S,
    "s",
    "a lockup that is over explains what was slow in the minutes around it",
)
BESIDE = Threshold(
    "time between the reports of a waiter and of its holder",
    30.0,
    "s",
    "the watchdog of each CPU fires on its own, every 4 s with the default of kernel.watchdog_thresh, and reports again "
    "only after as long as a lockup takes",
)
SPUN = Threshold(
    "CPUs that spin",
    0.25,
    "",
    "a lock that is well used costs some percent of a CPU; a quarter of one is lost where threads run into each other",
)
KERNEL = Threshold(
    "part of the processors' time in the kernel",
    0.3,
    "",
    "spinning is time in the kernel; with little of it none spins",
)


def _test(view: View) -> Iterator[Verdict]:
    events = [each for each in logged(view, *KINDS, within_s=AGE.value).events if each.kind in KINDS]
    waiting = [each for each in events if _spins(each)]
    if waiting:
        yield _locked_up(view, waiting, [each for each in events if not _spins(each)])
        return
    log = "the log could not be read" if unread(view) else "the log tells of no CPU that was stuck at a lock"
    machine = view.window.over(stat.SOURCE)
    if view.has("kernel-locks"):
        yield from _contended(view)
        return
    if machine is None or machine.system_s is None or view.window.since_boot:
        yield Unknown(reason=f"{log}; how long CPUs spin was not measured")
        return
    # Ticks that were held back are counted together, so that a short window may hold more than its time.
    share = min(1.0, machine.system_s / (view.window.seconds_of(stat.SOURCE) * (machine.cpus or 1)))
    proof = view.evidence(
        stat.SOURCE, "system_s", share, unit="", says="the kernel's part of the processors' time"
    )
    if share < KERNEL.value:
        yield Refuted(
            reason=f"{log}, and the kernel takes {share:.0%} of the processors' time",
            evidence=(proof,),
        )
    elif (machine.cpus or 1) < 2:
        yield Refuted(reason="with a single CPU nobody spins for another", evidence=(proof,))
    elif view.can_ask("kernel-locks"):
        yield Open(
            suspicion=min(0.6, share),
            reason=f"the kernel takes {share:.0%} of the processors' time; whether they spin is to be measured",
            asks=("kernel-locks",),
            evidence=(proof,),
        )
    else:
        tried = view.measured.get("kernel-locks")
        yield Unknown(
            reason=f"the kernel takes {share:.0%} of the processors' time, and how much of it is spinning could not be "
            f"measured{': ' + tried.reason if tried and tried.reason else ''}",
            evidence=(proof,),
        )


def _spins(event: LogEvent) -> bool:
    return event.kind == "spinlock-lockup" or any(
        function.removeprefix("native_").removeprefix("__pv_").startswith(_SPINS)
        for function in event.stack[:6]
    )


def _locked_up(view: View, waiting: Sequence[LogEvent], others: Sequence[LogEvent]) -> Confirmed:
    last = waiting[-1]
    victim = task(last)
    near = [
        each
        for each in others
        if task(each) is not None
        and _cpu(each) != _cpu(last)
        and abs((each.at_s or 0.0) - (last.at_s or 0.0)) <= BESIDE.value
    ]
    # Of several the one in the same driver.
    near.sort(
        key=lambda each: (not set(each.modules) & set(last.modules), abs((each.at_s or 0) - (last.at_s or 0)))
    )
    holder = task(near[0]) if near else None
    scope = holder or victim or Scope()
    wanted = next(
        (
            each
            for each in last.stack
            if not each.removeprefix("native_").removeprefix("__pv_").startswith(_SPINS)
        ),
        None,
    )
    stuck_s = last.fields.get("stuck_s")
    return Confirmed(
        scope=scope,
        confidence=0.92 if holder else 0.8,
        impact=freshness(last, AGE.value),
        mechanism=(
            f"CPU {_cpu(last)} was stuck {f'for {stuck_s} s ' if stuck_s else ''}({ago(last.age_s)}): "
            f"{victim.name if victim else 'a task'} spun for a lock in {wanted or 'a function of the kernel'}(). "
            + (
                f"{holder.name} was busy in {near[0].function or 'the kernel'}() on CPU {_cpu(near[0])} at that time, "
                "and had it, or kept its holder from running."
                if holder
                else "Who held it does not show in the log."
            )
        ),
        evidence=tuple(
            evidence(view, each, scope=task(each) or Scope()) for each in (*waiting[-2:], *near[:1])
        ),
        chain=(
            f"{scope.name or 'a task'} keeps a spin lock for seconds",
            "whoever wants it spins with preemption off",
            "both CPUs are lost to everything else",
        ),
        victims=(victim,) if victim and victim != scope else (),
    )


def _cpu(event: LogEvent) -> object:
    return event.fields.get("cpu", event.cpu)


def _contended(view: View) -> Iterator[Verdict]:
    seconds = view.window.seconds_of(kernel_locks.SOURCE)
    spun: list[tuple[float, str, KernelLock]] = []
    for name, each in view.window.each_over(kernel_locks.SOURCE).items():
        if each.kind in _SPINNING and each.wait_s:
            spun.append((each.wait_s / seconds, name, each))
    if not spun:
        yield Refuted(reason="no CPU had to spin for a lock of the kernel while that was measured")
        return
    share, name, lock = max(spun, key=lambda each: each[0])
    proof = view.evidence(
        kernel_locks.SOURCE,
        "wait_s",
        share,
        unit="CPUs",
        says=f"spun in {name}, {lock.waits} times",
        file="eBPF",
    )
    if share < SPUN.value:
        yield Refuted(reason=f"CPUs spin for {share:.2f} s a second at most, in {name}", evidence=(proof,))
        return
    by = lock.by_process_s or {}
    most = max(by, key=lambda each: by[each]) if by else None
    yield Confirmed(
        scope=Scope("process", most) if most else Scope(),
        confidence=0.85,
        impact=min(1.0, share),
        mechanism=(
            f"{share:.1f} CPUs spin for one lock, in {lock.function or name}(): {lock.waits} times within {seconds:.0f} s"
            + (f", most for {most}" if most else "")
            + ". That time shows as the kernel's and does nothing."
        ),
        evidence=(proof,),
        chain=(
            "many CPUs enter the same part of the kernel",
            "one has its lock, the others spin",
            "system time grows",
        ),
        victims=tuple(Scope("process", each) for each in sorted(by, key=lambda each: -by[each])[1:4]),
    )


HYPOTHESIS = Hypothesis(
    id="lock-held-busy",
    title="CPUs that spin for a lock of the kernel",
    group="cpu",
    claim="A spin lock of the kernel is held so long, or wanted so often, that CPUs do nothing but wait for it.",
    signals=(
        Signal("kernel_events.latest", "a CPU that was stuck, with a lock's slow path on its stack"),
        Signal("stat.system_s", "high while CPUs spin"),
        Signal("kernel-locks.wait_s", "how long CPUs spin, and where"),
    ),
    thresholds=(AGE, BESIDE, SPUN, KERNEL),
    rivals=(
        Rival("lock-held-asleep", "there waiters sleep in state D and CPUs are free"),
        Rival("kernel-time", "there the kernel works, without waiting for another CPU"),
        Rival("user-lock-contention", "there threads sleep in futex()"),
    ),
    explains=("kernel-time", "d-state-pileup"),
    mechanism=(
        "queued_spin_lock_slowpath() in kernel/locking/qspinlock.c has each waiter spin with preemption off; a holder "
        "that does not come on takes its CPU and that of each waiter. After twice kernel.watchdog_thresh "
        "watchdog_timer_fn() in kernel/watchdog.c reports both as soft lockups: the one in the slow path is the victim."
    ),
    actions=(
        Action(
            "now",
            "See where both are: the report of the CPU that is not in the slow path names the culprit.",
            "None.",
            "kernward triage /dev/kmsg; perf lock contention -a -b sleep 5",
        ),
        Action(
            "for good",
            "Report it to the maintainers of what holds the lock; contention without a lockup often ends with fewer "
            "threads in the same directory, inode, socket or memory map.",
            "None.",
        ),
    ),
    asks=("kernel-locks",),
    kinds=KINDS,
    see=("kernel/locking/qspinlock.c", "kernel/watchdog.c"),
    test=_test,
)
