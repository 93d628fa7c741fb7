"""Page faults wait for huge pages to be made."""

from collections.abc import Iterator

from kernward.collectors.measurements import compaction
from kernward.collectors.sources import memory_settings, vmstat
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
from kernward.diagnosis.memory import leader, stall, stall_evidence
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Scope

STALLS = Threshold(
    "times a second that a task compacts itself",
    10.0,
    "1/s",
    "each takes from half a millisecond to tens of them: ten a second are felt",
)
FOR_HUGE = Threshold(
    "page faults that wanted a huge page, for each of these",
    0.5,
    "",
    "with fewer somebody else asks for large blocks",
)
STALLED = Threshold(
    "part of time in which a task waits for memory",
    0.1,
    "",
    "compaction of a task counts as waiting for memory; below a tenth of the time the huge pages are worth it",
)
ONE_PROCESS = Threshold(
    "part of all page faults that one process has", 0.4, "", "with less than this it is nobody's alone"
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    over = window.over(vmstat.SOURCE)
    if over is None or over.compact_stall is None:
        missing = window.why_absent(vmstat.SOURCE) or "the kernel was built without compaction"
        yield Unknown(reason=f"compaction cannot be seen: {missing}")
        return
    if over.thp_fault_alloc is None or over.thp_fault_fallback is None:
        yield Refuted(reason="the kernel has no transparent huge pages")
        return
    settings = window.of(memory_settings.SOURCE)
    if settings is not None and settings.thp_enabled == "never":
        yield Refuted(
            reason="transparent huge pages are off",
            evidence=(view.evidence(memory_settings.SOURCE, "thp_enabled", "never", change=False),),
        )
        return
    if window.since_boot:
        yield Unknown(reason="how often tasks compact takes two readings, and there is one")
        return
    stalls = view.per_second(vmstat.SOURCE, over.compact_stall)
    wanted = over.thp_fault_alloc + over.thp_fault_fallback
    evidence = [
        view.evidence(
            vmstat.SOURCE,
            "compact_stall",
            stalls,
            unit="1/s",
            says="times a second that a task compacted itself",
        ),
        view.evidence(
            vmstat.SOURCE,
            "thp_fault_fallback",
            view.per_second(vmstat.SOURCE, over.thp_fault_fallback),
            unit="1/s",
            says=f"page faults a second that got no huge page, of {view.per_second(vmstat.SOURCE, wanted):,.0f} that wanted one",
        ),
    ]
    if stalls < STALLS.value or wanted < FOR_HUGE.value * over.compact_stall:
        yield Refuted(
            reason=f"tasks compacted {stalls:,.1f} times a second"
            + ("" if stalls < STALLS.value else ", for something else than huge pages"),
            evidence=tuple(evidence),
        )
        return
    stalled = stall(view)
    if stalled is not None:
        evidence.append(stall_evidence(view, stalled))
        if stalled < STALLED.value:
            yield Refuted(
                reason=f"tasks compact for huge pages, but waited for memory during {stalled:.1%} of the time",
                evidence=tuple(evidence),
            )
            return
    elif view.can_ask(compaction.SOURCE.name):
        yield Open(
            suspicion=0.5,
            reason="tasks compact for huge pages; how long that takes them is to be measured",
            asks=(compaction.SOURCE.name,),
            evidence=tuple(evidence),
        )
        return
    scope = HOST
    spent: dict[str, float] = {}
    if view.has(compaction.SOURCE.name):
        for record in window.each_over(compaction.SOURCE).values():
            for process, seconds in (record.by_process_s or {}).items():
                if not process.startswith("kcompactd"):
                    spent[process] = spent.get(process, 0.0) + seconds
    if spent:
        name = max(spent, key=lambda each: (spent[each], each))
        scope = Scope("process", name)
        evidence.append(
            view.evidence(
                compaction.SOURCE,
                "by_process_s",
                spent[name],
                scope=scope,
                says="seconds in which it compacted",
            )
        )
    else:
        first = leader(view, lambda process: process.minor_faults)
        if first is not None and first[2] >= ONE_PROCESS.value:
            scope = first[0]
    mode = None if settings is None else settings.thp_defrag
    if mode is not None:
        evidence.append(view.evidence(memory_settings.SOURCE, "thp_defrag", mode, change=False))
    yield Confirmed(
        scope=scope,
        confidence=0.85 if stalled is not None or spent else 0.6,
        impact=stalled if stalled is not None else 0.3,
        mechanism=(
            f"{stalls:,.0f} times a second a page fault that wants a huge page is sent into "
            "__alloc_pages_direct_compact() in mm/page_alloc.c to make 2 MiB of contiguous memory, and waits for it"
            + (f" (transparent_hugepage/defrag is {mode})." if mode else ".")
        ),
        evidence=tuple(evidence),
        chain=(
            "a program touches new memory in a region that may have huge pages",
            "no block of 2 MiB is free, so that the fault compacts",
            "what should take a microsecond takes milliseconds",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="thp-stalls",
    title="Page faults wait for huge pages",
    group="memory",
    claim="Page faults compact memory to get transparent huge pages, and take milliseconds.",
    signals=(
        Signal("vmstat.compact_stall", "grows: tasks compact themselves"),
        Signal("vmstat.thp_fault_alloc", "grows with it: it is for huge pages"),
        Signal("vmstat.thp_fault_fallback", "grows: and in vain"),
        Signal("pressure.memory_some_s", "grows while tasks wait; compaction counts as memory"),
        Signal("compaction.by_process_s", "who compacts, where it was measured"),
        Signal("memory_settings.thp_defrag", "always: every such fault compacts; defer: none does"),
    ),
    thresholds=(STALLS, FOR_HUGE, STALLED, ONE_PROCESS),
    rivals=(
        Rival("memory-fragmentation", "there smaller blocks are refused too"),
        Rival("memory-pressure", "there memory itself is short: allocstall grows"),
    ),
    mechanism=(
        "vma_alloc_anon_folio_pmd() in mm/huge_memory.c (do_huge_pmd_anonymous_page() before 6.13) asks for an order-9 "
        "block; with defrag=always, or madvise in a region that was advised, the allocation may compact and reclaim "
        "directly."
    ),
    actions=(
        Action(
            "now",
            "Let faults take small pages, and khugepaged join them later.",
            "Programs that gain from huge pages get them later.",
            "echo defer+madvise > /sys/kernel/mm/transparent_hugepage/defrag",
        ),
        Action(
            "for good",
            "Use madvise for the programs that gain from huge pages, or hugetlbfs with pages reserved at boot.",
            "Reserved pages are of no use to others.",
        ),
    ),
    asks=(compaction.SOURCE.name,),
    see=("Documentation/admin-guide/mm/transhuge.rst", "mm/huge_memory.c", "mm/compaction.c"),
    test=_test,
)
