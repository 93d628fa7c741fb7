"""Pages of files are evicted and read again soon after: the data in use is bigger than memory."""

from collections.abc import Iterator

from kernward.collectors.sources import cgroup_memory, meminfo, memory_settings, process_io, processes, vmstat
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
from kernward.diagnosis.memory import (
    at_their_limit,
    host_at_ease,
    leader,
    outermost,
    page_bytes,
    stall,
    stall_evidence,
)
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

REFAULTS = Threshold(
    "pages of files a second that were evicted not long before and are read again",
    100.0,
    "1/s",
    "what is below 400 KiB a second is not what a disk or a service is slowed down by",
)
OF_READS = Threshold(
    "part of all that is read from block devices",
    0.25,
    "",
    "where less than a quarter of the reads is of pages that had been here, more memory would save little",
)
LOST = Threshold(
    "part of time that tasks wait for memory or for I/O, or that the reader works in the kernel",
    0.1,
    "",
    "the kernel counts a refault of a page of the working set as waiting for memory, of another one as waiting for I/O; "
    "on a fast device nobody waits for long, and copying from it is the cost. Below a tenth of the time nobody is "
    "slowed down",
)
ONE_PROCESS = Threshold(
    "part of what all processes read from devices that one has",
    0.4,
    "",
    "with less than this it is nobody's alone",
)
FOR_EACH = Threshold(
    "major page faults of that one for each page that came back",
    0.02,
    "",
    "readahead brings in 32 pages at a fault, so that fewer faults are not what did it",
)
# Readers among which the one that reads the most is looked for.
CANDIDATES = 12


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    over = window.over(vmstat.SOURCE)
    if over is None or over.workingset_refault_file_pages is None:
        yield Unknown(
            reason=f"refaults cannot be seen: {window.why_absent(vmstat.SOURCE) or 'this kernel does not count them'}"
        )
        return
    if window.since_boot:
        yield Unknown(reason="how fast pages come back takes two readings, and there is one")
        return
    groups = window.each_over(cgroup_memory.SOURCE)
    limited = outermost(at_their_limit(view))
    of_groups = sum(groups[name].refaulted_file_pages or 0 for name in limited)
    pages = max(0, over.workingset_refault_file_pages - of_groups)
    again = view.per_second(vmstat.SOURCE, pages)
    evidence = [
        view.evidence(
            vmstat.SOURCE,
            "workingset_refault_file_pages",
            again,
            unit="1/s",
            says="pages of files a second that had been evicted not long before and were read again"
            + (", those of cgroups at their limit left out" if of_groups else ""),
        )
    ]
    if again < REFAULTS.value:
        yield Refuted(reason=f"{again:,.0f} pages a second were read again", evidence=tuple(evidence))
        return
    at_ease = host_at_ease(
        view,
        "the host evicts no pages; what comes back is of cgroups at a limit, or was evicted before",
        *evidence,
    )
    if at_ease is not None:
        yield at_ease
        return
    if over.pgpgin_kib:
        part = min(1.0, pages * page_bytes(view) / 1024 / over.pgpgin_kib)
        if part < OF_READS.value:
            yield Refuted(
                reason=f"{part:.0%} of what is read had been in memory not long before: the rest is read for itself",
                evidence=(
                    *evidence,
                    view.evidence(
                        vmstat.SOURCE,
                        "pgpgin_kib",
                        view.per_second(vmstat.SOURCE, over.pgpgin_kib),
                        unit="KiB/s",
                    ),
                ),
            )
            return
    waits = {name: stall(view, name) for name in ("memory_some", "io_some")}
    known = {name: part for name, part in waits.items() if part is not None}
    if known:
        evidence.append(stall_evidence(view, max(known.values()), max(known, key=lambda name: known[name])))
    works = leader(view, lambda process: process.system_s)
    system = 0.0 if works is None else view.per_second(processes.SOURCE, works[1])
    lost = min(1.0, sum(known.values()) + system)
    if lost < LOST.value:
        yield Refuted(
            reason=f"pages are read again, but waiting and reading took {lost:.1%} of the time only",
            evidence=tuple(evidence),
        )
        return
    wanted = _readers(view)
    if not view.final and wanted and not any(window.last.asked_for(process_io.SOURCE, pid) for pid in wanted):
        yield Open(
            suspicion=0.6,
            reason="pages are evicted and read again; who reads them is to be seen",
            sources=((process_io.SOURCE.name, wanted),),
            evidence=tuple(evidence),
        )
        return
    memory = window.of(meminfo.SOURCE)
    if memory is not None and memory.available_bytes is not None:
        evidence.append(
            view.evidence(
                meminfo.SOURCE,
                "cached_bytes",
                memory.cached_bytes or 0,
                says=f"page cache; the machine has {size(memory.total_bytes or 0)}",
                change=False,
            )
        )
    scope, part, shown = _reader(view, pages)
    evidence.extend(shown)
    who = f"{scope.name} reads {part:.0%} of it. " if scope.kind == "process" else ""
    yield Confirmed(
        scope=scope,
        confidence=0.9 if scope.kind == "process" else 0.8,
        impact=lost,
        mechanism=(
            f"{size(again * page_bytes(view))} of files a second is read that was in memory not long before, and takes "
            f"{lost:.0%} of the time. {who}"
            "shrink_folio_list() in mm/vmscan.c evicts the pages that were used longest ago, which in a pass over "
            "more data than fits are those that are needed next; workingset_refault() in mm/workingset.c finds "
            "their shadows." + _setting(view, evidence)
        ),
        evidence=tuple(evidence),
        chain=(
            "the data in use is bigger than the page cache can be",
            "pages are evicted before they are used again",
            "reads that should come from memory come from the device",
        ),
    )


def _setting(view: View, evidence: list[Evidence]) -> str:
    """That vm.swappiness keeps idle memory of programs in and the cache out, where it does."""
    settings, memory = view.window.of(memory_settings.SOURCE), view.window.of(meminfo.SOURCE)
    if settings is None or memory is None or settings.swappiness != 0 or not memory.swap_free_bytes:
        return ""
    idle = memory.inactive_anon_bytes or 0
    if idle < 0.1 * (memory.total_bytes or 0):
        return ""
    evidence.append(
        view.evidence(
            memory_settings.SOURCE, "swappiness", 0, change=False,
            says=f"{size(idle)} of programs' memory is idle and not swapped",
        )
    )  # fmt: skip
    return (
        f" vm.swappiness is 0, so that get_scan_count() takes it all from the page cache, while {size(idle)} of memory of "
        "programs is idle."
    )


def _readers(view: View) -> tuple[str, ...]:
    """Who may have read: who waited uninterruptibly or worked in the kernel, most of it first."""
    waited: dict[str, int] = {}
    for sample in view.window.samples:
        for pid, process in sample.each(processes.SOURCE).items():
            waited[pid] = waited.get(pid, 0) + (process.state == "D")
    found = [
        (waited.get(pid, 0) + 10 * (process.system_s or 0.0) + (process.major_faults or 0) / 100, pid)
        for pid, process in view.window.each_over(processes.SOURCE).items()
        if not process.kernel_thread
    ]
    return tuple(pid for weight, pid in sorted(found, reverse=True)[:CANDIDATES] if weight > 0)


def _reader(view: View, pages: int) -> tuple[Scope, float, list[Evidence]]:
    """The process that reads most of it, what part that is, and its evidence."""
    read = view.window.each_over(process_io.SOURCE)
    total = sum(each.read_bytes or 0 for each in read.values())
    known = view.window.each(processes.SOURCE)
    if total:
        pid = max(read, key=lambda each: read[each].read_bytes or 0)
        most = read[pid].read_bytes or 0
        if most >= ONE_PROCESS.value * total and pid in known:
            scope = Scope("process", processes.label(pid, known[pid]))
            says = f"read from devices: {most / total:.0%} of what the processes that were looked at read"
            shown = view.evidence(process_io.SOURCE, "read_bytes", most, scope=scope, says=says)
            return scope, most / total, [shown]
        return HOST, 0.0, []
    # Without /proc/PID/io: who maps files has major faults, who reads them works in the kernel.
    for field, says in (
        ("major_faults", "faults that waited for a page"),
        ("system_s", "processor time in the kernel, where reading is done"),
    ):
        first = leader(view, lambda process, field=field: getattr(process, field))  # type: ignore[misc]
        if first is None or first[2] < ONE_PROCESS.value:
            continue
        if field != "major_faults" or first[1] >= FOR_EACH.value * pages:
            shown = view.evidence(
                processes.SOURCE, field, first[1], scope=first[0], says=f"{says}: {first[2]:.0%} of all"
            )
            return first[0], first[2], [shown]
    return HOST, 0.0, []


HYPOTHESIS = Hypothesis(
    id="page-cache-thrashing",
    title="The page cache is read through and never hit",
    group="memory",
    claim="Programs use more data of files than fits into memory, so that pages are evicted and read again.",
    signals=(
        Signal("vmstat.workingset_refault_file_pages", "grows: pages that were evicted are needed again"),
        Signal("vmstat.pgpgin_kib", "hardly more than that: most reads are of such pages"),
        Signal("vmstat.pgscan_kswapd_pages", "0: the host evicts nothing, so it is a cgroup at its limit"),
        Signal("pressure.memory_some_s", "grows while tasks wait for pages of the working set"),
        Signal("pressure.io_some_s", "grows while tasks wait for others"),
        Signal("processes.system_s", "grows: reading again costs processor time where the device is fast"),
        Signal("process_io.read_bytes", "who reads"),
        Signal("memory_settings.swappiness", "0: idle memory of programs stays, and the cache pays for it"),
    ),
    thresholds=(REFAULTS, OF_READS, LOST, ONE_PROCESS, FOR_EACH),
    rivals=(
        Rival("cgroup-memory-reclaim", "there a cgroup is at its limit, and the refaults are its own"),
        Rival("device-saturated", "there reads are of data that was not in memory before"),
        Rival("swap-thrashing", "there it is anonymous memory that goes out and comes back"),
        Rival("memory-pressure", "there programs need the memory for themselves, and the cache is squeezed"),
    ),
    explains=(
        "device-saturated",
        "device-queue-depth",
        "device-slow",
        "memory-pressure",
        "d-state-pileup",
        "kernel-time",
        "interrupt-load",
        "softirq-load",
        "single-thread-bottleneck",
    ),
    mechanism=(
        "An evicted page of a file leaves a shadow entry in its mapping (workingset_eviction() in mm/workingset.c). When "
        "filemap_add_folio() finds it, workingset_refault() counts a refault, and the page becomes active at once where "
        "memory would have sufficed to keep it."
    ),
    actions=(
        Action(
            "now",
            "See whether the reader can be stopped or slowed down, or whether memory can be freed for the cache.",
            "What the reader does is late.",
        ),
        Action(
            "for good",
            "Give the machine memory for the data, have the program read each part once, or read with O_DIRECT where "
            "it keeps a cache of its own.",
            "O_DIRECT without an own cache reads everything from the device.",
        ),
    ),
    see=("mm/workingset.c (its first comment)", "mm/vmscan.c", "mm/filemap.c"),
    test=_test,
)
