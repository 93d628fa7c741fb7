"""A cgroup has used up its memory limit, and the kernel kills in it."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import cgroup_memory, kernel_events
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
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged
from kernward.diagnosis.memory import ancestors
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

RECENT = Threshold(
    "age of a kill in the log",
    RECENT_S,
    "s",
    "what was restarted after it is still warming up; older ones are history",
)
KIND = "oom-kill-cgroup"
# Findings that a person can still read; the newest of them.
MOST = 12


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    groups = window.each(cgroup_memory.SOURCE)
    killed = _killed(view)
    confirmed: dict[str, list[LogEvent]] = {}
    for name, events in killed.items():
        # A container that was removed after its kill is no cause of what is slow now.
        if name in groups or not groups or _while_looking(view, events[-1]):
            confirmed[name] = events
    # The log tells whose limit it was; the counters of those below it grow as well.
    told = {*confirmed, *(above for name in confirmed for above in ancestors(name))}
    for name, group in window.each_over(cgroup_memory.SOURCE).items():
        if name == "/" or name in told or any(above in confirmed for above in ancestors(name)):
            continue
        if group.under_oom or not window.since_boot and _counted(group, groups[name]):
            confirmed[name] = []
    for name in sorted(confirmed, key=lambda each: (_age_s(confirmed[each]), each))[:MOST]:
        yield _confirmed(view, name, confirmed[name], groups.get(name))
    if confirmed:
        return
    missing = window.why_absent(cgroup_memory.SOURCE)
    unread = window.why_absent(kernel_events.SOURCE)
    if missing and unread:
        yield Unknown(
            reason=f"neither the memory of cgroups nor the kernel's log can be read: {missing}; {unread}"
        )
        return
    counted = {name: group.oom_kills for name, group in groups.items() if name != "/" and group.oom_kills}
    if counted:
        name = max(counted, key=lambda each: (counted[each] or 0, each))
        shown = view.evidence(
            cgroup_memory.SOURCE,
            "oom_kills",
            counted[name] or 0,
            scope=Scope("cgroup", name),
            says="processes killed since the cgroup was made",
            change=False,
        )
        if unread:
            yield Unknown(
                reason=f"in {name} {counted[name]} processes were killed at some time, and the log that would tell "
                f"when cannot be read: {unread}",
                evidence=(shown,),
            )
        else:
            yield Refuted(
                reason=f"the last kill in a cgroup was more than {RECENT.value / 60:.0f} minutes ago, or of a cgroup that "
                "is gone",
                evidence=(shown,),
            )
    elif killed:
        yield Refuted(
            reason=f"the cgroup in which a process was killed {ago(list(killed.values())[-1][-1].age_s)} is gone",
            evidence=(evidence(view, list(killed.values())[-1][-1]),),
        )
    else:
        yield Refuted(reason="no process was killed at the memory limit of a cgroup")


def _age_s(events: list[LogEvent]) -> float:
    return (events[-1].age_s or 0.0) if events else 0.0


def _killed(view: View) -> dict[str, list[LogEvent]]:
    """Recent kills by the cgroup whose limit was met."""
    found: dict[str, list[LogEvent]] = {}
    for event in logged(view, KIND, within_s=RECENT.value).events:
        cgroup = event.fields.get("oom_memcg") or event.fields.get("task_memcg")
        if isinstance(cgroup, str) and cgroup.startswith("/"):
            found.setdefault(cgroup, []).append(event)
    return found


def _while_looking(view: View, event: LogEvent) -> bool:
    """Whether it happened in the window."""
    return event.age_s is not None and not view.window.since_boot and event.age_s <= view.window.seconds


def _counted(grown: CgroupMemory, now: CgroupMemory) -> bool:
    """Whether the counters alone say that its own limit led to a kill in the window."""
    if grown.oom_events is not None:
        return grown.oom_events > 0 and bool(now.limit_bytes)
    # Version 1 counts kills for want of the host's memory too: its limit must have been met.
    return bool(grown.oom_kills and grown.max_events and now.limit_bytes)


def _confirmed(view: View, name: str, events: list[LogEvent], group: CgroupMemory | None) -> Confirmed:
    scope = Scope("cgroup", name)
    shown: list[Evidence] = []
    victims: list[Scope] = []
    who, when = "a process of it", ""
    limit = None if group is None else group.limit_bytes
    waits = bool(group is not None and group.under_oom)
    if events:
        newest = events[-1]
        shown.append(evidence(view, newest, scope=scope))
        comm, pid = newest.fields.get("comm"), newest.fields.get("pid")
        if comm and pid:
            victims.append(Scope("process", f"{comm}[{pid}]"))
            who = f"{comm}[{pid}]"
            anon = newest.fields.get("anon_rss_kb")
            if isinstance(anon, int):
                who += f" ({size(anon << 10)} of anonymous memory)"
        when = f" {ago(newest.age_s)}"
        told = newest.fields.get("memory_limit_kb")
        if limit is None and isinstance(told, int):
            limit = told << 10
    if group is not None:
        field = "oom_kills" if group.oom_kills is not None else "oom_events"
        shown.append(
            view.evidence(
                cgroup_memory.SOURCE,
                field,
                getattr(view.window.each(cgroup_memory.SOURCE)[name], field) or 0,
                scope=scope,
                says="processes killed for memory since the cgroup was made",
                change=False,
            )
        )
        if group.limit_bytes is not None:
            shown.append(
                view.evidence(
                    cgroup_memory.SOURCE,
                    "limit_bytes",
                    group.limit_bytes,
                    scope=scope,
                    says=f"the limit; {size(group.usage_bytes or 0)} are used now",
                    change=False,
                )
            )
    again = (
        f", for the {_ordinal(len(events))} time in {RECENT.value / 60:.0f} minutes"
        if len(events) > 1
        else ""
    )
    did = (
        "and its tasks wait for memory, because memory.oom_control forbids to kill"
        if waits
        else f"and oom_kill_process() in mm/oom_kill.c ended {who}{when}{again}"
    )
    of = "" if limit is None else f" of {size(limit)}"
    return Confirmed(
        scope=scope,
        confidence=0.93 if not events else 0.97 if events[-1].age_s is not None else 0.6,
        # What is killed loses everything; what was killed a while ago may be back.
        impact=freshness(events[-1], RECENT.value) if events else 1.0,
        mechanism=(
            f"try_charge_memcg() in mm/memcontrol.c could not stay below the limit{of}: what the group holds is in use "
            f"and cannot be given back, {did}. The host as a whole had memory left."
        ),
        evidence=tuple(shown),
        chain=(
            f"the group needs more than its limit{of}",
            "reclaim within the group finds nothing",
            "its tasks wait" if waits else "the kernel kills a process of the group",
        ),
        victims=tuple(victims),
    )


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


HYPOTHESIS = Hypothesis(
    id="cgroup-memory-limit",
    title="Killed at a cgroup's memory limit",
    group="memory",
    claim="A cgroup needs more than its memory.max (memory.limit_in_bytes in cgroup v1), and the kernel kills in it.",
    signals=(
        Signal("kernel_events.latest", "the kernel's report of a kill, with the cgroup whose limit it was"),
        Signal("cgroup_memory.oom_events", "grows: the limit was met and nothing could be reclaimed"),
        Signal("cgroup_memory.oom_kills", "grows in the group of the victim, for a limit further up too"),
        Signal("cgroup_memory.under_oom", "1: tasks wait instead of being killed (cgroup v1)"),
    ),
    thresholds=(RECENT,),
    rivals=(
        Rival("host-memory-exhausted", "there the report says global_oom, and the host had no memory left"),
        Rival("cgroup-memory-reclaim", "there reclaim finds pages, so that the group is slow and lives"),
        Rival("process-memory-leak", "there a process is seen to grow: the limit is only where that ends"),
    ),
    explains=("cgroup-memory-reclaim", "process-crash", "init-died"),
    mechanism=(
        "page_counter_try_charge() in mm/page_counter.c refuses the page, try_to_free_mem_cgroup_pages() frees none, and "
        "mem_cgroup_out_of_memory() in mm/memcontrol.c has the task with the highest oom_badness() of the group killed; "
        "with memory.oom.group all of them."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit if the host has the memory, and restart what was killed.",
            "A leak only takes longer to reach the new limit.",
            "echo 1G > /sys/fs/cgroup/GROUP/memory.max",
        ),
        Action(
            "for good",
            "Tell from the report's memcg_stats whether heap, tmpfs or page tables fill it; set the limit above the peak "
            "(memory.peak), and memory.high below it, so that it slows down before it dies.",
            "A program that is slowed down may miss its deadlines instead.",
        ),
    ),
    kinds=(KIND,),
    see=(
        "Documentation/admin-guide/cgroup-v2.rst (memory.max)",
        "mm/memcontrol.c",
        "kernward explain oom-kill-cgroup",
    ),
    test=_test,
)
