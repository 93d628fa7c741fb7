"""The kernel itself, or a driver, takes memory and gives none back."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kernward.collectors.sample import Sample
from kernward.collectors.sources import kernel_events, meminfo, slabinfo, vmstat, zoneinfo
from kernward.collectors.sources.meminfo import Meminfo
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
from kernward.diagnosis.log_events import LASTING_S, logged
from kernward.diagnosis.log_events import evidence as of_event
from kernward.diagnosis.memory import page_bytes
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import MIB, size
from kernward.records.check import Action, Evidence

LEAST = Threshold(
    "growth in the window",
    1 * MIB,
    "bytes",
    "slabs are allocated by the dozen of pages, so that a few hundred KiB come and go with any work",
)
STEADY = Threshold(
    "part of the readings between which it grew", 0.75, "", "what is used and freed falls as well as it grows"
)
READINGS = Threshold("readings of it", 3, "", "with fewer, what is even cannot be told from what is not")
LASTING = Threshold("time between the first and the last", 4.0, "s", "a burst of work is over in less")
NAMELESS = Threshold(
    "growth of memory that is in no count, as part of all",
    0.02,
    "",
    "network buffers and pages on their way come and go by some MiB",
)
OF_GROWTH = Threshold(
    "part of the slab's growth that is of one cache",
    0.5,
    "",
    "one forgotten kfree() leaks objects of one size; more work of all kinds takes objects of all kinds",
)
OF_CACHE = Threshold(
    "part of the page cache's size, or growth, that goes with it",
    0.02,
    "",
    "file systems keep some 32 to 64 bytes for each page of a file (iomap_folio_state in fs/iomap/buffered-io.c)",
)
OF_MEMORY = Threshold(
    "part of memory that one cache of kmalloc() holds",
    0.006,
    "",
    "kmalloc() serves small things that nobody found worth a cache of their own: of one size they are a few tenths of a "
    "percent of memory on machines that are well",
)
OF_SLAB = Threshold(
    "part of the slab that cannot be reclaimed that this cache holds",
    0.3,
    "",
    "on a machine that is well it is spread over many caches",
)
LARGE = Threshold(
    "part of memory that one cache of whatever name holds",
    0.1,
    "",
    "no driver needs a tenth of the machine in objects of one kind; what can be reclaimed is not counted",
)
SUSPECT = Threshold(
    "part of memory that is slab that cannot be reclaimed, in a copied tree",
    0.08,
    "",
    "machines that are well have a few percent; what holds more is worth a second look",
)
HORIZON_S = Threshold(
    "time until the available memory is used up",
    6 * 3600.0,
    "s",
    "growth of seconds says nothing of what is next week",
)
LEAK_AGE = Threshold(
    "age of kmemleak's report", LASTING_S, "s", "what has leaked stays leaked until the next boot"
)
KMEMLEAK = ("kmemleak", "kmemleak-summary")
# What somebody asks for holds these: processes, open files, files in memory, connections. Theirs are other causes.
_ASKED_FOR = frozenset(
    "task_struct signal_cache sighand_cache files_cache fs_cache mm_struct vm_area_struct vma_lock anon_vma "
    "anon_vma_chain pid cred_jar filp sock_inode_cache eventpoll_epi eventpoll_pwq pipe_inode_cache TCP TCPv6 UDP UDPv6 "
    "UNIX UNIX-STREAM tw_sock_TCP tw_sock_TCPv6 request_sock_TCP request_sock_TCPv6 nf_conntrack skbuff_head_cache "
    "skbuff_fclone_cache skbuff_small_head mqueue_inode_cache posix_timers_cache shmem_inode_cache hugetlbfs_inode_cache "
    "kernfs_node_cache kernfs_iattrs_cache fsnotify_mark_connector inotify_inode_mark fanotify_mark numa_policy "
    "io_kiocb biovec-max net_namespace pid_namespace uts_namespace user_namespace".split()
)


# What else /proc/meminfo counts; what is left of the total belongs to the kernel, and nobody says to whom.
_COUNTED = (
    "free_bytes",
    "buffers_bytes",
    "cached_bytes",
    "swap_cached_bytes",
    "anon_bytes",
    "slab_reclaimable_bytes",
    "slab_unreclaimable_bytes",
    "kernel_stack_bytes",
    "page_tables_bytes",
    "secondary_page_tables_bytes",
    "bounce_bytes",
    "vmalloc_used_bytes",
    "percpu_bytes",
    "balloon_bytes",
)


class Part(NamedTuple):
    """A part of the kernel's memory: its field, what it is called, and how it grew."""

    field: str
    word: str
    grown: int
    per_s: float


PARTS = (
    ("slab_unreclaimable_bytes", "slab that cannot be reclaimed"),
    ("vmalloc_used_bytes", "vmalloc() memory"),
    ("percpu_bytes", "per-CPU memory"),
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    memory = window.of(meminfo.SOURCE)
    if memory is None or not memory.total_bytes or memory.slab_unreclaimable_bytes is None:
        yield Unknown(reason=f"the kernel's memory cannot be read: {window.why_absent(meminfo.SOURCE)}")
        return
    events = logged(view, *KMEMLEAK, within_s=LEAK_AGE.value).events
    growing = _growing(view)
    cache = _growing_cache(view)
    held = view.evidence(
        meminfo.SOURCE,
        "slab_unreclaimable_bytes",
        memory.slab_unreclaimable_bytes,
        says=f"{memory.slab_unreclaimable_bytes / memory.total_bytes:.1%} of memory",
        change=False,
    )
    if events:
        yield _reported(view, [of_event(view, events[-1]), held], len(events))
        return
    if growing is not None:
        left_s = (memory.available_bytes or 0) / growing.per_s
        shown = view.evidence(
            meminfo.SOURCE,
            growing.field,
            growing.per_s,
            unit="bytes/s",
            says=f"growth of {growing.word} a second, reading after reading",
            change=True,
        )
        if (
            growing.field == "slab_unreclaimable_bytes"
            and cache is not None
            and (cache[0] in _ASKED_FOR or cache[0].startswith("kmalloc-cg-"))
        ):
            yield Refuted(
                reason=f"what grows is {cache[0]}, which programs or connections hold: {size(cache[1])} in the window",
                evidence=(shown,),
            )
            return
        if (
            growing.field.startswith("slab")
            and cache is not None
            and cache[1] < OF_GROWTH.value * growing.grown
        ):
            yield Refuted(
                reason=f"slab grew by {size(growing.grown)} in many caches, {size(cache[1])} of it in {cache[0]}: more work",
                evidence=(shown,),
            )
            return
        if left_s <= max(HORIZON_S.value, 1000 * window.seconds):
            yield _confirmed_growth(view, growing, cache, left_s, [shown, held])
            return
    large = _large_cache(view, memory)
    if large is not None:
        yield _confirmed_state(view, large, memory, held)
        return
    if window.since_boot and memory.slab_unreclaimable_bytes >= SUSPECT.value * memory.total_bytes:
        yield Unknown(
            reason=f"{memory.slab_unreclaimable_bytes / memory.total_bytes:.0%} of memory are slab that cannot be reclaimed; "
            "whether it grows takes more readings",
            evidence=(held,),
        )
        return
    if growing is not None:
        yield Refuted(
            reason=f"{growing.word} grows by {size(growing.per_s)} a second, which would take days to matter",
            evidence=(held,),
        )
    else:
        unread = window.why_absent(kernel_events.SOURCE)
        yield Refuted(
            reason=f"the kernel holds {size(memory.slab_unreclaimable_bytes)} of slab that cannot be reclaimed"
            + (", too little to matter" if window.since_boot else ", and it did not grow steadily")
            + (f" (the log cannot be read: {unread})" if unread else ""),
            evidence=(held,),
        )


def _growing(view: View) -> Part | None:
    """The part of the kernel's memory that grew the most, of those that grew steadily."""
    name = meminfo.SOURCE.name
    having = [each for each in view.window.samples if name in each.read]
    seconds = view.window.seconds_of(meminfo.SOURCE)
    if len(having) < READINGS.value or seconds < LASTING.value:
        return None
    found: list[Part] = []
    listed = [each for each in having if zoneinfo.SOURCE.name in each.read]
    nameless = [_nameless(view, each) for each in listed or having]
    grown = nameless[-1] - nameless[0]
    if (
        len(nameless) >= READINGS.value
        and grown >= NAMELESS.value * _of(having[-1].read[name], "total_bytes")
        and _steady(nameless)
    ):
        found.append(Part("free_bytes", "memory that is in no count", grown, grown / seconds))
    cached = [_of(each.read[name], "cached_bytes") for each in having]
    with_cache = max(0, cached[-1] - cached[0]) * OF_CACHE.value
    for field, word in PARTS:
        held = [_of(each.read[name], field) for each in having]
        grown = held[-1] - held[0]
        if grown - with_cache >= LEAST.value and _steady(held):
            found.append(Part(field, word, grown, grown / seconds))
    return max(found, key=lambda each: each.grown, default=None)


def _nameless(view: View, sample: Sample) -> int:
    """Memory that is neither free nor in any count."""
    record: Meminfo = sample.read[meminfo.SOURCE.name]
    counted = sum(_of(record, field) for field in _COUNTED)
    huge = (record.huge_pages_total or 0) * (record.huge_page_bytes or 0)
    zram = sample.of(vmstat.SOURCE)
    compressed = 0 if zram is None else (zram.nr_zspages or 0) * page_bytes(view)
    # MemFree leaves out what each CPU keeps for itself, tens of megabytes after a large file was deleted.
    listed = sum(each.per_cpu_pages or 0 for each in sample.each(zoneinfo.SOURCE).values()) * page_bytes(view)
    return _of(record, "total_bytes") - counted - huge - compressed - listed


def _of(record: Meminfo, field: str) -> int:
    value: int | None = getattr(record, field)
    return value or 0


def _steady(held: Sequence[int]) -> bool:
    steps = [after - before for before, after in zip(held, held[1:], strict=False)]
    whole = held[-1] - held[0]
    grew = sum(step > 0 for step in steps) / len(steps)
    return grew >= STEADY.value and min(steps) > -0.05 * whole and max(steps) <= 0.7 * whole


def _growing_cache(view: View) -> tuple[str, int] | None:
    """The slab cache that grew the most in the window, and by how much."""
    name = slabinfo.SOURCE.name
    having = [each.read[name] for each in view.window.samples if name in each.read]
    if len(having) < 2:
        return None
    grown = {
        cache: (record.size_bytes or 0) - (having[0][cache].size_bytes or 0 if cache in having[0] else 0)
        for cache, record in having[-1].items()
    }
    cache = max(grown, key=lambda each: grown[each], default=None)
    return (cache, grown[cache]) if cache is not None and grown[cache] > 0 else None


def _large_cache(view: View, memory: Meminfo) -> tuple[str, int] | None:
    """The cache that holds more than any should: one of kmalloc(), or one that nobody's work explains."""
    unreclaimable, total = memory.slab_unreclaimable_bytes or 0, memory.total_bytes or 0
    caches = {name: each.size_bytes or 0 for name, each in view.window.each(slabinfo.SOURCE).items()}
    of_files = OF_CACHE.value * (memory.cached_bytes or 0)
    for name, held in sorted(caches.items(), key=lambda item: -item[1]):
        # slabinfo does not say what can be reclaimed; what is larger than all that cannot, can.
        if held > 1.05 * unreclaimable or name in _ASKED_FOR or name.startswith("kmalloc-cg-"):
            continue
        generic = name.startswith("kmalloc-") and name.removeprefix("kmalloc-").removesuffix("k").isdigit()
        beyond = held - of_files if generic else held
        part = (OF_MEMORY if generic else LARGE).value
        if beyond >= part * total and held >= (OF_SLAB.value if generic else 0.6) * unreclaimable:
            return name, held
    return None


def _reported(view: View, evidence: list[Evidence], reports: int) -> Confirmed:
    return Confirmed(
        scope=HOST,
        confidence=0.9,
        impact=0.5,
        mechanism=(
            f"kmemleak found objects that nothing points to any more ({reports} report{'s' if reports > 1 else ''}): they "
            "were allocated and never freed, and can never be. /sys/kernel/debug/kmemleak has the stacks of who "
            "allocated them."
        ),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


def _confirmed_growth(
    view: View, growing: Part, cache: tuple[str, int] | None, left_s: float, evidence: list[Evidence]
) -> Confirmed:
    left = f"{left_s / 60:.0f} minutes" if left_s < 7200 else f"{left_s / 3600:.0f} hours"
    named = ""
    if cache is not None and growing.field.startswith("slab"):
        named = f", {size(cache[1])} of it in {cache[0]}"
        evidence.append(
            view.evidence(
                slabinfo.SOURCE,
                "size_bytes",
                cache[1],
                says=f"growth of {cache[0]}: {cache[1] / max(growing.grown, 1):.0%} of all",
            )
        )
    generic = cache is None or cache[0].startswith("kmalloc-")
    return Confirmed(
        scope=HOST,
        # A cache of its own name may belong to what somebody asked for and holds.
        confidence=0.8 if generic else 0.6,
        impact=0.9 if left_s < 300 else 0.6 if left_s < 3600 else 0.4,
        mechanism=(
            f"{growing.word[0].upper()}{growing.word[1:]} grew by {size(growing.per_s)} a second{named}, and never fell. No "
            f"process owns it, and reclaim cannot take it back; at this pace memory is used up in {left}."
        ),
        evidence=tuple(evidence),
        chain=_CHAIN,
    )


def _confirmed_state(view: View, cache: tuple[str, int], memory: Meminfo, held: Evidence) -> Confirmed:
    name, bytes_ = cache
    total, unreclaimable = memory.total_bytes or 1, memory.slab_unreclaimable_bytes or 1
    return Confirmed(
        scope=HOST,
        # How it came about was not seen: it may be what some driver needs.
        confidence=0.55,
        impact=0.4,
        mechanism=(
            f"{name} holds {size(bytes_)}, {bytes_ / total:.1%} of memory and {bytes_ / unreclaimable:.0%} of the slab that "
            "cannot be reclaimed: so many objects of one kind are what code leaves behind that allocates and forgets to "
            "free. It was not seen to grow."
        ),
        evidence=(
            view.evidence(slabinfo.SOURCE, "size_bytes", bytes_, says=f"held by {name}", change=False),
            held,
        ),
        chain=_CHAIN,
    )


_CHAIN = (
    "the kernel or a driver allocates and does not free",
    "memory that no process owns and reclaim cannot take grows",
    "one day something else fails for want of memory",
)

HYPOTHESIS = Hypothesis(
    id="kernel-memory-leak",
    title="The kernel leaks memory",
    group="memory",
    claim="The kernel or a driver allocates memory and does not free it, so that it is missing elsewhere.",
    signals=(
        Signal("meminfo.slab_unreclaimable_bytes", "grows steadily: objects are allocated and not freed"),
        Signal("meminfo.vmalloc_used_bytes", "the same for vmalloc()"),
        Signal("meminfo.percpu_bytes", "the same for per-CPU memory"),
        Signal(
            "slabinfo.size_bytes",
            "which cache: a generic one of kmalloc() that is far too large, or that grows",
        ),
        Signal("meminfo.cached_bytes", "grows as well: file systems keep something for each page"),
        Signal("kernel_events.latest", "kmemleak's own reports"),
    ),
    thresholds=(
        LEAST,
        STEADY,
        READINGS,
        LASTING,
        NAMELESS,
        OF_GROWTH,
        OF_CACHE,
        OF_MEMORY,
        OF_SLAB,
        LARGE,
        SUSPECT,
        HORIZON_S,
        LEAK_AGE,
    ),
    rivals=(
        Rival("process-memory-leak", "there a process grows, and its rss says so"),
        Rival("memory-fragmentation", "there pages of the kernel are scattered, and need not be many"),
        Rival("thread-leak", "there task_struct and stacks grow, with the number of tasks"),
    ),
    explains=("host-memory-exhausted", "memory-pressure", "memory-fragmentation", "swap-thrashing"),
    mechanism=(
        "kmalloc() (mm/slub.c; mm/slab_common.c before 6.8) takes an object of a cache of its size; without kfree() its slab "
        "stays, and is counted in SUnreclaim. No process owns it and the OOM killer cannot free it. vmalloc() and the "
        "per-CPU allocator have counts of their own; pages that drivers take from the page allocator have none."
    ),
    actions=(
        Action(
            "now",
            "Watch which cache grows, and plan a restart before the memory is needed.",
            "None; the restart itself is an outage.",
            "slabtop -o -s c | head -20",
        ),
        Action(
            "for good",
            "Find who allocates: boot with slab_debug=U,CACHE and read /sys/kernel/debug/slab/CACHE/alloc_traces, or use "
            "CONFIG_MEM_ALLOC_PROFILING (/proc/allocinfo, since 6.10), or kmemleak on a test machine; update or remove the "
            "module that it names.",
            "slab_debug and kmemleak cost memory and time: not on all of a fleet.",
        ),
    ),
    kinds=KMEMLEAK,
    see=("Documentation/dev-tools/kmemleak.rst", "Documentation/mm/slab.rst", "mm/slub.c"),
    test=_test,
)
