"""A processor reports that its own state was lost."""

from collections.abc import Iterator

from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, crash, freshness, no_crash
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("mce-fatal", "panic-machine-check", "mce-uncorrected")
AGE = Threshold(
    "age of the last machine check",
    LASTING_S,
    "s",
    "broken hardware stays broken, so a machine check of the day counts, also one that ended the boot before",
)


def _test(view: View) -> Iterator[Verdict]:
    found = crash(view, *KINDS)
    if found is None:
        yield no_crash(view, "machine check that could not be corrected", also_now=True)
        return
    event, proof = found
    yield Confirmed(
        scope=Scope(),
        confidence=0.93,
        impact=freshness(event, AGE.value),
        mechanism=(
            f"A processor raised a machine check that could not be corrected, {ago(event.age_s)}: what it computed "
            "then cannot be trusted, so the kernel ended the machine or what ran there. The cause is hardware, not "
            "the program that was hit."
        ),
        evidence=(proof,),
        chain=(
            "hardware error in a processor or on its way to memory",
            "machine check exception",
            "panic or a killed task",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="processor-failing",
    title="A processor that fails",
    group="cpu",
    claim="A machine check says that a processor's state, or what it read, is lost.",
    signals=(
        Signal("kernel_events.latest", "a machine check that was not corrected, in this boot"),
        Signal("earlier_boot.latest", "the same in the dump of the boot before"),
    ),
    thresholds=(AGE,),
    rivals=(
        Rival(
            "memory-module-failing",
            "there the errors are corrected, or the memory controller's bank names a module",
        ),
        Rival("unclean-restart", "there no dump tells why the boot before ended"),
    ),
    explains=("unclean-restart",),
    mechanism=(
        "do_machine_check() in arch/x86/kernel/cpu/mce/core.c reads the banks; with the processor's context corrupt "
        "(PCC) mce_panic() ends the machine, otherwise the task that used the data is killed."
    ),
    actions=(
        Action(
            "now",
            "Take the machine out of service and decode the bank: it names the unit.",
            "What ran there moves to other machines.",
            "mcelog --ascii < DUMP; ras-mc-ctl --errors; ipmitool sel elist",
        ),
        Action(
            "for good",
            "Update firmware and microcode first; replace the processor, or the module that its bank names.",
            "A firmware update needs a restart.",
        ),
    ),
    kinds=KINDS,
    see=("arch/x86/kernel/cpu/mce/core.c", "Documentation/arch/x86/x86_64/machinecheck.rst"),
    test=_test,
)
