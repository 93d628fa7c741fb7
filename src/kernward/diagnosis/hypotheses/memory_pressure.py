"""The host is short of memory: tasks that want a page have to reclaim one first."""

from collections.abc import Iterator

from kernward.collectors.sources import meminfo, memory_settings, processes, vmstat, zoneinfo
from kernward.collectors.sources.vmstat import Vmstat
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
from kernward.diagnosis.memory import holders, largest, page_bytes, stall, stall_evidence
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence

STALLED = Threshold(
    "part of time in which a task waits for memory",
    0.1,
    "",
    "a burst of writing makes a task reclaim clean pages now and then, which is over in microseconds",
)
DIRECT = Threshold(
    "times a second that a task reclaims itself",
    1.0,
    "1/s",
    "kswapd keeps ahead of what a healthy machine allocates; once a second it does not",
)
WITHOUT_PRESSURE = Threshold(
    "the same where the kernel has no PSI",
    50.0,
    "1/s",
    "one reclaim takes about 2 ms when pages have to be written or unmapped, so that fifty are a tenth of the time",
)
LITTLE_LEFT = Threshold(
    "part of memory that is available",
    0.15,
    "",
    "with more the page cache can give what is wanted, and who waits for that is who fills it",
)
MISSED = Threshold(
    "part of what is reclaimed that is anonymous, or that is read again",
    0.1,
    "",
    "pages of files that are used once, as in a copy, are given back at no loss",
)
ONE_PROCESS = Threshold(
    "part of memory that one process holds",
    0.4,
    "",
    "with less than this no single one is what fills the machine",
)
RESERVED = Threshold(
    "part of memory below the low watermarks",
    0.05,
    "",
    "by default the kernel keeps between 0.1 and 1 percent; five are a setting",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    over = window.over(vmstat.SOURCE)
    if over is None or over.allocstall is None or over.pgscan_direct_pages is None:
        yield Unknown(
            reason=f"reclaim cannot be seen: {window.why_absent(vmstat.SOURCE) or 'this kernel does not count it'}"
        )
        return
    stalled = stall(view)
    if window.since_boot:
        if stalled is None:
            yield Unknown(reason="how often tasks reclaim takes two readings, and there is one and no PSI")
        elif stalled < STALLED.value:
            yield Refuted(
                reason=f"in the last 10 s tasks waited for memory during {stalled:.1%} of the time",
                evidence=(stall_evidence(view, stalled),),
            )
        else:
            yield Unknown(
                reason="tasks wait for memory; whether of the host or of a cgroup takes two readings",
                evidence=(stall_evidence(view, stalled),),
            )
        return
    stalls = view.per_second(vmstat.SOURCE, over.allocstall)
    evidence = [
        view.evidence(
            vmstat.SOURCE,
            "allocstall",
            stalls,
            unit="1/s",
            says="times a second that a task had to reclaim itself",
        )
    ]
    if stalled is not None:
        evidence.append(stall_evidence(view, stalled))
    if stalls < (DIRECT.value if stalled is not None else WITHOUT_PRESSURE.value):
        yield Refuted(
            reason=f"tasks had to reclaim {stalls:.1f} times a second for want of the host's memory",
            evidence=tuple(evidence),
        )
        return
    if stalled is not None and stalled < STALLED.value:
        yield Refuted(
            reason=f"tasks reclaim now and then, and waited for memory during {stalled:.1%} of the time",
            evidence=tuple(evidence),
        )
        return
    if not _short(view, over):
        yield Refuted(
            reason="tasks reclaim pages of files that are used once, as a copy leaves them, and memory is available",
            evidence=tuple(evidence),
        )
        return
    scanned = over.pgscan_direct_pages
    if scanned:
        found = (over.pgsteal_direct_pages or 0) / scanned
        evidence.append(
            view.evidence(
                vmstat.SOURCE,
                "pgsteal_direct_pages",
                found,
                unit="",
                says="pages freed for each that was looked at",
            )
        )
    scope, why = HOST, ""
    memory = window.of(meminfo.SOURCE)
    if memory is not None and memory.total_bytes and memory.available_bytes is not None:
        evidence.append(
            view.evidence(
                meminfo.SOURCE,
                "available_bytes",
                memory.available_bytes,
                says=f"of {size(memory.total_bytes)} could be had without swapping",
                change=False,
            )
        )
        most = largest(view)
        if most is not None and (most[1].rss_bytes or 0) >= ONE_PROCESS.value * memory.total_bytes:
            scope = most[0]
            why = f"{scope.name} holds {size(most[1].rss_bytes or 0)} of it. "
            evidence.append(
                view.evidence(
                    processes.SOURCE, "rss_bytes", most[1].rss_bytes or 0, scope=scope, change=False
                )
            )
        told, shown = holders(view)
        why += told.lstrip() + " " if told else ""
        evidence.extend(shown)
        setting = _reserved(view, memory.total_bytes)
        if setting is not None:
            evidence.append(setting)
            why += f"The watermarks keep back {setting.value:.0%} of memory, which is a setting and no shortage. "
    yield Confirmed(
        scope=scope,
        confidence=0.85 if stalled is not None else 0.7,
        impact=0.5 if stalled is None else stalled,
        mechanism=(
            f"kswapd does not keep up: {stalls:,.0f} times a second a task that wants memory is sent into "
            f"__alloc_pages_direct_reclaim() in mm/page_alloc.c to free some first. {why}"
        ).strip(),
        evidence=tuple(evidence),
        chain=(
            "free memory is below the min watermark",
            "tasks reclaim pages themselves before they get one",
            "whatever allocates is late",
        ),
    )


def _short(view: View, over: Vmstat) -> bool:
    """Whether little is available, or what is reclaimed is missed."""
    memory = view.window.of(meminfo.SOURCE)
    if memory is None or not memory.total_bytes or memory.available_bytes is None:
        return True
    if memory.available_bytes < LITTLE_LEFT.value * memory.total_bytes:
        return True
    reclaimed = (over.pgsteal_anon_pages or 0) + (over.pgsteal_file_pages or 0)
    again = (over.workingset_refault_anon_pages or 0) + (over.workingset_refault_file_pages or 0)
    return max(over.pgsteal_anon_pages or 0, again) >= MISSED.value * max(reclaimed, 1)


def _reserved(view: View, total_bytes: int) -> Evidence | None:
    """What the watermarks keep back, where somebody has set them high."""
    zones = view.window.each(zoneinfo.SOURCE).values()
    low = sum(zone.low_pages or 0 for zone in zones) * page_bytes(view)
    if low < RESERVED.value * total_bytes:
        return None
    settings = view.window.of(memory_settings.SOURCE)
    reserve = "" if settings is None or settings.min_free_bytes is None else size(settings.min_free_bytes)
    return view.evidence(
        zoneinfo.SOURCE,
        "low_pages",
        low / total_bytes,
        unit="",
        says="part of memory below the low watermarks"
        + (f"; vm.min_free_kbytes is {reserve}" if reserve else ""),
        change=False,
    )


HYPOTHESIS = Hypothesis(
    id="memory-pressure",
    title="The host is short of memory",
    group="memory",
    claim="Tasks that want memory of the host have to reclaim it themselves, and wait for that.",
    signals=(
        Signal(
            "vmstat.allocstall", "grows: direct reclaim for the host; that of cgroups is not counted here"
        ),
        Signal("vmstat.pgsteal_direct_pages", "far fewer than were scanned: little is left to reclaim"),
        Signal("pressure.memory_some_s", "grows while tasks wait"),
        Signal("vmstat.pgsteal_anon_pages", "grows: memory of programs is reclaimed, and not cache alone"),
        Signal("vmstat.workingset_refault_file_pages", "grows: what is reclaimed is missed"),
        Signal("meminfo.available_bytes", "what could be had without swapping"),
        Signal("zoneinfo.low_pages", "a large part of memory: the watermarks are the cause"),
    ),
    thresholds=(STALLED, DIRECT, WITHOUT_PRESSURE, LITTLE_LEFT, MISSED, ONE_PROCESS, RESERVED),
    rivals=(
        Rival(
            "cgroup-memory-reclaim", "there a cgroup is at its own limit, and allocstall of the host stays"
        ),
        Rival("swap-thrashing", "there what is reclaimed is anonymous and comes back at once"),
        Rival("page-cache-thrashing", "there what is reclaimed is of files and is read again"),
        Rival("memory-fragmentation", "there memory is free, but not in one piece"),
    ),
    explains=("kernel-time", "d-state-pileup"),
    mechanism=(
        "Below the low watermark of a zone kswapd is woken (wake_all_kswapds() in mm/page_alloc.c); below min the task "
        "itself reclaims in try_to_free_pages() in mm/vmscan.c before it gets a page, and is throttled in "
        "reclaim_throttle() where that makes no progress."
    ),
    actions=(
        Action(
            "now",
            "Find who grew (the process that the finding names, or `ps --sort=-rss`), and stop or move it.",
            "Its work is interrupted.",
        ),
        Action(
            "for good",
            "Bound each service with memory.max, or give the machine more memory. Where allocations come in bursts, a "
            "higher vm.watermark_scale_factor wakes kswapd earlier.",
            "A higher watermark keeps more memory unused.",
            "sysctl vm.watermark_scale_factor=50",
        ),
    ),
    see=("mm/vmscan.c", "Documentation/admin-guide/sysctl/vm.rst", "Documentation/accounting/psi.rst"),
    test=_test,
)
