"""A module that is not the kernel's own was in the stack when the kernel reported a bug."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import kernel_events, taint
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
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence

# Flags that say that foreign code runs in the kernel: proprietary, forced, staging, out of tree, unsigned.
FOREIGN = frozenset("PFCOE")
RECENT = Threshold(
    "age of the report", 3600.0, "s", "what the kernel reported hours ago explains little of what is seen now"
)
SEVERE = ("fatal", "error")


def _test(view: View) -> Iterator[Verdict]:
    seen = view.window.of(taint.SOURCE)
    if seen is None or seen.mask is None:
        yield Unknown(
            reason=f"the taint of the kernel cannot be read: {view.window.why_absent(taint.SOURCE)}"
        )
        return
    letters = seen.letters or ""
    evidence = view.evidence(taint.SOURCE, "mask", seen.mask, says=letters or "not tainted", change=False)
    if not FOREIGN.intersection(letters):
        yield Refuted(
            reason=f"no foreign module was loaded (taint {letters})"
            if letters
            else "the kernel is not tainted",
            evidence=(evidence,),
        )
        return
    reports = [
        event
        for each in view.window.each(kernel_events.SOURCE).values()
        for event in each.latest
        if event.severity in SEVERE and event.modules and (event.age_s is None or event.age_s <= RECENT.value)
    ]
    if not reports:
        yield Refuted(
            reason=(
                f"foreign modules were loaded (taint {letters}: {_meaning(letters)}), and no report of the kernel has one in "
                "its stack"
            ),
            evidence=(evidence,),
        )
        return
    report = reports[-1]
    yield Confirmed(
        scope=HOST,
        # A module in the stack need not be foreign, and need not be at fault.
        confidence=0.35,
        impact=0.4,
        mechanism=(
            f"The kernel reported {report.title!r}, with the module {', '.join(report.modules[:3])} in the stack, and "
            f"foreign modules are loaded (taint {letters}: {_meaning(letters)}). Nobody but whoever made them can say "
            "what they do to the kernel's structures."
        ),
        evidence=(evidence, _reported(view, report)),
    )


def _reported(view: View, report: LogEvent) -> Evidence:
    return view.evidence(kernel_events.SOURCE, "latest", report.text[:200], says=report.kind, change=False)


def _meaning(letters: str) -> str:
    meanings = dict(taint.MEANINGS)
    return "; ".join(meanings[each] for each in letters if each in FOREIGN and each in meanings)


HYPOTHESIS = Hypothesis(
    id="kernel-tainted",
    title="A foreign module in a kernel bug",
    group="configuration",
    claim="A module from outside of the kernel's tree is involved in what the kernel reported.",
    signals=(
        Signal("taint.mask", "what was loaded or has happened"),
        Signal("kernel_events.latest", "reports with modules in their stacks"),
    ),
    thresholds=(RECENT,),
    rivals=(Rival("processor-failing", "there hardware broke what the module worked on"),),
    mechanism=(
        "add_taint() in kernel/panic.c sets a flag when foreign code is loaded (module_augment_kernel_taints() in "
        "kernel/module/main.c). Such code runs with all rights of the kernel, and was not built or tested with it. "
        "The flag itself changes nothing but lockdep, which stops for some of them."
    ),
    actions=(
        Action(
            "now",
            "Read the report whole, and see whose function is innermost.",
            "None.",
            "kernward triage -; lsmod",
        ),
        Action(
            "for good",
            "Reproduce without the module, or take the report to whoever made it.",
            "What it drives is missing meanwhile.",
        ),
    ),
    see=("Documentation/admin-guide/tainted-kernels.rst", "kernel/panic.c"),
    test=_test,
)
