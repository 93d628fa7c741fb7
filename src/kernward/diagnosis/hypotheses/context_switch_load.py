"""Threads hand each other the CPU at a high rate and do next to nothing in between."""

from collections.abc import Iterator

from kernward.collectors.measurements import syscalls
from kernward.collectors.sources import processes, stat, threads
from kernward.diagnosis import processors, wakeups
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
from kernward.diagnosis.view import View
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
from kernward.records.check import Action

HANDS = Threshold(
    "part of its system calls that wait, wake or hand something over",
    0.8,
    "",
    "a server whose threads hand each other requests receives and answers these as well: as many calls again",
)
_HANDING = frozenset(
    {
        *("futex", "futex_wait", "futex_wake", "futex_waitv", "futex_requeue", "sched_yield"),
        *(
            "read",
            "write",
            "readv",
            "writev",
            "poll",
            "ppoll",
            "select",
            "pselect6",
            "epoll_wait",
            "epoll_pwait",
        ),
        *("msgsnd", "msgrcv", "semop", "semtimedop", "mq_timedsend", "mq_timedreceive"),
        *("kill", "tgkill", "rt_sigqueueinfo", "rt_sigtimedwait", "rt_sigsuspend", "rt_sigreturn"),
    }
)


def _test(view: View) -> Iterator[Verdict]:
    if view.window.since_boot:
        yield Unknown(reason="how often threads switch now takes two readings, and there is one")
        return
    missing = view.window.why_absent(processes.SOURCE)
    if missing:
        yield Unknown(reason=f"processes cannot be read: {missing}")
        return
    back = processors.throttled(view)
    suspects = [each for each in wakeups.suspects(view) if not processors.held_back(each, back)]
    over = view.window.over(stat.SOURCE)
    switched = over.context_switches if over is not None else None
    rate = (
        f"{switched / view.window.seconds_of(stat.SOURCE):,.0f} switches a second, and " if switched else ""
    )
    if not suspects:
        yield Refuted(reason=f"{rate}no process spends its CPU time in the kernel")
        return
    asked = wakeups.ask(view, suspects)
    if asked is not None:
        yield asked
        return
    if not any(each.pid in processors.threads_of(view) for each in suspects):
        yield Unknown(reason=f"how often the threads of {suspects[0].name} sleep could not be read")
        return
    found = [each for each in wakeups.switchers(view) if each.runner in suspects]
    asked = wakeups.ask_who(view, found)
    if asked is not None:
        yield asked
        return
    struck = [each for each in found if each.waker == "thread"]
    counted = [each for each in struck if each.wakeups is not None]
    if counted and view.can_ask(syscalls.SOURCE.name):
        yield Open(
            suspicion=0.5,
            reason=f"{counted[0].runner.name} is woken by tasks all the time; what else it calls is not known yet",
            asks=(syscalls.SOURCE.name,),
        )
        return
    works = [each for each in counted if not _only_hands_over(view, each)]
    struck = [each for each in struck if each not in works]
    for each, same in wakeups.of_one_name(struck):
        yield _confirmed(view, each, same)
    if struck:
        return
    if works:
        yield Refuted(
            reason=f"{works[0].runner.name} sleeps {works[0].sleeps_per_s:,.0f} times a second, and does more in between "
            "than wait and wake"
        )
    elif found:
        reasons = {
            "timer": "timers wake it",
            "device": "a device wakes it",
            "network": "packets wake it",
            "lock": "its threads wait for locks of their own",
            "other": f"its threads wait in {found[0].where}()" if found[0].where else "by different things",
        }
        yield Refuted(
            reason=f"{found[0].runner.name} sleeps {found[0].sleeps_per_s:,.0f} times a second, and "
            f"{reasons[found[0].waker]}"
        )
    else:
        yield Refuted(reason=f"{rate}no process sleeps without having done something")


def _only_hands_over(view: View, found: Switcher) -> bool:
    """Whether nearly all that it asks of the kernel is to wait, to wake and to hand over."""
    calls = view.window.each_over(syscalls.SOURCE).get(found.runner.pid)
    if calls is None or not calls.calls:
        # Threads that were not seen in futex(2) slept somewhere else than for a lock or a signal of their own.
        return found.where is None or not found.where.startswith("futex_")
    handing = sum(count for name, count in (calls.calls_by_name or {}).items() if name in _HANDING)
    return handing >= HANDS.value * calls.calls


def _confirmed(view: View, found: Switcher, same: list[Switcher]) -> Confirmed:
    runner = found.runner
    evidence = [
        wakeups.sleeps_evidence(view, found, "times a second that its threads gave the CPU away to wait"),
        view.evidence(
            threads.SOURCE,
            "ran_s",
            found.slice_s * 1e6,
            unit="us",
            scope=runner.scope,
            says="CPU time for each of them",
        ),
        view.evidence(
            processes.SOURCE,
            "system_s",
            runner.system / runner.ran,
            unit="",
            scope=runner.scope,
            says=f"part of its CPU time in the kernel; it uses {runner.ran:.2f} CPUs",
        ),
        *wakeups.wakers_evidence(view, found),
        *wakeups.moved_evidence(view, found),
    ]
    return Confirmed(
        scope=runner.scope,
        confidence=0.75 if found.guessed else 0.9,
        impact=min(1.0, runner.system / runner.ran),
        mechanism=(
            f"{_who(found)} {found.sleeps_per_s:,.0f} times a second{others_of(same)}, and run {found.slice_s * 1e6:,.0f} us each time: "
            f"{runner.system / runner.ran:.0%} of its CPU time goes into __schedule() in kernel/sched/core.c and the calls "
            "that sleep and wake, and no timer, device or packet asks for it."
        ),
        evidence=tuple(evidence),
        chain=(
            "each piece of work is handed to another thread",
            f"{found.sleeps_per_s:,.0f} times a second the kernel puts one to sleep and wakes another",
            "the CPU is busy with that, its caches are cold, and whoever else is runnable waits",
        ),
    )


def _who(found: Switcher) -> str:
    runner, waker = found.runner, wakeups.peer(found)
    where = f" in {found.where}()" if found.where else ""
    if waker is not None:
        return f"{runner.name} sleeps{where} and is woken by {waker}"
    if (runner.process.threads or 1) > 1:
        return f"The {runner.process.threads} threads of {runner.name} sleep{where} and wake each other"
    return f"{runner.name} sleeps{where} and is woken by other tasks"


HYPOTHESIS = Hypothesis(
    id="context-switch-load",
    title="Threads that only switch",
    group="cpu",
    claim="The threads of a process wake each other so often that the CPU's time goes into switching.",
    signals=(
        Signal("threads.voluntary_switches", "how often its threads go to sleep to wait"),
        Signal("threads.ran_s", "how little they run each time"),
        Signal("threads.wait", "where they sleep: in a pipe, a socket between processes, an event counter"),
        Signal("processes.system_s", "its time is the kernel's rather than its own"),
        Signal("process_io.characters_read_bytes", "how little is handed over each time"),
        Signal("interrupts.count", "too few to be what wakes them"),
        Signal("wakeups.by_task", "measured: who wakes them"),
        Signal("syscalls.calls_by_name", "measured: whether they do anything but wait and wake"),
    ),
    thresholds=(CPU, KERNEL, SLICE, UNSEEN, MOSTLY, HANDS, MOVED, OFTEN),
    rivals=(
        Rival("interrupt-load", "there timers or a device wake the threads, as often as they sleep"),
        Rival("user-lock-contention", "there they sleep in futex_wait(), for a lock that one of them holds"),
        Rival(
            "cpu-run-queue-overload",
            "there threads compute and are taken off the CPU; here they give it away",
        ),
    ),
    explains=("cpu-run-queue-overload", "kernel-time"),
    mechanism=(
        "Waking a thread (try_to_wake_up()) and going to sleep (__schedule() in kernel/sched/core.c) take one to "
        "three microseconds each, on another CPU an interrupt besides, and caches and TLB have to be filled anew. A "
        "design that hands every small item to another thread through a pipe, a queue or a channel pays that for "
        "each item; at some rate nothing else is left."
    ),
    actions=(
        Action(
            "now",
            "See who wakes whom.",
            "perf sched costs some percent while it records.",
            "perf sched record -p PID -- sleep 5; perf sched latency",
        ),
        Action(
            "now",
            "Bind threads that talk to each other to CPUs that share a cache, or to one CPU.",
            "They then compete for it.",
            "taskset -a -p -c CPULIST PID",
        ),
        Action(
            "for good",
            "Hand over batches rather than items, let the thread that has an item finish it, or poll for a while "
            "before sleeping.",
            "Batches add latency at low load.",
        ),
    ),
    asks=("wakeups", "syscalls"),
    cost="in a second look, /proc/PID/task and io of at most 8 processes",
    see=("kernel/sched/core.c", "fs/pipe.c", "Documentation/scheduler/sched-design-CFS.rst"),
    test=_test,
)
