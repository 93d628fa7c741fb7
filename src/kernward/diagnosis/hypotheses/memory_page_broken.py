"""A page of memory is broken and was taken out of service."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import kernel_events, meminfo
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
from kernward.diagnosis.log_events import LASTING_S, ago, evidence, logged
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Scope

RECENT = Threshold(
    "age of the report",
    LASTING_S,
    "s",
    "memory does not heal: what broke within a day is likely to break again; older reports are in the log for others",
)
FAILURE, SIGNAL = "memory-failure", "memory-failure-sigbus"


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    events = logged(view, FAILURE, SIGNAL, within_s=RECENT.value).events
    memory = window.of(meminfo.SOURCE)
    broken = None if memory is None else memory.hardware_corrupted_bytes
    out = (
        []
        if broken is None
        else [
            view.evidence(
                meminfo.SOURCE, "hardware_corrupted_bytes", broken, says="taken out of service", change=False
            )
        ]
    )
    if not events and not broken:
        unread = window.why_absent(kernel_events.SOURCE)
        if broken is None and unread:
            yield Unknown(
                reason=f"neither the count of broken pages nor the kernel's log can be read: {unread}"
            )
        else:
            yield Refuted(reason="no page is out of service", evidence=tuple(out))
        return
    signalled = [
        event
        for event in events
        if event.kind == SIGNAL and event.fields.get("comm") and event.fields.get("pid")
    ]
    struck: list[tuple[Scope, LogEvent | None]] = list(
        {
            Scope("process", f"{event.fields['comm']}[{event.fields['pid']}]"): event for event in signalled
        }.items()
    )
    where = {event.fields.get("pfn") for event in events} - {None}
    pages = f"{len(where) or 1} page{'s' if len(where) > 1 else ''} of memory"
    for scope, event in struck or [(HOST, events[-1] if events else None)]:
        shown = [evidence(view, event or events[-1], scope=scope)] if events else []
        who = (
            f" {scope.name} used it and got SIGBUS {ago(event.age_s)}."
            if scope.kind == "process" and event
            else ""
        )
        yield Confirmed(
            scope=scope,
            confidence=0.95 if events else 0.8,
            impact=0.9 if scope.kind == "process" else 0.5,
            mechanism=(
                f"The hardware reported {pages} as broken: memory_failure() in mm/memory-failure.c unmaps it from who "
                f"uses it, signals them, and never hands it out again"
                + (f" ({size(broken)} are out of service)." if broken else ".")
                + who
            ),
            evidence=(*shown, *out),
            chain=(
                "a memory error that could not be corrected",
                "the page is unmapped and taken out of service",
                "who used it is killed, or loses what was in it",
            ),
            victims=(scope,) if scope.kind == "process" else (),
        )


HYPOTHESIS = Hypothesis(
    id="memory-page-broken",
    title="A page of memory is broken",
    group="memory",
    claim="A page holds an error that cannot be corrected, and whoever used it was killed.",
    signals=(
        Signal("kernel_events.latest", "what the kernel did about the page, and whom it signalled"),
        Signal(
            "meminfo.hardware_corrupted_bytes",
            "above 0: pages are out of service, whatever the log still holds",
        ),
    ),
    thresholds=(RECENT,),
    rivals=(
        Rival("memory-module-failing", "there errors are corrected, and nobody is killed yet"),
        Rival(
            "process-crash", "there the program itself is at fault; here its SIGBUS comes from the hardware"
        ),
    ),
    explains=("process-crash",),
    mechanism=(
        "A machine check or a scrubber reports a physical address; memory_failure() in mm/memory-failure.c marks the page "
        "PG_hwpoison, hwpoison_user_mappings() unmaps it and signals its users with SIGBUS, and page_action() takes it out "
        "of the page cache, of swap or of the allocator."
    ),
    actions=(
        Action(
            "now",
            "Restart who was killed; see in the log which address it was and whether there are more on the same module.",
            "None beyond the restart.",
            "dmesg | grep -e 'Memory failure' -e 'Hardware Error' -e EDAC",
        ),
        Action(
            "for good",
            "Have the module replaced: an error that could not be corrected seldom stays alone.",
            "The machine is down for it.",
        ),
    ),
    kinds=(FAILURE, SIGNAL),
    see=("mm/memory-failure.c", "Documentation/mm/hwpoison.rst", f"kernward explain {FAILURE}"),
    test=_test,
)
