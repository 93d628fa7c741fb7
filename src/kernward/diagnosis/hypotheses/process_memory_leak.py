"""A process takes more and more memory and gives none back."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from kernward.collectors.sources import cgroup_memory, meminfo, process_cgroups, process_status, processes
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.processes import Process
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
from kernward.diagnosis.memory import ancestors, page_bytes
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import MIB, size
from kernward.records.check import Action, Evidence, Scope

LEAST = Threshold(
    "growth in the window",
    2 * MIB,
    "bytes",
    "allocators ask for some hundred KiB at a time, whatever the program does",
)
STEPS = Threshold(
    "steps from one reading to the next in which it grew",
    2,
    "",
    "with fewer, what is even cannot be told from what is not",
)
LASTING = Threshold(
    "time for which it grew without a pause", 4.0, "s", "a start or a single large request is over in less"
)
STEADY = Threshold(
    "part of the window in which it grew without a pause",
    0.5,
    "",
    "what warms up grows in jumps; a leak grows with time",
)
UNEVEN = Threshold(
    "fastest growth between two readings, for the mean growth",
    2.5,
    "",
    "a buffer that is filled once has nearly all of its growth in one step",
)
SLOWEST = Threshold(
    "slowest growth between two readings, for the mean growth",
    0.2,
    "",
    "what comes in jumps has steps in which it hardly grows",
)
ANONYMOUS = Threshold(
    "part of the growth that is anonymous or shared memory",
    0.5,
    "",
    "pages of files can be dropped and read again, whoever maps them",
)
PROCESSOR = Threshold(
    "part of a processor that it uses",
    0.9,
    "",
    "who loads or fills memory as fast as it can (a compiler, a start) is done when the work is; a leak grows with the "
    "requests that come in, beside which a processor is idle",
)
PER_USER_S = Threshold(
    "growth for each second of processor time in user space",
    32 * MIB,
    "bytes",
    "new pages are filled at some hundred MiB for each second, and what the kernel takes for them is not counted here; "
    "where growth is so small a part of the work, the work explains it",
)
FROM_FILES = Threshold(
    "part of the growth that major faults account for",
    0.5,
    "",
    "each maps up to 16 pages of a file (fault-around); that is a program or a file being loaded",
)
HORIZON_S = Threshold(
    "time until the available memory is used up",
    6 * 3600.0,
    "s",
    "a growth of seconds says nothing of what is next week; a longer window sees slower leaks, up to a thousand times "
    "its own length",
)


# Processes that are looked at closely.
CANDIDATES = 4
# Findings that a person can still read; the fastest of them.
MOST = 8
APART_S = 0.5


class Growth(NamedTuple):
    """How a process grew: over `seconds` without a pause, and in the whole window."""

    pid: str
    process: Process
    grown_bytes: int
    per_s: float
    seconds: float
    cpu: float
    user: float
    goes_on: bool
    points: list[tuple[datetime, float]]

    @property
    def scope(self) -> Scope:
        return Scope("process", processes.label(self.pid, self.process))

    @property
    def works(self) -> bool:
        """Whether what it works on explains it."""
        return self.cpu >= PROCESSOR.value or self.per_s < PER_USER_S.value * self.user


class Room(NamedTuple):
    """How much more there is for a process: of the host's memory, or of its cgroup's limit if that is less."""

    left_bytes: int
    cgroup: str | None


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(processes.SOURCE)
    memory = window.of(meminfo.SOURCE)
    if missing or memory is None or not memory.available_bytes:
        yield Unknown(reason=f"growth cannot be seen: {missing or window.why_absent(meminfo.SOURCE)}")
        return
    at_s = [
        each.read_at_s[processes.SOURCE.name] for each in window.samples if processes.SOURCE.name in each.read
    ]
    if len(at_s) < 2:
        yield Unknown(reason="whether a process grows takes two readings, and there is one")
        return
    horizon_s = max(HORIZON_S.value, 1000 * window.seconds)
    grown = sorted(_growing(view), key=lambda each: -each.per_s)
    limited = {
        name: group
        for name, group in window.each(cgroup_memory.SOURCE).items()
        if name != "/" and group.limit_bytes
    }
    room = {each.pid: _room(view, each.pid, memory.available_bytes, limited) for each in grown}
    suspects = [
        each for each in grown if not each.works and room[each.pid].left_bytes / each.per_s <= horizon_s
    ]
    unasked = [each.pid for each in suspects if not window.last.asked_for(process_status.SOURCE, each.pid)]
    if unasked and not view.final:
        yield Open(
            suspicion=0.5,
            reason=f"{suspects[0].scope.name} grows; whether it goes on, and with which memory, is to be seen",
            sources=((process_status.SOURCE.name, tuple(unasked[:CANDIDATES])),),
        )
        return
    if suspects and (len(at_s) <= STEPS.value or at_s[-1] - at_s[0] < LASTING.value):
        yield Unknown(
            reason=f"{suspects[0].scope.name} grew for {at_s[-1] - at_s[0]:.0f} s, in {len(at_s)} readings: too little to "
            "tell whether it goes on"
        )
        return
    leaks = [each for each in suspects if each.seconds >= LASTING.value]
    leaks = [each for each in leaks if _anonymous(view, each.pid)]
    for each in leaks[:MOST]:
        yield _confirmed(view, each, room[each.pid], memory.total_bytes or 0)
    if leaks:
        return
    if not grown:
        yield Refuted(reason="no process grew steadily")
        return
    most = grown[0]
    why = (
        f"but used {most.cpu:.0%} of a processor: it works, as a start or a compiler does"
        if most.works
        else f"which would take {room[most.pid].left_bytes / most.per_s / 3600:.0f} hours to matter"
    )
    yield Refuted(
        reason=f"{most.scope.name} grew the most, by {size(most.per_s)} a second, {why}",
        evidence=(
            view.evidence(
                processes.SOURCE,
                "rss_bytes",
                most.per_s,
                unit="bytes/s",
                scope=most.scope,
                says="growth a second",
            ),
        ),
    )


def _room(view: View, pid: str, available: int, limited: Mapping[str, CgroupMemory]) -> Room:
    groups = view.window.each(process_cgroups.SOURCE).get(pid)
    path = None if groups is None else groups.of("memory")
    least = Room(available, None)
    for name in () if path is None else (path, *ancestors(path)):
        group = limited.get(name)
        if group is None:
            continue
        # What is page cache there can be reclaimed for it.
        left = (
            (group.limit_bytes or 0)
            - (group.usage_bytes or 0)
            + (group.file_bytes or 0)
            - (group.shmem_bytes or 0)
        )
        if left < least.left_bytes:
            least = Room(max(left, 1), name)
    return least


def _growing(view: View) -> Iterator[Growth]:
    """Processes that were there all the time and grew steadily."""
    name = processes.SOURCE.name
    having = [each for each in view.window.samples if name in each.read]
    over = view.window.each_over(processes.SOURCE)
    first, last = having[0].each(processes.SOURCE), having[-1].each(processes.SOURCE)
    least = LEAST.value
    for pid, process in last.items():
        before = first.get(pid)
        if process.kernel_thread or before is None or before.start_s != process.start_s:
            continue
        # Whoever reads the machine keeps what it has read, which on a large one is much.
        if pid == view.window.last.reader:
            continue
        if (process.rss_bytes or 0) - (before.rss_bytes or 0) < least:
            continue
        held: list[tuple[float, datetime, int]] = []
        for each in having:
            # One look ends and the next begins at once: nobody grows evenly within so short a time.
            if pid in each.read[name] and (not held or each.read_at_s[name] - held[-1][0] >= APART_S):
                held.append((each.read_at_s[name], each.at_utc, each.read[name][pid].rss_bytes or 0))
        run = _longest_run([(at_s, bytes_) for at_s, _, bytes_ in held])
        if run is None:
            continue
        begin, end = run
        seconds = held[end][0] - held[begin][0]
        grown = held[end][2] - held[begin][2]
        used = over[pid]
        from_files = (used.major_faults or 0) * 16 * page_bytes(view)
        if grown < least or from_files >= FROM_FILES.value * grown:
            continue
        looked_s = view.window.seconds_of(processes.SOURCE)
        user = (used.user_s or 0.0) / looked_s
        yield Growth(
            pid,
            process,
            grown,
            grown / seconds,
            seconds,
            user + (used.system_s or 0.0) / looked_s,
            user,
            end >= len(held) - 2,
            [(at, float(bytes_)) for _, at, bytes_ in held],
        )


def _anonymous(view: View, pid: str) -> bool:
    """Whether what it grew by is memory that reclaim cannot drop; so it counts as long as nobody looked."""
    seen = [each.each(process_status.SOURCE).get(pid) for each in view.window.samples]
    held = [
        ((each.anonymous_bytes or 0) + (each.shared_bytes or 0), each.file_bytes or 0)
        for each in seen
        if each is not None and each.anonymous_bytes is not None
    ]
    if len(held) < 2:
        return True
    own, mapped = held[-1][0] - held[0][0], held[-1][1] - held[0][1]
    return own >= ANONYMOUS.value * (own + mapped)


def _longest_run(held: list[tuple[float, int]]) -> tuple[int, int] | None:
    """From which to which reading it grew without a pause and evenly; None when it did not most of the time."""
    begin, best = 0, (0, 0)
    for number in range(1, len(held)):
        if held[number][1] <= held[number - 1][1]:
            begin = number
        elif number - begin > best[1] - best[0]:
            best = (begin, number)
    begin, end = best
    seconds = held[end][0] - held[begin][0]
    if end - begin < min(STEPS.value, len(held) - 1) or seconds <= STEADY.value * (held[-1][0] - held[0][0]):
        return None
    # What it gave back later was no leak.
    if held[-1][1] < held[end][1] - 0.05 * (held[end][1] - held[begin][1]):
        return None
    mean = (held[end][1] - held[begin][1]) / seconds
    rates = [
        (held[at + 1][1] - held[at][1]) / max(held[at + 1][0] - held[at][0], 0.05) for at in range(begin, end)
    ]
    even = max(rates) <= UNEVEN.value * mean and min(rates) >= SLOWEST.value * mean
    return best if even else None


def _confirmed(view: View, growth: Growth, room: Room, total: int) -> Confirmed:
    left_s = room.left_bytes / growth.per_s
    left = f"{left_s / 60:.0f} minutes" if left_s < 7200 else f"{left_s / 3600:.0f} hours"
    held = growth.process.rss_bytes or 0
    of = "are available" if room.cgroup is None else f"the limit of {room.cgroup} leaves"
    paused = "" if growth.goes_on else " It has paused since."
    return Confirmed(
        scope=growth.scope,
        # From the outside a cache that fills looks like a leak; only the time for which it goes on tells.
        confidence=(0.7 if growth.goes_on else 0.55) + (0.15 if growth.seconds >= 600 else 0.0),
        impact=0.9 if left_s < 300 else 0.6 if left_s < 3600 else 0.4,
        mechanism=(
            f"It grew by {size(growth.per_s)} a second over {growth.seconds:.0f} s without giving anything back, while "
            f"it used {growth.cpu:.0%} of a processor: do_anonymous_page() in mm/memory.c gives it a page at each first "
            f"touch, and nothing unmaps one. It holds {size(held)}; at this pace the {size(room.left_bytes)} that {of} are "
            f"used up in {left}.{paused} A cache that fills looks the same until it is full."
        ),
        evidence=(
            view.evidence(
                processes.SOURCE,
                "rss_bytes",
                growth.per_s,
                unit="bytes/s",
                scope=growth.scope,
                says=f"growth a second, {size(growth.grown_bytes)} without a pause",
            ),
            view.evidence(
                processes.SOURCE,
                "user_s",
                growth.cpu,
                unit="",
                scope=growth.scope,
                says="part of a processor that it used meanwhile: it is not busy with something large",
            ),
            _left(view, room, total),
        ),
        chain=(
            "memory is allocated with each request and kept",
            f"in {left} none is left",
            "then the host reclaims, swaps and kills"
            if room.cgroup is None
            else f"then the kernel kills in {room.cgroup}",
        ),
        plots=(view.plot(processes.SOURCE, "rss_bytes", growth.points, scope=growth.scope, unit="bytes"),),
    )


def _left(view: View, room: Room, total: int) -> Evidence:
    if room.cgroup is None:
        says = f"of {size(total)} could be had without swapping"
        return view.evidence(meminfo.SOURCE, "available_bytes", room.left_bytes, says=says, change=False)
    limit = view.window.each(cgroup_memory.SOURCE)[room.cgroup].limit_bytes or 0
    says = f"the limit of its cgroup; {size(room.left_bytes)} are left"
    scope = Scope("cgroup", room.cgroup)
    return view.evidence(cgroup_memory.SOURCE, "limit_bytes", limit, scope=scope, says=says, change=False)


HYPOTHESIS = Hypothesis(
    id="process-memory-leak",
    title="A process that only grows",
    group="memory",
    claim="A process allocates memory steadily and gives none back, until there is none left.",
    signals=(
        Signal("processes.rss_bytes", "grows evenly, reading after reading, and never falls"),
        Signal("process_status.anonymous_bytes", "grows with it: memory that reclaim cannot drop"),
        Signal("processes.user_s", "hardly any: the growth is not that of a large piece of work"),
        Signal("processes.major_faults", "many: it is a file that is being mapped and no leak"),
        Signal("meminfo.available_bytes", "how long it can go on"),
        Signal("cgroup_memory.limit_bytes", "the same, where the limit of its cgroup comes first"),
    ),
    thresholds=(
        LEAST,
        STEPS,
        LASTING,
        STEADY,
        UNEVEN,
        SLOWEST,
        ANONYMOUS,
        PROCESSOR,
        PER_USER_S,
        FROM_FILES,
        HORIZON_S,
    ),
    rivals=(
        Rival("kernel-memory-leak", "there no process grows, and slab or vmalloc memory does"),
        Rival("memory-pressure", "the same shortage at its end, by whoever it came about"),
        Rival("thread-leak", "there threads are what it collects: its stacks are most of its growth"),
    ),
    explains=(
        "host-memory-exhausted",
        "memory-pressure",
        "swap-thrashing",
        "cgroup-memory-limit",
        "overcommit-limit",
    ),
    mechanism=(
        "Each first touch of a page has do_anonymous_page() in mm/memory.c allocate it and charge it to the process's "
        "cgroup. It is given back by munmap(), madvise() or the end of the process; a reference that is kept, or an "
        "allocator whose arenas are in pieces, prevents all three."
    ),
    actions=(
        Action(
            "now",
            "Restart the process when it can be spared, before the machine runs out; keep a core or a heap profile.",
            "A restart takes away what could be examined.",
            "gcore PID",
        ),
        Action(
            "for good",
            "Profile the heap (jemalloc or tcmalloc profiles, heaptrack, the runtime's own tools); bound the service with "
            "memory.max, so that it is restarted alone.",
            "A bound below its legitimate peak kills it at its busiest.",
        ),
    ),
    see=("mm/memory.c", "Documentation/filesystems/proc.rst (smaps)"),
    test=_test,
)
