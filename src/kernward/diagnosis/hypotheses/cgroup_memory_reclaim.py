"""A cgroup spends its time reclaiming memory at a limit of its own."""

from collections.abc import Iterator
from typing import NamedTuple

from kernward.collectors.sources import cgroup_cpu, cgroup_memory, cgroup_pressure, processes
from kernward.collectors.sources.cgroup_memory import CgroupMemory
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
from kernward.diagnosis.memory import group_stall, members, spent_in_kernel
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

STALLED = Threshold(
    "part of time in which a task of the group waits for memory",
    0.1,
    "",
    "a group that streams through a file at its limit reclaims clean pages, which takes a few microseconds each "
    "and stays far below a tenth of the time",
)
STALLED_STREAMING = Threshold(
    "the same where what was reclaimed is hardly used again",
    0.4,
    "",
    "pages that are used once cost no more than their reclaim; only one that takes nearly half of the time is "
    "itself what slows the group down",
)
USED_AGAIN = Threshold(
    "refaulted pages for each reclaimed page",
    0.1,
    "",
    "workingset_refault() finds the shadow of a page that was evicted before: below a tenth the pages are used once, "
    "as in a copy or a backup, and would not be missed",
)
MOSTLY_AGAIN = Threshold(
    "refaulted pages for each reclaimed page, from where on all of the reading counts",
    0.5,
    "",
    "the kernel counts the read of a page as waiting for memory only if the page was of the working set, and a fast "
    "device makes nobody wait; where most of what is evicted is read again, waiting for I/O and the processor time of "
    "reading are lost to it as well",
)
REFAULTS = Threshold(
    "refaulted pages a second, where pressure does not tell or the kernel counts none for the group",
    100.0,
    "1/s",
    "100 reads of a page are 10 ms a second even on a fast disk, and the share of time that a tenth is on a slow one",
)
MANY = Threshold(
    "the same, from where on it counts however little its processes got to do",
    2000.0,
    "1/s",
    "8 MiB a second that had been there: on a machine whose processors are taken, its processes hardly run at all",
)


# Findings that a person can still read; the heaviest of them.
MOST = 12


class Met(NamedTuple):
    """A cgroup that met its limit so many times: how long its tasks waited, and what its processes did."""

    name: str
    group: CgroupMemory
    events: int
    stalled: float | None
    spent: float | None

    @property
    def scope(self) -> Scope:
        return Scope("cgroup", self.name)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(cgroup_memory.SOURCE)
    if missing:
        yield Unknown(reason=f"the memory of cgroups cannot be read: {missing}")
        return
    met = 0
    suffering: list[tuple[float, Met]] = []
    highest: tuple[float, Met] | None = None
    unsure: str | None = None
    processes_of = members(view)
    for name, group in window.each_over(cgroup_memory.SOURCE).items():
        events = (group.high_events or 0) + (group.max_events or 0)
        if name == "/" or not events:
            continue
        met += 1
        stalled = group_stall(view, name)
        spent = spent_in_kernel(view, processes_of.get(name, ())) if stalled is None else None
        one = Met(name, group, events, stalled, spent)
        if window.since_boot:
            # Counted at any time since the group was made: only the averages are of now.
            if stalled is None:
                unsure = f"{name} met its limit {events} times, and nothing tells when"
            elif stalled >= STALLED.value and _near_limit(group):
                suffering.append((stalled, one))
            continue
        if _suffers(view, one):
            suffering.append((stalled or spent or 0.0, one))
        elif highest is None or (stalled or 0.0) > highest[0]:
            highest = (stalled or 0.0, one)
    suffering.sort(key=lambda each: (-each[0], each[1].name))
    for _, one in suffering[:MOST]:
        yield _confirmed(view, one, len(suffering) - MOST)
    if suffering:
        return
    if unsure:
        yield Unknown(reason=unsure)
    elif highest is not None:
        yield Refuted(
            reason=f"{met} cgroups met a limit, and the one that waited longest, {highest[1].name}, waited for memory "
            f"during {highest[0]:.1%} of the time: what it reclaims is not missed",
            evidence=(_events(view, highest[1]),),
        )
    else:
        yield Refuted(reason="no cgroup met a limit of its own" + (" lately" if met else ""))


def _suffers(view: View, met: Met) -> bool:
    group, stalled = met.group, met.stalled
    refaults = _refaults(group)
    often = view.per_second(cgroup_memory.SOURCE, refaults) >= REFAULTS.value
    if stalled is None:
        many = view.per_second(cgroup_memory.SOURCE, refaults) >= MANY.value
        return often and (many or met.spent is None or met.spent >= STALLED.value)
    if often and _mostly_again(group) and _lost(view, met.name, stalled) >= STALLED.value:
        return True
    if group.reclaimed_pages and refaults < USED_AGAIN.value * group.reclaimed_pages:
        return stalled >= STALLED_STREAMING.value
    return stalled >= STALLED.value


def _mostly_again(group: CgroupMemory) -> bool:
    return _refaults(group) >= MOSTLY_AGAIN.value * (group.reclaimed_pages or 0)


def _lost(view: View, name: str, stalled: float) -> float:
    """The part of the time in which it waits for memory or for I/O, or works in the kernel."""
    works = view.window.each_over(cgroup_cpu.SOURCE).get(name)
    system = 0.0 if works is None else view.per_second(cgroup_cpu.SOURCE, works.system_s)
    return min(1.0, stalled + (group_stall(view, name, "io_some") or 0.0) + system)


def _refaults(group: CgroupMemory) -> int:
    return (group.refaulted_file_pages or 0) + (group.refaulted_anon_pages or 0)


def _near_limit(group: CgroupMemory) -> bool:
    limits = [each for each in (group.high_bytes, group.limit_bytes) if each is not None]
    return bool(limits) and (group.usage_bytes or 0) >= 0.95 * min(limits)


def _limit(group: CgroupMemory) -> tuple[str, int | None]:
    """The limit that was met, by name, and what it is."""
    if group.high_events:
        return "memory.high", group.high_bytes
    if group.high_events is None:
        return "memory.limit_in_bytes", group.limit_bytes
    return "memory.max", group.limit_bytes


def _events(view: View, met: Met) -> Evidence:
    group, events = met.group, met.events
    limit, _ = _limit(group)
    field = "high_events" if group.high_events else "max_events"
    since = " since it was made" if view.window.since_boot else ""
    return view.evidence(
        cgroup_memory.SOURCE,
        field,
        getattr(group, field) or events,
        scope=met.scope,
        says=f"times that it met {limit}{since}",
    )


def _confirmed(view: View, met: Met, unnamed: int) -> Confirmed:
    name, group, stalled, scope = met.name, met.group, met.stalled, met.scope
    limit, limit_bytes = _limit(group)
    evidence = [_events(view, met)]
    if stalled is not None:
        evidence.append(
            view.evidence(
                cgroup_pressure.SOURCE,
                "memory_some_10s_percent" if view.window.since_boot else "memory_some_s",
                stalled,
                unit="",
                scope=scope,
                says=f"some task of the group waited for memory during {stalled:.0%} of the time",
                change=not view.window.since_boot,
            )
        )
    if group.usage_bytes is not None and limit_bytes is not None:
        evidence.append(
            view.evidence(
                cgroup_memory.SOURCE,
                "usage_bytes",
                group.usage_bytes,
                scope=scope,
                says=f"{size(group.usage_bytes)} used, {limit} is {size(limit_bytes)}",
                change=False,
            )
        )
    refaults = view.per_second(cgroup_memory.SOURCE, _refaults(group))
    again = ""
    lost = stalled
    if (
        stalled is not None
        and refaults >= REFAULTS.value
        and _mostly_again(group)
        and not view.window.since_boot
    ):
        lost = _lost(view, name, stalled)
        evidence.append(
            view.evidence(
                cgroup_pressure.SOURCE,
                "io_some_s",
                lost,
                unit="",
                scope=scope,
                says="part of the time that waiting for memory, waiting for I/O and working in the kernel take together",
            )
        )
    if refaults >= 1 and not view.window.since_boot:
        field = (
            "refaulted_file_pages"
            if (group.refaulted_file_pages or 0) >= (group.refaulted_anon_pages or 0)
            else "refaulted_anon_pages"
        )
        evidence.append(
            view.evidence(
                cgroup_memory.SOURCE,
                field,
                refaults,
                unit="1/s",
                scope=scope,
                says="pages a second that had been thrown out not long before were read again",
            )
        )
        again = f", and {refaults:,.0f} pages a second that it threw out are read again"
    waits = "" if stalled is None else f" Its tasks wait for memory during {stalled:.0%} of the time{again}."
    if stalled is not None and lost is not None and lost > stalled:
        waits = (
            f" Its tasks wait for memory during {stalled:.0%} of the time{again}, which with waiting for I/O and the "
            f"kernel's work takes {lost:.0%} of it."
        )
    if stalled is None:
        lost = met.spent
        took = (
            ""
            if lost is None
            else f" Its processes spend {lost:.0%} of the time in the kernel or asleep in it"
        )
        waits = f"{took}{again}." if took else f" Its reclaim is in vain{again}."
        if lost is not None:
            evidence.append(
                view.evidence(
                    processes.SOURCE,
                    "system_s",
                    lost,
                    unit="",
                    scope=scope,
                    says="part of the time in which its processes worked in the kernel or slept uninterruptibly",
                )
            )
    at = "its limit" if limit_bytes is None else f"{limit} = {size(limit_bytes)}"
    sleeps = (
        "mem_cgroup_handle_over_high() in mm/memcontrol.c has its tasks reclaim on their way back to user space, and "
        "sleep for what they are above it."
        if limit == "memory.high"
        else "try_charge_memcg() in mm/memcontrol.c has each task that wants a page reclaim another one first."
    )
    return Confirmed(
        scope=scope,
        confidence=0.6 if view.window.since_boot else 0.85 if stalled is None else 0.93,
        # Where neither pressure nor its processes are known nobody says how long they waited.
        impact=0.5 if lost is None else lost,
        mechanism=f"The group is at {at}: {sleeps}{waits} The host as a whole may have memory left."
        + (f" Beside those that are named {unnamed} cgroups more suffer." if unnamed > 0 else ""),
        evidence=tuple(evidence),
        chain=(
            f"the group needs more than {at}",
            "its own tasks reclaim its pages, or sleep",
            *(("the pages are needed again and are read back",) if again else ()),
            "the service is slow, and nothing is printed",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="cgroup-memory-reclaim",
    title="A cgroup reclaims at its own memory limit",
    group="memory",
    claim="A cgroup needs more than its memory.high, memory.max or memory.limit_in_bytes lets it keep.",
    signals=(
        Signal(
            "cgroup_memory.high_events", "grows: its tasks are made to reclaim or to sleep at memory.high"
        ),
        Signal("cgroup_memory.max_events", "grows: charges meet memory.max, or the limit of cgroup v1"),
        Signal("cgroup_pressure.memory_some_s", "grows while its tasks wait; near 0: reclaim costs nothing"),
        Signal(
            "cgroup_pressure.io_some_s", "grows beside many refaults: the wait is for pages that were here"
        ),
        Signal("processes.system_s", "of its processes, where no pressure is counted for it"),
        Signal("cgroup_memory.refaulted_file_pages", "grows: pages thrown out are missed, and read again"),
        Signal("cgroup_memory.refaulted_anon_pages", "the same, from swap"),
        Signal("cgroup_memory.reclaimed_pages", "many beside few refaults: data is used once, as in a copy"),
    ),
    thresholds=(STALLED, STALLED_STREAMING, USED_AGAIN, MOSTLY_AGAIN, REFAULTS, MANY),
    rivals=(
        Rival("cgroup-memory-limit", "there reclaim finds nothing and a process of the group is killed"),
        Rival("memory-pressure", "there the whole host is short: kswapd runs and pgscan_direct grows"),
        Rival("page-cache-thrashing", "there no limit is met, and refaults come from all of memory"),
        Rival(
            "device-saturated", "there reads are wanted for themselves; here they bring back evicted pages"
        ),
    ),
    explains=(
        "page-cache-thrashing",
        "swap-thrashing",
        "memory-pressure",
        "device-saturated",
        "device-slow",
        "device-queue-depth",
        "d-state-pileup",
        "kernel-time",
        "interrupt-load",
        "softirq-load",
        "dirty-page-throttling",
    ),
    mechanism=(
        "page_counter_try_charge() in mm/page_counter.c refuses a page beyond the limit, and "
        "try_to_free_mem_cgroup_pages() in mm/vmscan.c reclaims from the group alone. Above memory.high the task is let "
        "through, then reclaims and sleeps in mem_cgroup_handle_over_high(). The host's allocstall and kswapd see none "
        "of this."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit that is met (memory.high, memory.max; memory.limit_in_bytes in cgroup v1) and see the group's "
            "refaults and its memory.pressure fall.",
            "The host must have the memory left, or others reclaim instead.",
            "echo 512M > /sys/fs/cgroup/GROUP/memory.high",
        ),
        Action(
            "for good",
            "Set the limit above the working set: its refaults stop growing there. Where the data is larger than any "
            "limit, make the program use less, or read with O_DIRECT or POSIX_FADV_DONTNEED what it uses once.",
            "A working set that was measured at low load is too small.",
        ),
    ),
    see=("Documentation/admin-guide/cgroup-v2.rst (memory.high)", "mm/memcontrol.c", "mm/workingset.c"),
    test=_test,
)
