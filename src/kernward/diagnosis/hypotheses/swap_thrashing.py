"""A working set that is bigger than memory goes in and out of swap."""

from collections.abc import Iterator

from kernward.collectors.sources import meminfo, processes, swaps, vmstat
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
from kernward.diagnosis.kinship import pid
from kernward.diagnosis.memory import host_at_ease, leader, stall, stall_evidence
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Scope

BOTH_WAYS = Threshold(
    "pages a second that go out, and that come in",
    20.0,
    "1/s",
    "cold pages go out once and do not come back; a storm is what goes both ways at once. Twenty pages are what the "
    "slowest disk reads in a fifth of a second",
)
LOST = Threshold(
    "part of time that tasks wait for memory, or that whoever faults works in the kernel",
    0.1,
    "",
    "swap that is in use and does not hurt, such as after a resume, takes less; with zram or a fast device nobody waits "
    "for long, and the kernel's work at each page is the cost",
)
WITHOUT_PRESSURE = Threshold(
    "pages a second each way, where the kernel has no PSI",
    200.0,
    "1/s",
    "at 4 ms each, what a disk takes for a random read, 200 pages are most of a second",
)
ONE_PROCESS = Threshold(
    "part of all major page faults that one process has",
    0.4,
    "",
    "a page that comes in from swap is a major fault of whoever touched it: with less than this it is no one's alone",
)
FOR_EACH = Threshold(
    "its major page faults for each page that came in",
    0.02,
    "",
    "swap_readahead() brings in up to 32 pages at a fault (vm.page-cluster), so that fewer faults are not what did it",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    over = window.over(vmstat.SOURCE)
    if over is None:
        yield Unknown(reason=f"swapping cannot be seen: {window.why_absent(vmstat.SOURCE)}")
        return
    memory = window.of(meminfo.SOURCE)
    if memory is not None and memory.swap_total_bytes == 0:
        yield Refuted(
            reason="the machine has no swap",
            evidence=(view.evidence(meminfo.SOURCE, "swap_total_bytes", 0, change=False),),
        )
        return
    if window.since_boot:
        yield Unknown(reason="how fast pages are swapped takes two readings, and there is one")
        return
    if over.pswpin_pages is None or over.pswpout_pages is None:
        yield Unknown(reason="/proc/vmstat counts no swapped pages: the kernel was built without swap")
        return
    into = view.per_second(vmstat.SOURCE, over.pswpin_pages + (over.zswpin_pages or 0))
    out = view.per_second(vmstat.SOURCE, over.pswpout_pages + (over.zswpout_pages or 0))
    evidence = [
        view.evidence(vmstat.SOURCE, "pswpin_pages", into, unit="1/s", says="pages a second that came in"),
        view.evidence(vmstat.SOURCE, "pswpout_pages", out, unit="1/s", says="pages a second that went out"),
    ]
    stalled = stall(view)
    both = min(into, out)
    if both < BOTH_WAYS.value or (stalled is None and both < WITHOUT_PRESSURE.value):
        yield Refuted(
            reason=f"{into:,.0f} pages a second came in and {out:,.0f} went out: no storm",
            evidence=tuple(evidence),
        )
        return
    first = leader(view, lambda process: process.major_faults)
    lost = (stalled or 0.0) + (0.0 if first is None else _works(view, first[0]))
    if stalled is not None:
        evidence.append(stall_evidence(view, stalled))
        if lost < LOST.value:
            yield Refuted(
                reason=f"pages are swapped, but waiting and fetching them took {lost:.1%} of the time only",
                evidence=tuple(evidence),
            )
            return
    at_ease = host_at_ease(
        view,
        "pages are swapped at the limit of a cgroup; the host itself reclaims nothing",
        *evidence,
    )
    if at_ease is not None:
        yield at_ease
        return
    scope, whose = HOST, ""
    if (
        first is not None
        and first[2] >= ONE_PROCESS.value
        and first[1] >= FOR_EACH.value * into * view.window.seconds_of(vmstat.SOURCE)
    ):
        scope = first[0]
        whose = f"{first[2]:.0%} of them for {scope.name}. "
        evidence.append(
            view.evidence(
                processes.SOURCE,
                "major_faults",
                first[1],
                scope=scope,
                says=f"faults that waited for a page: {first[2]:.0%} of those of all processes",
            )
        )
    places = ", ".join(sorted(window.each(swaps.SOURCE))) or "swap"
    zram = all("zram" in each for each in window.each(swaps.SOURCE)) and places != "swap"
    yield Confirmed(
        scope=scope,
        confidence=0.92 if stalled is not None else 0.8,
        impact=0.8 if stalled is None else min(1.0, lost),
        mechanism=(
            f"Each second {out:,.0f} pages go out to {places} and {into:,.0f} come in, {whose}"
            "shrink_folio_list() in mm/vmscan.c evicts pages that are in use, do_swap_page() in mm/memory.c fetches "
            "them back, and each that comes in pushes another one out."
            + (" zram compresses them: no disk is busy, processors are." if zram else "")
        ),
        evidence=tuple(evidence),
        chain=(
            "the working set is bigger than memory",
            f"pages go out to {places} while they are needed",
            "each touch of one is a major fault that waits",
            "compression takes the processors"
            if zram
            else "the swap device is busy, and others wait for it too",
        ),
        victims=(Scope(),) if scope.kind == "process" else (),
    )


def _works(view: View, scope: Scope) -> float:
    """The part of the time in which this process works in the kernel."""
    process = view.window.each_over(processes.SOURCE).get(pid(scope.name) or "")
    return 0.0 if process is None else view.per_second(processes.SOURCE, process.system_s)


HYPOTHESIS = Hypothesis(
    id="swap-thrashing",
    title="Swapping in and out without a pause",
    group="memory",
    claim="What is in use is bigger than memory, so that pages go out and come back all the time.",
    signals=(
        Signal(
            "vmstat.pswpin_pages", "grows as fast as pages go out: a storm; near 0: pages that left stay out"
        ),
        Signal("vmstat.pswpout_pages", "grows: memory is made room in"),
        Signal("pressure.memory_some_s", "grows while tasks wait for their pages"),
        Signal("vmstat.pgscan_kswapd_pages", "0: it is a cgroup at its limit and not the host"),
        Signal("processes.major_faults", "whose pages they are"),
        Signal("processes.system_s", "grows for them: what fetching and compressing costs"),
    ),
    thresholds=(BOTH_WAYS, LOST, WITHOUT_PRESSURE, ONE_PROCESS, FOR_EACH),
    rivals=(
        Rival("cgroup-memory-reclaim", "there the pages are of one cgroup, and the host does not reclaim"),
        Rival("page-cache-thrashing", "there it is pages of files that come back, from where the files are"),
        Rival("device-saturated", "there the device is busy with what programs ask for, not with swap"),
        Rival(
            "memory-pressure", "the same shortage without the storm: reclaim finds pages that are not missed"
        ),
    ),
    explains=(
        "memory-pressure",
        "page-cache-thrashing",
        "device-saturated",
        "device-queue-depth",
        "device-slow",
        "d-state-pileup",
        "kernel-time",
        "writeback-storm",
        "interrupt-load",
        "softirq-load",
        "thp-stalls",
        "cpu-run-queue-overload",
        "single-thread-bottleneck",
    ),
    mechanism=(
        "shrink_folio_list() in mm/vmscan.c writes anonymous pages out (swap_writepage() in mm/page_io.c) when the "
        "watermarks of a zone are not met, and do_swap_page() in mm/memory.c reads back what is touched next. "
        "workingset_refault() in mm/workingset.c counts the pages that came back too soon. zram and zswap compress "
        "instead of writing, which costs processor time."
    ),
    actions=(
        Action(
            "now",
            "Stop or move the process that the finding names, or what else can be spared.",
            "Its work is interrupted; swapoff is no help, since it reads all of it back first.",
            "kill -STOP PID",
        ),
        Action(
            "for good",
            "Give the machine memory for the working set, or bound the service with memory.max, so that it fails alone.",
            "A bound that is too small turns the storm into one of the cgroup's own.",
        ),
    ),
    see=("mm/vmscan.c", "mm/workingset.c", "Documentation/admin-guide/sysctl/vm.rst (swappiness)"),
    test=_test,
)
