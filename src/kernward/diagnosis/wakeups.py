"""Processes that are woken, do next to nothing, and sleep again: how often, and what wakes them.

A thread that sleeps is woken by a timer, a device, a packet or another thread. Which of these it is tells
an interrupt load from threads that hand each other the CPU; how much is done for each waking tells both from
work. One waking costs microseconds on hardware and a hundred of them on an emulated processor, so a rate
says little by itself: what counts is how much CPU time the process spends that way.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from kernward.collectors.measurements import wakeups as measured_wakeups
from kernward.collectors.measurements.wakeups import Wakeups
from kernward.collectors.sources import interrupts, process_io, softirqs, task_waits, threads
from kernward.collectors.sources.threads import Thread
from kernward.diagnosis import processors
from kernward.diagnosis.hypothesis import Open, Threshold
from kernward.diagnosis.processors import Runner
from kernward.diagnosis.view import View
from kernward.records.check import Evidence

CPU = Threshold(
    "CPUs that the process uses",
    0.1,
    "CPUs",
    "below a tenth of a CPU it takes little from anybody, however often it is woken",
)
KERNEL = Threshold(
    "part of its CPU time that is spent in the kernel",
    0.5,
    "",
    "being woken and sleeping is the kernel's work; a program that does something with what it is woken for spends "
    "its time in user space",
)
SLICE = Threshold(
    "CPU time for each time that it goes to sleep",
    0.002,
    "s",
    "waking, switching and sleeping take 2 to 5 microseconds, on an emulated processor up to a millisecond and a half "
    "when another CPU is woken; above this something else is done meanwhile",
)
UNSEEN = Threshold(
    "the same, for threads that were never seen asleep",
    0.0005,
    "s",
    "where they sleep tells what wakes them; without that only little work for each waking speaks for it",
)
MOVED = Threshold(
    "bytes read and written for each time that it goes to sleep",
    2048.0,
    "bytes",
    "a program that moves data through pipes or from a disk moves a page or more at a time",
)
OFTEN = Threshold(
    "times a second that it goes to sleep", 500.0, "1/s", "less often is no load on any machine"
)
MOSTLY = Threshold(
    "part of its wakeups that come of one sort of waker",
    0.5,
    "",
    "threads that serve a queue are woken by a timer now and then; what wakes them more often than not is what they "
    "live of",
)
_PART = 0.4
# Who hands over and who takes are often two processes, and several pairs are at it.
_CANDIDATES = 8
# Wakeups below which the shares of a measurement say nothing.
_FEW = 100

Waker = Literal["timer", "device", "network", "lock", "thread", "other"]

# Functions of the kernel in which a thread sleeps, as wchan shows them, by what wakes it.
_SLEEPS: tuple[tuple[Waker, tuple[str, ...]], ...] = (
    ("timer", ("hrtimer_nanosleep", "do_nanosleep", "common_nsleep", "clock_nanosleep", "hrtimers_")),
    ("lock", ("futex_",)),
    (
        "device",
        (
            "blk_io_schedule",
            "__blkdev_direct",
            "blkdev_direct",
            "io_schedule",
            "dio_",
            "__iomap_dio",
            "submit_bio_wait",
        ),
    ),
    ("thread", ("pipe_", "anon_pipe_", "eventfd_", "unix_", "do_msg", "wq_sleep", "do_sigtimedwait")),
    ("network", ("__skb_wait", "sk_wait", "inet_csk_accept", "tcp_", "wait_woken")),
)


class Switcher(msgspec.Struct, frozen=True):
    """A process that is woken all the time.

    `sleeps_per_s` is how often its threads go to sleep, `slice_s` how long they run for each, `moved_bytes`
    what they read and write for each (None when that is not known), `waker` what wakes them: as `wakeups`
    counted it, or by the function in which they sleep, or else by what comes as often, which is a guess.
    """

    runner: Runner
    sleeps_per_s: float
    slice_s: float
    moved_bytes: float | None
    waker: Waker
    where: str | None
    wakeups: Wakeups | None = None
    guessed: bool = False


def suspects(view: View) -> list[Runner]:
    """Processes that spend their time in the kernel, the one with the most first."""
    found = [
        each
        for each in processors.others(view)
        if not each.process.kernel_thread and each.ran >= CPU.value and each.system >= KERNEL.value * each.ran
    ]
    return sorted(found, key=lambda each: -each.system)[:_CANDIDATES]


def ask(view: View, found: list[Runner]) -> Open | None:
    """What is to be read of them before anything can be said; None when all that can be was read."""
    pids = tuple(each.pid for each in found)
    if not pids or not view.can_read(threads.SOURCE, *pids):
        return None
    return Open(
        suspicion=0.5,
        reason=f"{found[0].name} spends {found[0].system:.0%} of a CPU in the kernel; what for is not known yet",
        sources=((threads.SOURCE.name, pids), (process_io.SOURCE.name, pids)),
    )


def switchers(view: View) -> Iterator[Switcher]:
    """Of the suspects those whose threads were read and that do little but wake and sleep."""
    known = processors.threads_of(view)
    for runner in suspects(view):
        found = _switcher(view, runner, known.get(runner.pid, {}))
        if found is not None:
            yield found


def ask_who(view: View, found: list[Switcher]) -> Open | None:
    """What is to be measured before it is known what wakes them; None when that is known or cannot be had."""
    unclear = [each for each in found if each.guessed]
    if not unclear or not view.can_ask(measured_wakeups.SOURCE.name):
        return None
    first = unclear[0]
    return Open(
        suspicion=0.5,
        reason=f"{first.runner.name} is woken {first.sleeps_per_s:,.0f} times a second; by what is not known yet",
        asks=(measured_wakeups.SOURCE.name,),
    )


def of_one_name(found: list[Switcher]) -> Iterator[tuple[Switcher, list[Switcher]]]:
    """Each with the others of its name that the same wakes: workers of one program are one trouble."""
    left = found
    while left:
        first = left[0]
        same = [
            each
            for each in left[1:]
            if each.runner.process.comm == first.runner.process.comm and each.waker == first.waker
        ]
        yield first, same
        left = [each for each in left[1:] if each not in same]


def others_of(same: list[Switcher]) -> str:
    """`, as do 3 more of its name`; nothing where there is none."""
    return f", as do {len(same)} more of its name" if same else ""


def wakers_evidence(view: View, found: Switcher) -> list[Evidence]:
    """How often it was woken by what it was woken by most, where that was measured."""
    fields: dict[Waker, tuple[str, str]] = {
        "timer": ("by_timer", "by timers"),
        "device": ("from_io", "when a request to a device was done"),
        "network": ("by_packet", "by packets"),
        "thread": ("by_task", "by tasks"),
        "lock": ("by_task", "by tasks"),
    }
    if found.wakeups is None or found.waker not in fields:
        return []
    field, how = fields[found.waker]
    seconds = view.window.seconds_of(measured_wakeups.SOURCE)
    return [
        view.evidence(
            measured_wakeups.SOURCE,
            field,
            getattr(found.wakeups, field) / seconds,
            unit="1/s",
            scope=found.runner.scope,
            says=f"times a second that it was woken {how}, of {(found.wakeups.wakeups or 0) / seconds:,.0f} in all"
            + _by_whom(found.wakeups, found.waker),
        )
    ]


def peer(found: Switcher) -> str | None:
    """The other process that wakes it more often than not, where that was measured and is one."""
    counted = found.wakeups
    wakers = (counted.by_waker or {}) if counted is not None else {}
    first = max(wakers, key=lambda each: wakers[each], default=None)
    if counted is None or first is None or first == found.runner.name:
        return None
    return first if wakers[first] >= MOSTLY.value * (counted.wakeups or 0) else None


def _by_whom(counted: Wakeups, waker: Waker) -> str:
    wakers = counted.by_waker or {}
    if not wakers or waker not in ("thread", "lock", "network"):
        return ""
    first = max(wakers, key=lambda each: wakers[each])
    return f"; {first} did {wakers[first] / (counted.wakeups or 1):.0%} of it"


def sleeps_evidence(view: View, found: Switcher, says: str) -> Evidence:
    """How often it sleeps, and where. `says` what that is: "times a second that …"."""
    return view.evidence(
        threads.SOURCE,
        "voluntary_switches",
        found.sleeps_per_s,
        unit="1/s",
        scope=found.runner.scope,
        says=says + (f", mostly in {found.where}()" if found.where else ""),
    )


def moved_evidence(view: View, found: Switcher) -> list[Evidence]:
    """How much it reads and writes between two sleeps, where that is known."""
    if found.moved_bytes is None:
        return []
    return [
        view.evidence(
            process_io.SOURCE,
            "characters_read_bytes",
            found.moved_bytes,
            unit="bytes",
            scope=found.runner.scope,
            says="read and written for each of them",
        )
    ]


def _switcher(view: View, runner: Runner, own: Mapping[str, Thread]) -> Switcher | None:
    seconds = view.window.seconds_of(threads.SOURCE)
    sleeps = sum(each.voluntary_switches or 0 for each in own.values()) / seconds
    if sleeps < OFTEN.value:
        return None
    ran = [each.ran_s for each in own.values() if each.ran_s is not None]
    used = sum(ran) / seconds if ran else runner.ran
    if used / sleeps > SLICE.value:
        return None
    io = view.window.each_over(process_io.SOURCE).get(runner.pid)
    moved = None
    if io is not None and io.characters_read_bytes is not None and io.characters_written_bytes is not None:
        rate = (io.characters_read_bytes + io.characters_written_bytes) / view.window.seconds_of(
            process_io.SOURCE
        )
        moved = rate / sleeps
        if moved > MOVED.value:
            return None
    where = _where(view, runner.pid, own)
    if where is None and used / sleeps > UNSEEN.value:
        return None
    counted = view.window.each_over(measured_wakeups.SOURCE).get(runner.pid)
    if counted is not None and (counted.wakeups or 0) >= _FEW:
        waker = _counted(counted)
        if waker == "thread" and _queues_for_a_lock(view, runner.pid):
            waker = "lock"
        return Switcher(runner, sleeps, used / sleeps, moved, waker, where, counted)
    by_place = _by_place(where)
    # In futex(2) threads wait for locks, for each other's signals, and for time-outs.
    sure = by_place not in (None, "other", "lock") or _queues_for_a_lock(view, runner.pid)
    waker = by_place or _by_rates(view, sleeps)
    return Switcher(runner, sleeps, used / sleeps, moved, waker, where, guessed=not sure)


def _where(view: View, pid: str, own: Mapping[str, Thread]) -> str | None:
    """Where most of its threads that are active sleep, when any of them was seen asleep in any reading."""
    most = max((each.voluntary_switches or 0 for each in own.values()), default=0)
    # A main thread that waits for the others tells nothing of them.
    active = {f"{pid}/{tid}" for tid, each in own.items() if (each.voluntary_switches or 0) >= most / 10}
    found = [
        thread.wait
        for sample in view.window.samples
        for name in active
        if (thread := sample.each(threads.SOURCE).get(name)) is not None and thread.wait
    ]
    return max(sorted(set(found)), key=found.count) if found else None


def _queues_for_a_lock(view: View, pid: str) -> bool:
    """Whether threads of it were seen to wait in futex(2) as for a lock that is taken."""
    found = (sample.each(task_waits.SOURCE).get(pid) for sample in view.window.samples)
    return any(each is not None and each.futex_lock for each in found)


def _counted(counted: Wakeups) -> Waker:
    """What wakes a process more often than not."""
    by: dict[Waker, int] = {
        "timer": counted.by_timer or 0,
        # A thread of the kernel may hand on what a device has done.
        "device": max(counted.by_device or 0, counted.from_io or 0),
        "network": counted.by_packet or 0,
        "thread": (counted.by_task or 0) - max(0, (counted.from_io or 0) - (counted.by_device or 0)),
    }
    most = max(by, key=lambda each: by[each])
    return most if by[most] >= MOSTLY.value * (counted.wakeups or 0) else "other"


def _by_place(where: str | None) -> Waker | None:
    """What wakes those that sleep in this function; None when they were not seen asleep."""
    if not where:
        return None
    return next((waker for waker, functions in _SLEEPS if where.startswith(functions)), "other")


def _by_rates(view: View, sleeps: float) -> Waker:
    """What comes about as often as they wake."""
    if timer_rate(view) >= _PART * sleeps:
        return "timer"
    device = busiest_device(view)
    if device is not None and device[1] >= _PART * sleeps:
        return "device"
    if packet_softirq_rate(view) >= _PART * sleeps:
        return "network"
    return "thread"


def timer_rate(view: View) -> float:
    """Interrupts of the local timer per second beyond those of ticks.

    A tick raises the softirqs TIMER and SCHED at most once each; a sleep that ends raises none.
    """
    local = view.window.each_over(interrupts.SOURCE).get("LOC")
    if local is None or local.count is None:
        return 0.0
    ticks = sum(
        (each.timer or 0) + (each.sched or 0) for each in view.window.each_over(softirqs.SOURCE).values()
    ) / view.window.seconds_of(softirqs.SOURCE)
    return max(0.0, local.count / view.window.seconds_of(interrupts.SOURCE) - ticks)


def busiest_device(view: View) -> tuple[str, float, str] | None:
    """The interrupt of a device that comes most: its number, how often a second, whose it is."""
    found = [
        (name, each.count / view.window.seconds_of(interrupts.SOURCE), each.doc or "")
        for name, each in view.window.each_over(interrupts.SOURCE).items()
        if name.isdigit() and each.count is not None
    ]
    return max(found, key=lambda each: each[1], default=None)


def packet_softirq_rate(view: View) -> float:
    """Softirqs that receive packets, per second."""
    total = sum(each.net_rx or 0 for each in view.window.each_over(softirqs.SOURCE).values())
    return total / view.window.seconds_of(softirqs.SOURCE)
