"""What tests of memory have in common: who waits for memory, who reclaims it, who holds it.

The host's counters of reclaim by kswapd and by tasks leave out what cgroups reclaim at their own limits;
those of refaults and of swap do not. Telling the two apart is most of what these functions are for.
"""

from collections.abc import Callable, Collection, Iterator

from kernward.collectors.sources import (
    cgroup_memory,
    cgroup_pressure,
    meminfo,
    pressure,
    process_cgroups,
    processes,
    vmstat,
)
from kernward.collectors.sources.processes import Process
from kernward.diagnosis.hypothesis import Refuted
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import size
from kernward.records.check import Evidence, Scope

_PAGE_SIZES = (4096, 16384, 65536)


def page_bytes(view: View) -> int:
    """The machine's page size, as the same figure in pages and in bytes tells it."""
    memory, counted = view.window.of(meminfo.SOURCE), view.window.of(vmstat.SOURCE)
    if memory is None or counted is None or not memory.free_bytes or not counted.nr_free_pages:
        return _PAGE_SIZES[0]
    ratio = memory.free_bytes / counted.nr_free_pages
    return min(_PAGE_SIZES, key=lambda each: abs(each - ratio))


def stall(view: View, name: str = "memory_some") -> float | None:
    """The part of the time in which tasks of the machine waited; None without PSI."""
    if view.window.since_boot:
        now = view.window.of(pressure.SOURCE)
        percent = getattr(now, f"{name}_10s_percent", None)
        return None if percent is None else percent / 100
    seconds = getattr(view.window.over(pressure.SOURCE), f"{name}_s", None)
    return None if seconds is None else min(1.0, seconds / view.window.seconds_of(pressure.SOURCE))


def stall_evidence(view: View, part: float, name: str = "memory_some") -> Evidence:
    """That part of the time as evidence."""
    word = "memory" if name.startswith("memory") else "I/O"
    field = f"{name}_10s_percent" if view.window.since_boot else f"{name}_s"
    return view.evidence(
        pressure.SOURCE,
        field,
        part,
        unit="",
        says=f"some task waited for {word} during {part:.0%} of the time",
        change=not view.window.since_boot,
    )


def group_stall(view: View, cgroup: str, name: str = "memory_some") -> float | None:
    """The part of the time in which tasks of a cgroup waited; None where its pressure is not known."""
    if view.window.since_boot:
        now = view.window.each(cgroup_pressure.SOURCE).get(cgroup)
        percent = getattr(now, f"{name}_10s_percent", None)
        return None if percent is None else percent / 100
    seconds = getattr(view.window.each_over(cgroup_pressure.SOURCE).get(cgroup), f"{name}_s", None)
    return None if seconds is None else min(1.0, seconds / view.window.seconds_of(cgroup_pressure.SOURCE))


def host_scanned_pages(view: View) -> int | None:
    """Pages that were looked at because the machine, and not a cgroup, was short of memory."""
    over = view.window.over(vmstat.SOURCE)
    if over is None or over.pgscan_kswapd_pages is None or over.pgscan_direct_pages is None:
        return None
    return over.pgscan_kswapd_pages + over.pgscan_direct_pages


def host_at_ease(view: View, reason: str, *evidence: Evidence) -> Refuted | None:
    """That it is not the machine that is short of memory, where its own counters say that it looked at no page."""
    over = view.window.over(vmstat.SOURCE)
    if over is None or host_scanned_pages(view) != 0:
        return None
    looked = view.evidence(vmstat.SOURCE, "pgscan_kswapd_pages", over.pgscan_kswapd_pages or 0)
    return Refuted(reason=reason, evidence=(*evidence, looked))


def at_their_limit(view: View) -> list[str]:
    """Cgroups that met a limit of their own in the window."""
    if view.window.since_boot:
        return []
    return [
        name
        for name, group in view.window.each_over(cgroup_memory.SOURCE).items()
        if (group.max_events or 0) + (group.high_events or 0) > 0
    ]


def outermost(cgroups: Collection[str]) -> list[str]:
    """Those that are not below another of them, so that what includes all below is not counted twice."""
    these = set(cgroups)
    return [each for each in cgroups if not any(above in these for above in ancestors(each))]


def ancestors(cgroup: str) -> Iterator[str]:
    """The cgroups that a cgroup is below: /a/b/c is below /a/b, /a and /."""
    while cgroup != "/":
        cgroup = cgroup.rpartition("/")[0] or "/"
        yield cgroup


def members(view: View) -> dict[str, set[str]]:
    """The processes that the memory controller counts in each cgroup or below it."""
    found: dict[str, set[str]] = {}
    for pid, groups in view.window.each(process_cgroups.SOURCE).items():
        path = groups.of("memory")
        if path is not None:
            for cgroup in (path, *ancestors(path)):
                found.setdefault(cgroup, set()).add(pid)
    return found


def spent_in_kernel(view: View, pids: Collection[str]) -> float | None:
    """The part of the time in which one of these processes worked in the kernel or slept uninterruptibly.

    What the pressure of their cgroup would tell where there is none, in version 1. None of no processes.
    """
    if not pids or view.window.since_boot:
        return None
    over = view.window.each_over(processes.SOURCE)
    system = sum(over[pid].system_s or 0.0 for pid in pids if pid in over)
    having = [
        each.each(processes.SOURCE) for each in view.window.samples if processes.SOURCE.name in each.read
    ]
    asleep = sum(any(each[pid].state == "D" for pid in pids if pid in each) for each in having)
    return min(1.0, view.per_second(processes.SOURCE, system) + asleep / max(len(having), 1))


def leader(view: View, amount: Callable[[Process], float | None]) -> tuple[Scope, float, float] | None:
    """The process with the most of what grew in the window: its scope, how much, and its part of all."""
    found = [
        (amount(process) or 0.0, pid, process)
        for pid, process in view.window.each_over(processes.SOURCE).items()
        if not process.kernel_thread
    ]
    total = sum(each for each, _, _ in found)
    if total <= 0:
        return None
    most, pid, process = max(found, key=lambda each: each[0])
    return Scope("process", processes.label(pid, process)), most, most / total


def largest(view: View) -> tuple[Scope, Process] | None:
    """The process with the most memory."""
    found = view.window.each(processes.SOURCE)
    if not found:
        return None
    pid, process = max(found.items(), key=lambda each: each[1].rss_bytes or 0)
    return Scope("process", processes.label(pid, process)), process


# What fills memory without being any process's own, from which part of memory on it is worth a word, and how
# it is said.
_HOLDERS = (
    ("shmem_bytes", 0.25, "are in tmpfs and shared memory, which no process's end gives back"),
    ("unused_huge_bytes", 0.15, "are reserved as huge pages (vm.nr_hugepages) and unused"),
    ("slab_unreclaimable_bytes", 0.15, "are slab of the kernel that cannot be reclaimed"),
    ("page_tables_bytes", 0.1, "are page tables"),
    ("mlocked_bytes", 0.4, "are locked (mlock), which reclaim leaves alone"),
)


def holders(view: View) -> tuple[str, list[Evidence]]:
    """What holds much of the memory besides processes' own: as sentences, and as evidence."""
    memory = view.window.of(meminfo.SOURCE)
    total = memory.total_bytes if memory is not None else None
    if memory is None or not total:
        return "", []
    told, shown = "", []
    for field, part, words in _HOLDERS:
        if field == "unused_huge_bytes":
            signal, held = "huge_pages_free", (memory.huge_pages_free or 0) * (memory.huge_page_bytes or 0)
        else:
            signal, held = field, getattr(memory, field) or 0
        if held >= part * total:
            told += f" {size(held)} {words}."
            value = memory.huge_pages_free or 0 if signal == "huge_pages_free" else held
            shown.append(
                view.evidence(
                    meminfo.SOURCE, signal, value, says=f"{held / total:.0%} of memory", change=False
                )
            )
    return told, shown
