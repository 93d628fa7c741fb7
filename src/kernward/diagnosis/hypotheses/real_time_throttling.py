"""Real-time tasks take the CPU time of all others, or are stopped because they do."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_events, processes, scheduler_settings
from kernward.collectors.sources.kernel_events import RECENT_S
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
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

FULL = Threshold(
    "part of a CPU that a real-time task used",
    0.85,
    "",
    "the kernel stops real-time tasks at 0.95 s of each second (kernel.sched_rt_runtime_us); what comes near that "
    "leaves nothing to others on that CPU",
)
# SCHED_FIFO and SCHED_RR in include/uapi/linux/sched.h.
REAL_TIME = (1, 2)


def _test(view: View) -> Iterator[Verdict]:
    event = view.window.each(kernel_events.SOURCE).get("rt-throttling")
    recent = event is not None and event.age_s is not None and event.age_s <= RECENT_S
    if view.window.why_absent(processes.SOURCE):
        yield Unknown(reason=f"processes cannot be read: {view.window.why_absent(processes.SOURCE)}")
        return
    told = (
        (
            view.evidence(
                kernel_events.SOURCE, "count", event.count, says=event.latest[-1].text[:200], change=False
            ),
        )
        if event is not None
        else ()
    )
    hogs = [each for each in processors.others(view) if _real_time(each) and each.ran >= FULL.value]
    for each in hogs:
        yield _confirmed(view, each, told, recent)
    if hogs:
        return
    if recent:
        yield Confirmed(
            scope=HOST,
            confidence=0.7,
            impact=0.5,
            mechanism=(
                "The kernel stopped real-time tasks that had used up their share of a second, within the last "
                f"{RECENT_S / 60:.0f} minutes (sched_rt_runtime_exceeded() in kernel/sched/rt.c). It prints that once a "
                "boot, and none of them uses a CPU fully now."
            ),
            evidence=told,
        )
        return
    if view.window.since_boot:
        yield Unknown(reason="whether a real-time task uses a CPU fully takes two readings, and there is one")
        return
    waiting = [each for each in processors.others(view) if _real_time(each)]
    yield Refuted(
        reason=(
            f"the busiest real-time task, {waiting[0].name}, uses {waiting[0].ran:.0%} of a CPU"
            if waiting
            else "no real-time task runs"
        )
    )


def _real_time(runner: Runner) -> bool:
    # migration/N and watchdogs of the kernel are real-time threads that run for microseconds.
    return runner.process.policy in REAL_TIME


def _confirmed(view: View, runner: Runner, told: tuple[Evidence, ...], recent: bool) -> Confirmed:
    settings = view.window.of(scheduler_settings.SOURCE)
    limit = "without any limit"
    evidence: list[Evidence] = []
    if settings is not None and settings.rt_runtime_s is not None:
        if settings.rt_runtime_s >= 0 and settings.rt_period_s:
            limit = f"up to {settings.rt_runtime_s:g} s of each {settings.rt_period_s:g} s"
        evidence.append(
            view.evidence(scheduler_settings.SOURCE, "rt_runtime_s", settings.rt_runtime_s, change=False)
        )
    policy = "SCHED_FIFO" if runner.process.policy == 1 else "SCHED_RR"
    return Confirmed(
        scope=runner.scope,
        confidence=0.95 if recent else 0.85,
        impact=min(1.0, runner.ran),
        mechanism=(
            f"{runner.name} runs with {policy} at priority {runner.process.realtime_priority} and used {runner.ran:.2f} "
            f"CPUs. pick_next_task() serves real-time tasks before all normal ones, {limit}; whatever shares that "
            "CPU, threads of the kernel included, gets what is left."
        ),
        evidence=(
            view.evidence(
                processes.SOURCE,
                "user_s",
                runner.ran,
                unit="CPUs",
                scope=runner.scope,
                says=f"{policy}, priority {runner.process.realtime_priority}",
            ),
            *told,
            *evidence,
        ),
        chain=(
            f"{runner.name} does not pause",
            "normal tasks on its CPU starve, kworkers and RCU callbacks with them",
            "stalls, timeouts, at worst rcu-stall and hung-task",
        ),
        victims=(Scope("cpu", f"cpu{runner.process.processor}"),)
        if runner.process.processor is not None
        else (),
    )


HYPOTHESIS = Hypothesis(
    id="real-time-throttling",
    title="A real-time task takes a CPU",
    group="cpu",
    claim="A task with a real-time priority uses a CPU without pause, and others starve or it is throttled.",
    signals=(
        Signal("processes.policy", "1 or 2: it is served before all normal tasks"),
        Signal("processes.user_s", "it uses its CPU nearly all the time"),
        Signal("kernel_events.count", "rt-throttling: the kernel had to stop it"),
        Signal("scheduler_settings.rt_runtime_s", "how long it may run in each period"),
    ),
    thresholds=(FULL,),
    rivals=(
        Rival("cpu-run-queue-overload", "there normal threads share the CPU; none starves"),
        Rival("single-thread-bottleneck", "there the thread is a normal one, and takes nothing from others"),
    ),
    explains=("cpu-run-queue-overload",),
    mechanism=(
        "SCHED_FIFO and SCHED_RR tasks run before all normal ones. sched_rt_runtime_exceeded() in kernel/sched/rt.c "
        "stops them when they used kernel.sched_rt_runtime_us (0.95 s) of kernel.sched_rt_period_us (1 s), and prints "
        "so once a boot. Since 6.12 the fair server (a deadline task of 50 ms a second, fair_server_init() in "
        "kernel/sched/fair.c) serves normal tasks instead, and nothing is printed."
    ),
    actions=(
        Action(
            "now",
            "Take the priority from it.",
            "What needs it (a codec, a driver) may miss its deadlines.",
            "chrt -o -p 0 PID",
        ),
        Action("now", "Move others off its CPU.", "They are crowded elsewhere."),
        Action(
            "for good",
            "Let it sleep between its pieces of work, give it a deadline (SCHED_DEADLINE) or a CPU of its own; never set sched_rt_runtime_us to -1 on a machine that others use.",
            "A CPU of its own is idle when it is.",
        ),
    ),
    kinds=("rt-throttling",),
    see=("sched(7)", "Documentation/scheduler/sched-rt-group.rst", "kernel/sched/rt.c"),
    test=_test,
)
