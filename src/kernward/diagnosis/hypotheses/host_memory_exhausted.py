"""The host has no memory left, and the kernel kills."""

from collections.abc import Iterator, Sequence

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import cgroup_memory, kernel_events, meminfo, processes, vmstat
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
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged
from kernward.diagnosis.memory import ancestors, holders, largest, stall, stall_evidence
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

RECENT = Threshold(
    "age of a kill in the log",
    RECENT_S,
    "s",
    "what was restarted after it is still warming up; older ones are history",
)
NEARLY_NONE = Threshold(
    "part of memory that is available",
    0.03,
    "",
    "MemAvailable leaves out what the watermarks keep back: at a few percent every allocation begins with reclaim",
)
STALLED = Threshold(
    "part of time in which a task waits for memory",
    0.2,
    "",
    "a machine that is full and whose tasks do not wait has what it needs",
)
ONE_PROCESS = Threshold(
    "part of memory that one process holds",
    0.4,
    "",
    "with less than this no single one is what fills the machine",
)
KINDS = ("oom-kill-global", "oom-kill-nodes", "oom-no-killable")


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    events = logged(view, *KINDS, within_s=RECENT.value).events
    if events:
        yield _after_kill(view, events)
        return
    memory = window.of(meminfo.SOURCE)
    over = window.over(vmstat.SOURCE)
    unread = window.why_absent(kernel_events.SOURCE)
    # Where the log can be read it tells; counters of cgroups that are gone by now would be missing here.
    if unread and over is not None and over.oom_kill and not window.since_boot:
        in_groups = _group_kills(view)
        if in_groups is not None and over.oom_kill > in_groups:
            yield _confirmed(
                view,
                HOST,
                [view.evidence(vmstat.SOURCE, "oom_kill", over.oom_kill, says="processes killed for memory")],
                0.85,
                1.0,
                "The kernel killed while it was looked at.",
                (),
            )
            return
    if memory is None or not memory.total_bytes or memory.available_bytes is None:
        yield Unknown(reason=f"what memory is left cannot be read: {window.why_absent(meminfo.SOURCE)}")
        return
    left = memory.available_bytes / memory.total_bytes
    free = view.evidence(
        meminfo.SOURCE,
        "available_bytes",
        memory.available_bytes,
        says=f"{left:.1%} of {size(memory.total_bytes)} could be had without swapping",
        change=False,
    )
    swap_left = (memory.swap_free_bytes or 0) / (memory.swap_total_bytes or 1)
    stalled = stall(view)
    if (
        left < NEARLY_NONE.value
        and swap_left < 0.05
        and (stalled or 0.0) >= STALLED.value
        and stalled is not None
    ):
        scope, shown = _holder(view, memory.total_bytes)
        yield _confirmed(
            view,
            scope,
            [free, stall_evidence(view, stalled), *shown],
            0.75,
            stalled,
            "Nothing was killed yet.",
            (),
        )
        return
    if unread and over is not None and over.oom_kill and window.since_boot:
        yield Unknown(
            reason=f"{over.oom_kill} processes were killed for memory since boot; when, and whether at the limit of a "
            f"cgroup, the log would tell: {unread}",
            evidence=(free,),
        )
        return
    yield Refuted(
        reason=f"{size(memory.available_bytes)} of memory ({left:.0%}) are available, and nothing was killed for it "
        + ("lately" if not unread else "since boot" if window.since_boot else "while it was looked at"),
        evidence=(free,),
    )


def _group_kills(view: View) -> int | None:
    """Kills in the window that cgroups count, at their own limits; None when cgroups cannot be seen."""
    groups = view.window.each_over(cgroup_memory.SOURCE)
    if not groups:
        return 0 if view.window.why_absent(cgroup_memory.SOURCE) is None else None
    # A group counts kills for the host's sake as well; where its own limit was met, or that of one above it, they
    # are not.
    met = {name for name, group in groups.items() if name != "/" and (group.oom_events or group.max_events)}
    return sum(
        group.oom_kills or 0
        for name, group in groups.items()
        if name in met or any(above in met for above in ancestors(name))
    )


def _after_kill(view: View, events: Sequence[LogEvent]) -> Confirmed:
    memory = view.window.of(meminfo.SOURCE)
    total = (memory.total_bytes if memory is not None else None) or 0
    victim = max(events, key=lambda event: event.fields.get("anon_rss_kb") or 0)
    newest = events[-1]
    comm, pid = victim.fields.get("comm"), victim.fields.get("pid")
    held = victim.fields.get("anon_rss_kb")
    held_bytes = held << 10 if isinstance(held, int) else 0
    scope = Scope("process", f"{comm}[{pid}]") if comm and pid else HOST
    victims = (scope,) if scope.kind == "process" else ()
    seen = [evidence(view, newest)]
    told = f"{scope.name} held {size(held_bytes)} and was killed {ago(victim.age_s)}." if victims else ""
    if newest.kind == "oom-no-killable":
        told = "There was nobody left to kill."
    # Whoever fills the machine may be spared by its oom_score_adj while others die for it.
    living, shown = _holder(view, total)
    if living.kind == "process" and held_bytes < 0.25 * total:
        seen.extend(shown)
        told = f"{told} {living.name} holds far more and lives, which oom_score_adj can bring about.".strip()
        scope = living
    return _confirmed(
        view,
        scope,
        seen,
        0.95 if newest.age_s is not None else 0.6,
        freshness(newest, RECENT.value),
        told + (f" In {RECENT.value / 60:.0f} minutes {len(events)} were killed." if len(events) > 1 else ""),
        victims,
    )


def _holder(view: View, total: int) -> tuple[Scope, list[Evidence]]:
    """The process that fills the machine, where one does."""
    most = largest(view)
    if most is None or not total or (most[1].rss_bytes or 0) < ONE_PROCESS.value * total:
        return HOST, []
    held = most[1].rss_bytes or 0
    return most[0], [
        view.evidence(
            processes.SOURCE,
            "rss_bytes",
            held,
            scope=most[0],
            says=f"held by the largest process, {held / total:.0%} of all",
            change=False,
        )
    ]


def _confirmed(
    view: View,
    scope: Scope,
    seen: list[Evidence],
    confidence: float,
    impact: float,
    told: str,
    victims: tuple[Scope, ...],
) -> Confirmed:
    memory = view.window.of(meminfo.SOURCE)
    swap = ""
    if memory is not None and memory.swap_total_bytes is not None:
        swap = " There is no swap." if not memory.swap_total_bytes else ""
    held, shown = holders(view)
    return Confirmed(
        scope=scope,
        confidence=confidence,
        impact=impact,
        mechanism=(
            "__alloc_pages_slowpath() in mm/page_alloc.c found no page after reclaim, so that __alloc_pages_may_oom() "
            f"has out_of_memory() in mm/oom_kill.c end the task with the highest oom_badness(). {told}{held}{swap}"
        ).strip(),
        evidence=(*seen, *shown),
        chain=(
            f"{scope.name} takes memory" if scope.kind == "process" else "programs take memory",
            "the host has none left, and reclaim finds none",
            "the kernel kills a process to go on",
        ),
        victims=victims,
    )


HYPOTHESIS = Hypothesis(
    id="host-memory-exhausted",
    title="The host has run out of memory",
    group="memory",
    claim="Programs need more memory than the machine has, and the kernel kills one of them or is about to.",
    signals=(
        Signal("kernel_events.latest", "the kernel's report of a kill for want of the host's memory"),
        Signal("vmstat.oom_kill", "grows by more than cgroups count at their own limits"),
        Signal("meminfo.available_bytes", "nearly nothing: it is about to happen; plenty: it is not"),
        Signal("pressure.memory_some_s", "tasks wait for memory"),
        Signal("processes.rss_bytes", "who holds it"),
    ),
    thresholds=(RECENT, NEARLY_NONE, STALLED, ONE_PROCESS),
    rivals=(
        Rival("cgroup-memory-limit", "there the limit of a cgroup was met, and the host had memory left"),
        Rival("overcommit-limit", "there allocations are refused while memory is free, and nobody is killed"),
        Rival("kernel-memory-leak", "there no process holds what is missing"),
    ),
    explains=("memory-pressure", "swap-thrashing", "page-cache-thrashing", "process-crash", "d-state-pileup"),
    mechanism=(
        "__alloc_pages_may_oom() in mm/page_alloc.c calls out_of_memory() in mm/oom_kill.c when reclaim makes no progress; "
        "select_bad_process() takes the task with the most pages, swap and page tables, oom_score_adj added, and "
        "oom_kill_process() ends it. The task whose allocation failed is not the culprit as such."
    ),
    actions=(
        Action(
            "now",
            "Restart what was killed once there is memory again; stop or bound what the finding names.",
            "What is restarted while memory is short is killed again.",
        ),
        Action(
            "for good",
            "Bound each service with memory.max, protect what must live by OOMScoreAdjust=, and size the machine for the "
            "sum of the bounds.",
            "Who is protected has others die first.",
        ),
    ),
    kinds=KINDS,
    see=(
        "mm/oom_kill.c",
        "Documentation/admin-guide/sysctl/vm.rst (panic_on_oom)",
        "kernward explain oom-kill-global",
    ),
    test=_test,
)
