"""A processor's flaw that the kernel could work around is left open, and processor errors were reported."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_events, scheduler_settings, vulnerabilities
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
from kernward.records.check import Action

# Flaws that show as errors of the machine when they are open, not only as a leak of data.
CRASHING = ("itlb_multihit", "old_microcode")
ERRORS = ("mce-fatal", "mce-uncorrected", "mce-logged", "mce-amd-decoded", "general-protection-fault")
RECENT = Threshold(
    "age of the processor's last error", 86400.0, "s", "older ones were another day's workload"
)


def _test(view: View) -> Iterator[Verdict]:
    found = view.window.each(vulnerabilities.SOURCE)
    if not found:
        yield Unknown(
            reason=f"the state of mitigations cannot be read: {view.window.why_absent(vulnerabilities.SOURCE)}"
        )
        return
    open_ = {
        name: each.status or ""
        for name, each in found.items()
        if "Vulnerable" in (each.status or "") or "vulnerable" in (each.status or "")
    }
    settings = view.window.of(scheduler_settings.SOURCE)
    events = {
        kind: each
        for kind, each in view.window.each(kernel_events.SOURCE).items()
        if kind in ERRORS and (each.age_s is None or each.age_s <= RECENT.value)
    }
    crashing = [name for name in CRASHING if name in open_]
    evidence = tuple(
        view.evidence(vulnerabilities.SOURCE, "status", status[:120], says=name, change=False)
        for name, status in sorted(open_.items())[:5]
    )
    if crashing and events:
        kind, event = next(iter(events.items()))
        yield Confirmed(
            scope=HOST,
            confidence=0.4,
            impact=0.4,
            mechanism=(
                f"The processor reported errors ({kind}), and {', '.join(crashing)} is open, a flaw that shows as machine "
                "checks or faults and that microcode or the kernel can close"
                + (
                    " (mitigations=off is on the command line)."
                    if settings and settings.mitigations_off
                    else "."
                )
            ),
            evidence=(
                view.evidence(
                    kernel_events.SOURCE, "count", event.count, says=event.latest[-1].text[:160], change=False
                ),
                *evidence,
            ),
        )
    elif open_:
        yield Refuted(
            reason=(
                f"flaws of the processor that are open: {', '.join(sorted(open_)[:4])}; that is a matter of "
                "security and makes nothing slow, and no error speaks of them"
            ),
            evidence=evidence,
        )
    else:
        yield Refuted(reason=f"none of the {len(found)} known flaws of processors is open")


HYPOTHESIS = Hypothesis(
    id="mitigation-off",
    title="A processor's flaw is open and shows",
    group="configuration",
    claim="A flaw of the processor that is not worked around brings about the errors that were reported.",
    signals=(
        Signal("vulnerabilities.status", "which flaws are open"),
        Signal("kernel_events.count", "errors that such a flaw can bring about"),
        Signal("scheduler_settings.mitigations_off", "whether they were switched off on the command line"),
    ),
    thresholds=(RECENT,),
    rivals=(
        Rival(
            "processor-failing",
            "there the hardware itself is at fault; replacing it helps, microcode does not",
        ),
    ),
    mechanism=(
        "cpu_select_mitigations() in arch/x86/kernel/cpu/bugs.c closes what it can unless mitigations=off. Most of "
        "these flaws leak data and nothing else. iTLB multihit makes the processor raise a machine check when a guest "
        "changes the size of a page (kvm: nx_huge_pages works around it), and old microcode has errata of many kinds."
    ),
    actions=(
        Action(
            "now",
            "Update the microcode, and boot without mitigations=off.",
            "Some mitigations cost speed: measure.",
            "grep . /sys/devices/system/cpu/vulnerabilities/*",
        ),
        Action("for good", "Make microcode and mitigations part of the baseline.", "None."),
    ),
    see=("Documentation/admin-guide/hw-vuln/", "arch/x86/kernel/cpu/bugs.c"),
    test=_test,
)
