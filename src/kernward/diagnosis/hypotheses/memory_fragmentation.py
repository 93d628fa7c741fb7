"""Free memory lies in pieces that are too small."""

from collections.abc import Iterator

from kernward.collectors.sources import buddyinfo, meminfo, pagetypeinfo, vmstat
from kernward.collectors.sources.pagetypeinfo import pages_below
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
from kernward.diagnosis.log_events import evidence as of_event
from kernward.diagnosis.log_events import logged
from kernward.diagnosis.memory import page_bytes, stall, stall_evidence
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence

# 64 KiB: what slab caches, network buffers, stacks and jumbo frames ask for at most.
ORDER = 4
IN_PIECES = Threshold(
    "part of memory that is free in blocks below order 4",
    0.08,
    "",
    "beside a full page cache one or two percent are, because the allocator joins what is freed; more stays apart only "
    "where neighbours are in use",
)
UNMOVABLE = Threshold(
    "part of memory that is free in such blocks among pages that cannot be moved",
    0.04,
    "",
    "compaction joins free pages between movable ones in milliseconds; between the kernel's own it cannot",
)
UNSEEN = Threshold(
    "part of the free memory that is in such blocks, where its kind cannot be read",
    0.6,
    "",
    "then only what is in pieces nearly everywhere is called fragmented",
)
STALLS = Threshold(
    "times a second that a task compacts itself",
    10.0,
    "1/s",
    "kcompactd works ahead of demand; a task that compacts waits for milliseconds each time",
)
FAILED = Threshold(
    "part of these that gave no block",
    0.5,
    "",
    "where most succeed compaction works, and its time is all it costs",
)
STALLED = Threshold(
    "part of time in which a task waits for memory", 0.1, "", "compaction counts as waiting for memory"
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    zones = window.each(buddyinfo.SOURCE)
    memory = window.of(meminfo.SOURCE)
    page = page_bytes(view)
    total = (memory.total_bytes or 0) // page if memory is not None else 0
    if not zones or not total:
        missing = window.why_absent(buddyinfo.SOURCE) or window.why_absent(meminfo.SOURCE)
        yield Unknown(reason=f"the free blocks cannot be read: {missing}")
        return
    free = sum(zone.free_pages() for zone in zones.values())
    small = free - sum(zone.free_pages(ORDER) for zone in zones.values())
    evidence = [
        view.evidence(
            buddyinfo.SOURCE,
            "free_blocks",
            small / total,
            unit="",
            says=f"part of memory that is free in blocks below {size(page << ORDER)}; free are {size(free * page)} in all",
            change=False,
        )
    ]
    failing = _compaction_fails(view, evidence)
    if small < IN_PIECES.value * total:
        if failing is None:
            yield Refuted(
                reason=f"of {size(free * page)} of free memory {size(small * page)} are in blocks below "
                f"{size(page << ORDER)}",
                evidence=tuple(evidence[:1]),
            )
        else:
            yield _confirmed(view, evidence, 0.75, failing, small * page, free * page, None)
        return
    kinds = window.each(pagetypeinfo.SOURCE)
    if not kinds:
        if view.can_read(pagetypeinfo.SOURCE):
            yield Open(
                suspicion=0.5,
                reason="free memory is in small blocks; whether they can be joined is to be seen",
                sources=((pagetypeinfo.SOURCE.name, tuple(zones)),),
                evidence=tuple(evidence),
            )
        elif small >= UNSEEN.value * free:
            yield _confirmed(view, evidence, 0.6, failing, small * page, free * page, None)
        else:
            yield Unknown(
                reason="free memory is in small blocks; whether they can be joined says /proc/pagetypeinfo, which cannot "
                f"be read: {window.why_absent(pagetypeinfo.SOURCE)}",
                evidence=tuple(evidence),
            )
        return
    stuck = sum(
        pages_below(zone.unmovable_blocks, ORDER) + pages_below(zone.reclaimable_blocks, ORDER)
        for zone in kinds.values()
    )
    evidence.append(
        view.evidence(
            pagetypeinfo.SOURCE,
            "unmovable_blocks",
            stuck / total,
            unit="",
            says="part of memory that is free in such blocks between pages of the kernel, which cannot be moved",
            change=False,
        )
    )
    if stuck < UNMOVABLE.value * total and failing is None:
        yield Refuted(
            reason=f"{size(small * page)} are free in small blocks, nearly all between pages that compaction can move",
            evidence=tuple(evidence),
        )
        return
    yield _confirmed(view, evidence, 0.85, failing, small * page, free * page, stuck * page)


def _compaction_fails(view: View, evidence: list[Evidence]) -> float | None:
    """The part of the time lost where tasks compact in vain; None where they do not."""
    over, stalled = view.window.over(vmstat.SOURCE), stall(view)
    if over is None or view.window.since_boot or not over.compact_stall:
        return None
    stalls = view.per_second(vmstat.SOURCE, over.compact_stall)
    failed = (over.compact_fail or 0) / over.compact_stall
    huge = (over.thp_fault_alloc or 0) + (over.thp_fault_fallback or 0)
    if stalls < STALLS.value or failed < FAILED.value or huge > over.compact_stall / 2:
        return None
    if stalled is not None and stalled < STALLED.value:
        return None
    evidence.append(
        view.evidence(
            vmstat.SOURCE,
            "compact_fail",
            view.per_second(vmstat.SOURCE, over.compact_fail),
            unit="1/s",
            says=f"times a second that a task compacted in vain, of {stalls:,.0f}",
        )
    )
    if stalled is not None:
        evidence.append(stall_evidence(view, stalled))
    return 0.3 if stalled is None else stalled


def _confirmed(
    view: View,
    evidence: list[Evidence],
    confidence: float,
    failing: float | None,
    small: int,
    free: int,
    stuck: int | None,
) -> Confirmed:
    failures = [
        event for event in logged(view, "page-allocation-failure").events if event.fields.get("order")
    ]
    if failures:
        evidence.append(of_event(view, failures[-1]))
    of = (
        ""
        if stuck is None
        else f", {size(stuck)} of it between pages of the kernel that compaction cannot move"
    )
    now = (
        "Tasks that want larger blocks compact in vain."
        if failing is not None
        else "An allocation has failed for it."
        if failures
        else "Nobody has waited for a larger block while this was looked at; who asks for one will."
    )
    return Confirmed(
        scope=HOST,
        confidence=min(0.95, confidence + (0.1 if failures or failing is not None else 0.0)),
        impact=max(failing or 0.0, 0.7 if failures else 0.4),
        mechanism=(
            f"Of {size(free)} of free memory {size(small)} lie in blocks below {size(page_bytes(view) << ORDER)}{of}. "
            "rmqueue() in mm/page_alloc.c can give nothing larger from there, and isolate_migratepages_block() in "
            f"mm/compaction.c skips what is on no list of movable pages. {now}"
        ),
        evidence=tuple(evidence),
        chain=(
            "pages of the kernel are scattered over memory",
            "free pages between them cannot be joined",
            "larger blocks are compacted for in vain, or are refused",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="memory-fragmentation",
    title="Free memory is in pieces",
    group="memory",
    claim="Memory is free, but not in blocks large enough for what drivers, the network and huge pages ask for.",
    signals=(
        Signal("buddyinfo.free_blocks", "much is free, and most of it in blocks below order 4"),
        Signal("pagetypeinfo.unmovable_blocks", "between pages of the kernel: cannot be joined"),
        Signal(
            "pagetypeinfo.movable_blocks", "between movable pages: compaction joins it when somebody asks"
        ),
        Signal("vmstat.compact_fail", "grows: tasks compact and get nothing"),
        Signal("kernel_events.latest", "page allocation failures of an order above 0"),
    ),
    thresholds=(IN_PIECES, UNMOVABLE, UNSEEN, STALLS, FAILED, STALLED),
    rivals=(
        Rival("memory-pressure", "there hardly any page is free, of whatever size"),
        Rival("thp-stalls", "there it is huge pages that are asked for at page faults"),
        Rival(
            "kernel-memory-leak", "there the kernel's own pages grow; here they are scattered, and may be few"
        ),
    ),
    explains=("thp-stalls",),
    mechanism=(
        "The buddy allocator joins a free block with its neighbour of the same size only if both are free "
        "(__free_one_page() in mm/page_alloc.c). Unmovable pages (slab, pipes, page tables, drivers' buffers) that "
        "outlive their neighbours keep whole pageblocks apart; compaction moves only what is mapped or in the page cache."
    ),
    actions=(
        Action(
            "now",
            "Let the kernel join what it can, and drop reclaimable caches if that is not enough.",
            "Both cost processor time, and what was cached is read again.",
            "echo 1 > /proc/sys/vm/compact_memory",
        ),
        Action(
            "for good",
            "Find who holds unmovable pages (page_owner=on at boot, tools/mm/page_owner_sort); reserve huge pages at boot; "
            "raise vm.min_free_kbytes, so that the allocator falls back into other kinds of pageblocks less often.",
            "page_owner costs memory; a larger reserve is memory that nobody uses.",
        ),
    ),
    cost="/proc/pagetypeinfo is read when free memory is in pieces: the kernel counts blocks under the zone's lock, up to "
    "100000 of each size",
    kinds=("page-allocation-failure",),
    see=("mm/compaction.c", "Documentation/mm/page_owner.rst", "Documentation/admin-guide/sysctl/vm.rst"),
    test=_test,
)
