"""The first process died, and the kernel with it."""

from collections.abc import Iterator

from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, crash, freshness, no_crash
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("panic-init-killed",)
AGE = Threshold(
    "age of the panic",
    LASTING_S,
    "s",
    "a machine that restarted within the day is asked about why",
)


def _test(view: View) -> Iterator[Verdict]:
    found = crash(view, *KINDS)
    if found is None:
        yield no_crash(view, "death of the first process")
        return
    event, proof = found
    name = event.comm or "init"
    code = event.fields.get("exit_code")
    how = f" (exit code {code:#x}: {_meaning(code)})" if isinstance(code, int) else ""
    yield Confirmed(
        scope=Scope("process", f"{name}[1]"),
        confidence=0.95,
        impact=freshness(event, AGE.value),
        mechanism=(
            f"The first process, {name}, ended {ago(event.age_s)}{how}. Without it nobody collects orphans or starts "
            "services, so do_exit() in kernel/exit.c panics."
        ),
        evidence=(proof,),
        chain=("process 1 ended", "the kernel panicked", "the machine restarted or stands still"),
    )


def _meaning(code: int) -> str:
    signal = code & 0x7F
    return f"signal {signal}" if signal else f"exit({code >> 8 & 0xFF})"


HYPOTHESIS = Hypothesis(
    id="init-died",
    title="The first process died",
    group="tasks",
    claim="Process 1 ended, by a signal or by itself, and the kernel panicked for it.",
    signals=(
        Signal("earlier_boot.latest", "the panic in the dump of the boot before"),
        Signal("kernel_events.latest", "the panic in a log that was copied"),
    ),
    thresholds=(AGE,),
    rivals=(
        Rival("root-device-missing", "there no first process was ever started"),
        Rival("unclean-restart", "there no dump tells why the boot before ended"),
    ),
    explains=("unclean-restart",),
    mechanism=(
        'do_exit() in kernel/exit.c calls panic("Attempted to kill init!") when the last thread of the first process '
        "of the machine is gone; the exit code holds the signal in its low 7 bits and the status above."
    ),
    actions=(
        Action(
            "now",
            "Boot an earlier image or with init=/bin/sh, and see whether the program of process 1 and its libraries are "
            "whole.",
            "With init=/bin/sh nothing else is started and the root is writable by hand only.",
            "debsums -s systemd libc6; rpm -V systemd glibc",
        ),
        Action(
            "for good",
            "Signal 11 or 4: a broken file or an upgrade that stopped half way; signal 7: the disk below its file; "
            "exit(127): a missing library in the initramfs.",
            "None.",
        ),
    ),
    kinds=KINDS,
    see=("kernel/exit.c",),
    test=_test,
)
