"""A memory module gives errors, which are still corrected."""

from collections.abc import Iterator

from kernward.collectors.sources import edac, kernel_events
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
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence

RECENT = Threshold(
    "age of a report",
    LASTING_S,
    "s",
    "memory does not heal: what gave errors within a day is likely to give more",
)
MANY = Threshold(
    "errors that make it sure",
    10.0,
    "",
    "a single bit is flipped by radiation on a sound module now and then; field studies count modules with repeated "
    "errors as those that fail",
)
# Who names memory as the unit, and who says only that a bank of the processor holds a record.
OF_MEMORY = ("edac-corrected", "edac-uncorrected", "ghes-corrected")
OF_SOME_UNIT = ("mce-corrected", "mce-logged", "mce-uncorrected")


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    counts = window.each(edac.SOURCE)
    modules = {name: each for name, each in counts.items() if each.corrected or each.uncorrected}
    named = logged(view, *OF_MEMORY, within_s=RECENT.value).events
    other = [
        event
        for event in logged(view, *OF_SOME_UNIT, within_s=RECENT.value).events
        if event.fields.get("error_type") in (None, "memory controller", "extended memory")
    ]
    if not modules and not named and not other:
        unread, uncounted = window.why_absent(kernel_events.SOURCE), window.why_absent(edac.SOURCE)
        if unread and uncounted:
            yield Unknown(
                reason=f"neither counts of memory errors nor the kernel's log can be read: {uncounted}; {unread}"
            )
        else:
            yield Refuted(
                reason="no memory error was reported or counted"
                + (" (no EDAC driver counts them here; this is what the log says)" if uncounted else "")
            )
        return
    evidence: list[Evidence] = [of_event(view, events[-1]) for events in (named, other) if events]
    labels = {str(event.fields["label"]) for event in named if event.fields.get("label")}
    errors = sum(event.fields.get("count") or 1 for event in (*named, *other))
    where = ""
    # A module's count says more than that of the controller it is on.
    fine = {name: each for name, each in modules.items() if "/" in name} or modules
    for name, each in sorted(fine.items(), key=lambda item: -(item[1].corrected or 0))[:4]:
        evidence.append(
            view.evidence(
                edac.SOURCE,
                "corrected",
                each.corrected or 0,
                says=f"errors of {name}{f' ({each.label})' if each.label else ''} since boot, "
                f"{each.uncorrected or 0} beyond correction",
                change=False,
                file=f"/sys/devices/system/edac/mc/{name}",
            )
        )
        labels.add(each.label or name)
    if fine:
        errors = max(errors, sum((each.corrected or 0) + (each.uncorrected or 0) for each in fine.values()))
    if labels:
        where = f" The errors are of {', '.join(sorted(labels)[:4])}."
    known = bool(named or modules)
    yield Confirmed(
        scope=HOST,
        confidence=0.95 if known and errors >= MANY.value else 0.75 if known else 0.6,
        impact=0.6 if errors >= MANY.value else 0.4,
        mechanism=(
            f"{errors} error{'s' if errors > 1 else ''} of memory {'were' if errors > 1 else 'was'} found and corrected by "
            "the controller, which left a record that machine_check_poll() in arch/x86/kernel/cpu/mce/core.c collected, or "
            f"its EDAC driver.{where}"
            + (
                ""
                if known
                else " The kernel names the bank of the processor only; that it is memory is the most likely reading."
            )
        ),
        evidence=tuple(evidence),
        chain=(
            "cells of a module lose their contents",
            "ECC corrects single bits",
            "a second bit in the same word is beyond correction: a process or the machine is lost",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="memory-module-failing",
    title="A memory module gives errors",
    group="memory",
    claim="A memory module gives errors that are corrected so far; many of them announce one that is not.",
    signals=(
        Signal("edac.corrected", "grows: which module, and how fast"),
        Signal("edac.uncorrected", "above 0: data was lost"),
        Signal("kernel_events.latest", "reports of EDAC, of the firmware (GHES) or of machine checks"),
    ),
    thresholds=(RECENT, MANY),
    rivals=(
        Rival("memory-page-broken", "there an error was beyond correction and a page is out of service"),
        Rival("processor-failing", "there the error is of a cache or the core itself"),
    ),
    explains=("memory-page-broken",),
    mechanism=(
        "The memory controller corrects single bits by ECC and records the address in a machine check bank; "
        "machine_check_poll() in arch/x86/kernel/cpu/mce/core.c reads it every few minutes or at a corrected machine check "
        "interrupt, and an EDAC driver (drivers/edac/) finds the module and counts it."
    ),
    actions=(
        Action(
            "now",
            "See which module it is and whether the count grows; move what must not fail off the machine.",
            "None.",
            "grep . /sys/devices/system/edac/mc/mc*/dimm*/dimm_ce_count; ras-mc-ctl --error-count",
        ),
        Action(
            "for good",
            "Have the module replaced when errors repeat; load the EDAC driver or run rasdaemon, so that they are named "
            "and counted.",
            "The machine is down for it.",
        ),
    ),
    kinds=(*OF_MEMORY, *OF_SOME_UNIT),
    see=("Documentation/admin-guide/RAS/main.rst", "drivers/edac/", "arch/x86/kernel/cpu/mce/core.c"),
    test=_test,
)
