"""The kernel works for long on one path: calls that fail, or move a few bytes each, or a thread that never ends."""

import re
from collections.abc import Iterator

from kernward.collectors.measurements import syscalls
from kernward.collectors.measurements.syscalls import SystemCalls
from kernward.collectors.sources import process_io, processes
from kernward.collectors.sources.process_io import ProcessIo
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
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.view import View
from kernward.records.check import Action

IN_KERNEL = Threshold(
    "CPUs that a process spends in the kernel, or would if it had not to wait for one",
    0.45,
    "CPUs",
    "copying files, reading and sending are work of the kernel and take this much; it is where to look, no finding",
)
FAILS = Threshold(
    "part of its system calls that fail",
    0.8,
    "",
    "a poll that finds nothing now and then is normal; a program whose calls nearly all fail is in a loop",
)
CALLS = Threshold(
    "system calls of the process per second", 500.0, "1/s", "fewer cannot take a CPU's time by failing"
)
TINY = Threshold(
    "bytes that a call to read or write moves, on average",
    16.0,
    "bytes",
    "entering and leaving the kernel takes as long as copying some hundreds of bytes; at so few nearly all of the "
    "time is the way there and back",
)
TINY_CALLS = Threshold(
    "calls to read and write per second",
    5000.0,
    "1/s",
    "event counters and terminals pass few bytes at a time too, hundreds of times a second",
)
THREAD = Threshold(
    "part of a CPU that a thread of the kernel uses",
    0.85,
    "CPUs",
    "work is handed to these threads in pieces; one that never pauses has more than it can do, or does not get on",
)
# Threads whose work is that of others and is explained there: reclaim, compaction, softirqs, encryption,
# arrays, writing back, networks of storage.
EXPLAINED = re.compile(
    r"kswapd|kcompactd|ksoftirqd|khugepaged|ksmd|migration|kcryptd|dmcrypt|md\d|raid|jbd2|xfs|btrfs|loop\d|nvme|"
    r"kworker/.*(?:kcryptd|dm-crypt|writeback|flush|loop|xfs|btrfs|nvme|kblockd|wg-)"
)


def _test(view: View) -> Iterator[Verdict]:
    if view.window.since_boot:
        yield Unknown(reason="what the kernel does now takes two readings, and there is one")
        return
    missing = view.window.why_absent(processes.SOURCE)
    times = processors.machine(view)
    if missing or times is None:
        yield Unknown(
            reason=f"the times of processes cannot be read: {missing or 'those of the CPUs were reset'}"
        )
        return
    system = processors.share_evidence(
        view, "system_s", times.system, "part of the machine's CPU time in the kernel, for tasks"
    )
    stuck = [each for each in processors.others(view) if _thread_of_kernel(each)]
    for each in stuck:
        yield _of_thread(view, each)
    if stuck:
        return
    suspects = [
        each
        for each in processors.others(view)
        if not each.process.kernel_thread
        and each.system >= 0.5 * each.ran > 0
        and each.system / each.ran * each.demand >= IN_KERNEL.value
    ]
    if not suspects:
        yield Refuted(
            reason=f"the kernel works for tasks {times.system:.0%} of the time, and for none of them for long",
            evidence=(system,),
        )
        return
    # Who sleeps and is woken for each few bytes loses its time to that.
    waking = [each.runner for each in wakeups.switchers(view) if each.waker in ("thread", "timer", "device")]
    suspects = [each for each in suspects if each not in waking]
    if not suspects:
        yield Refuted(
            reason=f"what {waking[0].name} spends in the kernel goes into sleeping and waking",
            evidence=(system,),
        )
        return
    if view.can_read(process_io.SOURCE):
        yield Open(
            suspicion=0.3,
            reason=f"{suspects[0].name} spends {suspects[0].system:.0%} of a CPU in the kernel; for what is not known",
            sources=((process_io.SOURCE.name, tuple(each.pid for each in suspects)),),
            evidence=(system,),
        )
        return
    moved = view.window.each_over(process_io.SOURCE)
    tiny = [
        (each, moved[each.pid]) for each in suspects if each.pid in moved and _tiny(view, moved[each.pid])
    ]
    for each, counted in tiny:
        yield _of_tiny(view, each, counted)
    if tiny:
        return
    if view.can_ask(syscalls.SOURCE.name):
        yield Open(
            suspicion=0.3,
            reason=f"{suspects[0].name} spends {suspects[0].system:.0%} of a CPU in the kernel; in which calls is not known",
            asks=(syscalls.SOURCE.name,),
            evidence=(system,),
        )
        return
    if not view.has(syscalls.SOURCE.name):
        yield Unknown(
            reason=(
                f"{suspects[0].name} spends {suspects[0].system:.0%} of a CPU in the kernel; which calls it makes could "
                "not be measured, and it may just be its work"
            ),
            evidence=(system,),
        )
        return
    measured = view.window.each_over(syscalls.SOURCE)
    struck = False
    for each in suspects:
        calls = measured.get(each.pid)
        if calls is not None and _loops(view, calls):
            struck = True
            yield _of_calls(view, each, calls)
    if not struck:
        yield Refuted(
            reason=(
                f"{suspects[0].name} spends {suspects[0].system:.0%} of a CPU in the kernel, in calls that succeed: its work"
            ),
            evidence=(system,),
        )


def _thread_of_kernel(runner: Runner) -> bool:
    return (
        runner.process.kernel_thread
        and runner.ran >= THREAD.value
        and not EXPLAINED.match(runner.process.comm)
    )


def _loops(view: View, calls: SystemCalls) -> bool:
    count = calls.calls or 0
    return (
        count >= CALLS.value * view.window.seconds_of(syscalls.SOURCE)
        and (calls.errors or 0) >= FAILS.value * count
    )


def _calls_and_bytes(counted: ProcessIo) -> tuple[int, int] | None:
    """Calls to read and write, and what they moved; None when one of the counters is absent."""
    reads, writes = counted.read_calls, counted.write_calls
    taken, given = counted.characters_read_bytes, counted.characters_written_bytes
    if reads is None or writes is None or taken is None or given is None:
        return None
    return reads + writes, taken + given


def _tiny(view: View, counted: ProcessIo) -> bool:
    found = _calls_and_bytes(counted)
    if found is None:
        return False
    calls, moved = found
    return (
        calls >= TINY_CALLS.value * view.window.seconds_of(process_io.SOURCE) and moved <= TINY.value * calls
    )


def _of_tiny(view: View, runner: Runner, counted: ProcessIo) -> Confirmed:
    calls, moved = _calls_and_bytes(counted) or (0, 0)
    seconds = view.window.seconds_of(process_io.SOURCE)
    each = moved / max(calls, 1)
    return Confirmed(
        scope=runner.scope,
        confidence=0.85,
        impact=min(1.0, runner.system / runner.ran),
        mechanism=(
            f"{runner.name} makes {calls / seconds:,.0f} calls a second to read and write, of {each:.1f} bytes each: "
            "entry_SYSCALL_64() in arch/x86/entry/entry_64.S, or its like, and vfs_read() and vfs_write() in "
            f"fs/read_write.c are passed for next to nothing, and the kernel works {runner.system:.0%} of a CPU for it."
        ),
        evidence=(
            view.evidence(
                process_io.SOURCE,
                "read_calls" if (counted.read_calls or 0) >= (counted.write_calls or 0) else "write_calls",
                calls / seconds,
                unit="1/s",
                scope=runner.scope,
                says=f"calls to read and write a second, of {each:.1f} bytes each",
            ),
            processors.system_evidence(view, runner, "its time in the kernel"),
        ),
        chain=(
            "the program reads and writes without a buffer",
            "each few bytes cost a way into the kernel and back",
            "a CPU is used up for little data",
        ),
    )


def _of_thread(view: View, runner: Runner) -> Confirmed:
    return Confirmed(
        scope=runner.scope,
        confidence=0.75,
        impact=min(1.0, runner.ran),
        mechanism=(
            f"{runner.name}, a thread of the kernel, used {runner.ran:.0%} of a CPU without pause. process_one_work() in "
            "kernel/workqueue.c, or its own loop, does not come to an end: a queue that grows faster than it is "
            "worked off, a work item that queues itself again, or a device that is polled in vain."
        ),
        evidence=(processors.system_evidence(view, runner, "its time"),),
        chain=(f"{runner.name} never pauses", "a CPU is gone, and what waits for that work waits longer"),
    )


def _of_calls(view: View, runner: Runner, calls: SystemCalls) -> Confirmed:
    seconds = view.window.seconds_of(syscalls.SOURCE)
    failing = calls.errors_by_name or calls.calls_by_name or {}
    name = max(failing, key=lambda each: failing[each], default="its calls")
    part = (calls.errors or 0) / (calls.calls or 1)
    return Confirmed(
        scope=runner.scope,
        confidence=0.85,
        impact=min(1.0, runner.system / runner.ran * part),
        mechanism=(
            f"{runner.name} makes {(calls.calls or 0) / seconds:,.0f} system calls a second, {part:.0%} of which fail, most of "
            f"them {name}(): a loop that tries again without waiting, and the kernel works {runner.system:.0%} of a CPU for it."
        ),
        evidence=(
            view.evidence(
                syscalls.SOURCE,
                "errors",
                (calls.errors or 0) / seconds,
                unit="1/s",
                scope=runner.scope,
                says=f"calls that failed, of {(calls.calls or 0) / seconds:,.0f}; most of them {name}()",
            ),
            processors.system_evidence(view, runner, "its time in the kernel"),
        ),
        chain=(
            f"{name}() fails",
            "the program tries again at once",
            "a CPU is used up, and the reason for the failure stays unseen",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="kernel-time",
    title="CPU time lost in the kernel",
    group="cpu",
    claim="The kernel spends a CPU's time on one path that gets nothing done.",
    signals=(
        Signal("stat.system_s", "time in the kernel for tasks"),
        Signal("processes.system_s", "whose it is: a process, or a thread of the kernel"),
        Signal("process_io.read_calls", "many calls that move a few bytes each: the way is the cost"),
        Signal("process_io.write_calls", "the same for writes"),
        Signal("syscalls.errors", "calls that fail: time that gets nothing done"),
        Signal("syscalls.errors_by_name", "which call fails"),
    ),
    thresholds=(IN_KERNEL, TINY, TINY_CALLS, FAILS, CALLS, THREAD),
    rivals=(
        Rival("context-switch-load", "there the time goes into sleeping and waking"),
        Rival("lock-held-busy", "there CPUs spin for a lock of the kernel"),
        Rival("memory-pressure", "there the time goes into reclaim, of kswapd and of tasks"),
        Rival("network-softirq-load", "there into packets"),
    ),
    mechanism=(
        "Time in the kernel is accounted to the task for which it works (account_system_time() in "
        "kernel/sched/cputime.c), and to nobody for what path. Copying, encrypting and sending are work. Calls that "
        "fail and are tried again at once, that move a few bytes each, and kworkers (kernel/workqueue.c) whose work comes "
        "back, are not."
    ),
    actions=(
        Action(
            "now",
            "See the path.",
            "Sampling costs a percent or two while it runs.",
            "perf top -g -p PID; perf record -a -g -- sleep 10",
        ),
        Action(
            "now",
            "See which calls fail, and with which error.",
            "strace stops the process at each call: not in production.",
            "perf trace -s -p PID -- sleep 5",
        ),
        Action(
            "for good",
            "Mend what makes the calls fail, and let the program wait between attempts; give it a buffer where it "
            "reads and writes a few bytes at a time.",
            "What is in a buffer is lost when the program crashes.",
        ),
    ),
    asks=("syscalls",),
    see=("kernel/sched/cputime.c", "Documentation/core-api/workqueue.rst"),
    test=_test,
)
