"""Somebody crashed the machine on purpose."""

from collections.abc import Iterator

from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, crash, freshness, no_crash
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("sysrq-crash",)
AGE = Threshold(
    "age of the crash", LASTING_S, "s", "a machine that restarted within the day is asked about why"
)


def _test(view: View) -> Iterator[Verdict]:
    found = crash(view, *KINDS)
    if found is None:
        yield no_crash(view, "crash that an operator asked for")
        return
    event, proof = found
    who = f" by {event.comm}[{event.pid}]" if event.comm and event.pid is not None else ""
    yield Confirmed(
        scope=Scope(),
        confidence=0.96,
        impact=freshness(event, AGE.value),
        mechanism=(
            f"The machine was crashed on purpose {ago(event.age_s)}{who}: somebody wrote c to /proc/sysrq-trigger or "
            "pressed the key, to have a dump of a machine that hung or to test that dumps are taken. It is no bug of "
            "the kernel; what made somebody do it may be one."
        ),
        evidence=(proof,),
        chain=("c was written to /proc/sysrq-trigger", "the kernel panicked", "the machine restarted"),
    )


HYPOTHESIS = Hypothesis(
    id="sysrq-crash",
    title="A crash that an operator asked for",
    group="tasks",
    claim="The boot before ended because somebody asked the kernel to crash.",
    signals=(
        Signal("earlier_boot.latest", "the panic in the dump of the boot before says so"),
        Signal("kernel_events.latest", "the same in a log that was copied"),
    ),
    thresholds=(AGE,),
    rivals=(Rival("unclean-restart", "there no dump tells why the boot before ended"),),
    explains=("unclean-restart",),
    mechanism='sysrq_handle_crash() in drivers/tty/sysrq.c calls panic("sysrq triggered crash").',
    actions=(
        Action(
            "now",
            "Ask who did it and why; if the machine hung before, the dump shows on what.",
            "None.",
            "kernward triage /var/crash/*/vmcore-dmesg.txt",
        ),
        Action(
            "for good",
            "Restrict kernel.sysrq to what operators need, and log who may write to /proc/sysrq-trigger.",
            "A machine that hangs can then not be made to dump from its keyboard.",
        ),
    ),
    kinds=KINDS,
    see=("drivers/tty/sysrq.c", "Documentation/admin-guide/sysrq.rst"),
    test=_test,
)
