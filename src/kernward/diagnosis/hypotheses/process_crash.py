"""A process dies of a signal that the processor raised."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged, none_of, task, unread
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import times
from kernward.records.check import Action

KINDS = ("segfault", "user-trap", "user-abnormal-end")
AGE = Threshold(
    "age of the last crash",
    RECENT_S,
    "s",
    "a supervisor restarts what died within seconds; a crash of a quarter of an hour ago explains no complaint of now",
)


def _test(view: View) -> Iterator[Verdict]:
    blind = unread(view)
    if blind:
        yield blind
        return
    found = logged(view, *KINDS, within_s=AGE.value)
    crashes: dict[str, list[LogEvent]] = {}
    told = {each.fields.get("pid") for each in found.events if each.kind != "user-abnormal-end"}
    for event in found.events:
        scope = task(event)
        # The audit's line tells of aborts, which no other tells; of other crashes it is a second one.
        if scope is not None and not (event.kind == "user-abnormal-end" and event.fields.get("pid") in told):
            crashes.setdefault(str(event.fields.get("comm")), []).append(event)
    if not crashes:
        yield none_of(view, "crashes of processes", found, AGE.value)
        return
    for comm, events in crashes.items():
        last = events[-1]
        scope = task(last)
        assert scope is not None
        yield Confirmed(
            scope=scope,
            confidence=0.95,
            # Again and again is worse than once: each time what it did is lost.
            impact=min(1.0, 0.5 + 0.1 * len(events)) * freshness(last),
            mechanism=(
                f"{comm} crashed {times(len(events))} within the last "
                f"{AGE.value / 60:.0f} min and last {ago(last.age_s)} ({_how(last)}): a signal "
                "ended it. The kernel itself is well; whoever was served by the process was cut off."
            ),
            evidence=tuple(evidence(view, each, scope=scope) for each in events[-3:]),
            chain=(
                _how(last),
                "the signal ends the process",
                "its clients see closed connections until it is back",
            ),
        )


def _how(event: LogEvent) -> str:
    if event.kind == "user-abnormal-end":
        return f"signal {event.fields.get('signal', 'unknown')}"
    if event.kind == "user-trap":
        return str(event.fields.get("trap") or "a processor exception")
    address = event.fields.get("address")
    where = f" at {address:#x}" if isinstance(address, int) else ""
    return f"an access to memory it has not{where}"


HYPOTHESIS = Hypothesis(
    id="process-crash",
    title="A process that crashes",
    group="tasks",
    claim="A process dies of a segmentation fault or another exception of the processor, perhaps again and again.",
    signals=(
        Signal("kernel_events.latest", "a segfault, a trap or an abort of a process within the last minutes"),
    ),
    thresholds=(AGE,),
    rivals=(
        Rival("cgroup-memory-limit", "there the kernel kills it for its memory and prints a memory report"),
        Rival("process-fd-limit", "there it lives, and its calls fail with EMFILE"),
    ),
    mechanism=(
        "A page fault that finds no mapping ends in bad_area_nosemaphore() in arch/x86/mm/fault.c, which sends "
        "SIGSEGV; other exceptions go through do_trap() in arch/x86/kernel/traps.c. Both print one line while "
        "debug.exception-trace is set, at most ten in five seconds. An abort() is the program's own, and shows only where "
        "the audit is on (audit_core_dumps() in kernel/auditsc.c)."
    ),
    actions=(
        Action(
            "now",
            "Find the core dump and its backtrace, and what changed last: the program or a library that it maps.",
            "Writing a core dump of a large process takes time and disk.",
            "coredumpctl list; coredumpctl info PID",
        ),
        Action(
            "for good",
            "Fix the program; keep symbols for what is shipped. All crashes on one CPU speak for the processor instead.",
            "None.",
        ),
    ),
    kinds=KINDS,
    see=("arch/x86/mm/fault.c", "Documentation/admin-guide/sysctl/debug.rst"),
    test=_test,
)
