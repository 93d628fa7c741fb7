"""A PCIe link has errors."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import pcie_errors
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Unknown, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, evidence, freshness, logged, none_of, unread
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

LOST = ("pcie-aer-uncorrected", "pcie-dpc")
CORRECTED = ("pcie-aer-corrected",)
AGE = Threshold(
    "age of the last error",
    LASTING_S,
    "s",
    "a card that sits badly, a cable or a slot goes on making errors until somebody touches it",
)
MANY = Threshold(
    "corrected errors of one device",
    20,
    "",
    "a link of 16 GT/s may have one bit error in 1e12 by its specification, a few a day, which it corrects by "
    "sending again; scores of them are a bad link",
)


def _test(view: View) -> Iterator[Verdict]:
    # Counts since boot do not tell when; the log does.
    counted = {} if view.window.since_boot else view.window.each_over(pcie_errors.SOURCE)
    blind = unread(view)
    if blind and not counted:
        yield Unknown(reason=f"{blind.reason}; {view.window.why_absent(pcie_errors.SOURCE)}")
        return
    lost = logged(view, *LOST, within_s=AGE.value)
    corrected = logged(view, *CORRECTED, within_s=AGE.value)
    by_device: dict[str, list[LogEvent]] = {}
    for event in (*lost.events, *corrected.events):
        by_device.setdefault(str(event.fields.get("device") or ""), []).append(event)
    devices = {*by_device, *(name for name, each in counted.items() if _bad(each))}
    found = False
    for device in sorted(devices):
        events = by_device.get(device, [])
        counts = counted.get(device)
        uncorrected = [each for each in events if each.kind in LOST]
        many = len(events) >= MANY.value or counts is not None and (counts.corrected or 0) >= MANY.value
        grown = counts is not None and (counts.nonfatal or 0) + (counts.fatal or 0) > 0
        if not uncorrected and not many and not grown:
            continue
        found = True
        yield _confirmed(view, device, events, uncorrected, counts, grown=grown)
    if not found:
        yield none_of(view, "errors of PCIe links that were not corrected", lost, AGE.value)


def _bad(counts: pcie_errors.PcieErrors) -> bool:
    return (counts.nonfatal or 0) + (counts.fatal or 0) > 0 or (counts.corrected or 0) >= MANY.value


def _confirmed(
    view: View,
    device: str,
    events: list[LogEvent],
    uncorrected: list[LogEvent],
    counts: pcie_errors.PcieErrors | None,
    *,
    grown: bool,
) -> Confirmed:
    scope = Scope("device", device) if device else Scope()
    proof: list[Evidence] = [evidence(view, each, scope=scope) for each in (uncorrected or events)[-3:]]
    if counts is not None:
        for field in ("fatal", "nonfatal", "corrected"):
            count = getattr(counts, field)
            if count:
                proof.append(
                    view.evidence(
                        pcie_errors.SOURCE,
                        field,
                        count,
                        scope=scope,
                        says=f"errors: {counts.kinds or 'unnamed'}",
                    )
                )
    last = (uncorrected or events)[-1] if events else None
    what = (last and last.fields.get("errors")) or (counts and counts.kinds) or "errors"
    return Confirmed(
        scope=scope,
        confidence=0.93 if uncorrected or grown else 0.8,
        impact=(0.9 if uncorrected or grown else 0.3)
        * (1.0 if grown or last is None else freshness(last, AGE.value)),
        mechanism=(
            f"The PCIe port {device or 'of a device'} reports {what}"
            + (f", last {ago(last.age_s)}" if last else "")
            + (
                ": a transaction was lost, and the driver of the device has to reset it or to time out."
                if uncorrected or grown
                else ": the link corrects them by sending again, which takes time and will get worse."
            )
        ),
        evidence=tuple(proof),
        chain=(
            "a link loses or garbles packets",
            "the port reports it to the kernel",
            "the device stalls or is reset",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="pcie-link-errors",
    title="Errors on a PCIe link",
    group="io",
    claim="A PCIe port reports errors of its link or of the device behind it.",
    signals=(
        Signal("kernel_events.latest", "errors that the port reported, with its address"),
        Signal("pcie_errors.nonfatal", "transactions lost during the check"),
        Signal("pcie_errors.fatal", "the link failed during the check"),
        Signal("pcie_errors.corrected", "many of them: a bad link that still works"),
    ),
    thresholds=(AGE, MANY),
    rivals=(
        Rival("device-failing", "there the disk itself reports errors, and its port none"),
        Rival("link-errors", "there the network cable is at fault, not the slot of the card"),
    ),
    explains=(
        "device-slow",
        "device-failing",
        "device-failed",
        "device-hung",
        "link-flapping",
        "link-errors",
    ),
    mechanism=(
        "The root port raises an interrupt, aer_isr() in drivers/pci/pcie/aer.c reads who sent the error and "
        "aer_print_error() prints it; for an uncorrected one pcie_do_recovery() asks the driver to reset the device."
    ),
    actions=(
        Action(
            "now",
            "See what sits behind the port, and whether its link runs at full width and speed.",
            "None.",
            "lspci -vvs DEVICE | grep -E 'LnkSta|DevSta|UESta'",
        ),
        Action(
            "for good",
            "Reseat the card or change riser and cable; update the firmware of both ends; switch ASPM off if errors come "
            "when idle.",
            "The machine has to be taken out of service.",
        ),
    ),
    kinds=(*LOST, *CORRECTED),
    see=("drivers/pci/pcie/aer.c", "Documentation/PCI/pcieaer-howto.rst"),
    test=_test,
)
