"""A non-maskable interrupt that nothing explains."""

from collections.abc import Iterator

from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, evidence, freshness, logged, none_of, unread
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import counted
from kernward.records.check import Action, Scope

KINDS = ("nmi-unknown", "nmi-serr", "nmi-io-check")
AGE = Threshold(
    "age of the last such interrupt",
    LASTING_S,
    "s",
    "who raised it, a board, a controller or a person, has not said why, so the reason may well last for the day",
)


def _test(view: View) -> Iterator[Verdict]:
    blind = unread(view)
    if blind:
        yield blind
        return
    found = logged(view, *KINDS, within_s=AGE.value)
    if not found.events:
        yield none_of(view, "unexplained non-maskable interrupts", found, AGE.value)
        return
    last = found.newest
    cpus = sorted({each.fields["cpu"] for each in found.events if isinstance(each.fields.get("cpu"), int)})
    where = f" on CPU {', '.join(map(str, cpus))}" if cpus else ""
    yield Confirmed(
        scope=Scope(),
        confidence=0.93,
        impact=0.8 * freshness(last, AGE.value),
        mechanism=(
            f"{counted(len(found.events), 'non-maskable interrupt')} that no handler of this kernel took came{where}, last "
            f"{ago(last.age_s)}. Hardware that has no other way to complain, a management controller or a person "
            "pressing a button raises them; the kernel went on."
        ),
        evidence=tuple(evidence(view, each) for each in found.events[-3:]),
        chain=(
            "something outside of the kernel raised an NMI",
            "no handler knows it",
            "the kernel prints it and goes on",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="nmi-unknown",
    title="Non-maskable interrupts that nothing explains",
    group="cpu",
    claim="The machine gets NMIs whose reason the kernel cannot tell: failing hardware, or somebody who asked.",
    signals=(Signal("kernel_events.latest", "an NMI for an unknown reason, SERR or an I/O check"),),
    thresholds=(AGE,),
    rivals=(
        Rival("memory-module-failing", "there EDAC or a machine check names the module"),
        Rival("pcie-link-errors", "there the port names the device"),
        Rival("processor-failing", "there a machine check names the bank"),
    ),
    mechanism=(
        "default_do_nmi() in arch/x86/kernel/nmi.c asks all handlers, then reads port 0x61; what neither explains "
        "ends in unknown_nmi_error(), which panics if kernel.unknown_nmi_panic is set."
    ),
    actions=(
        Action(
            "now",
            "Read the management controller's event log: it often says what the NMI is for.",
            "None.",
            "ipmitool sel elist; mcelog --client; ras-mc-ctl --summary",
        ),
        Action(
            "for good",
            "Have the hardware looked at. With kernel.unknown_nmi_panic=1 and kdump a hanging machine that gets an NMI "
            "leaves a dump.",
            "With that setting every stray NMI panics the machine.",
        ),
    ),
    kinds=KINDS,
    see=("arch/x86/kernel/nmi.c",),
    test=_test,
)
