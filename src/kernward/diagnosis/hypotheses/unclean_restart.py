"""The boot before this one ended without shutting down."""

from collections.abc import Iterator

from kernward.collectors.sources import uptime
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Verdict,
)
from kernward.diagnosis.log_events import (
    LASTING_S,
    ago,
    before_this_boot,
    evidence,
    freshness,
    logged,
    said_before,
    unread,
)
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import counted
from kernward.records.check import Action, Scope

# A file system that is mounted first after a crash says that it replays its journal.
RECOVERIES = ("ext4-recovery", "xfs-recovery")
SAYS = ("unexpected-reboot", "bert-error")
PANICS = (
    "kernel-panic",
    "panic-fatal-exception",
    "panic-hard-lockup",
    "panic-hung-task",
    "panic-softlockup",
    "panic-rcu-stall",
    "panic-oom",
    "panic-on-warn",
    "panic-nmi",
    "panic-machine-check",
    "panic-init-killed",
    "panic-vfs-mount-root",
    "sysrq-crash",
)
AGE = Threshold(
    "time since boot",
    LASTING_S,
    "s",
    "caches, connections and clusters recover from a restart within hours; a longer one ago explains nothing of now",
)
AT_BOOT = Threshold(
    "time from boot to a journal's replay",
    600.0,
    "s",
    "the machine's own file systems are mounted while it boots; a disk plugged in later says nothing of this machine",
)


def _test(view: View) -> Iterator[Verdict]:
    up = view.window.of(uptime.SOURCE)
    up_s = up.up_s if up is not None and up.up_s is not None else None
    if up_s is not None and up_s > AGE.value:
        yield Refuted(
            reason=f"the machine has been up for {up_s / 3600:.0f} h",
            evidence=(view.evidence(uptime.SOURCE, "up_s", up_s, change=False),),
        )
        return
    dump = before_this_boot(view, *PANICS)
    blind = unread(view)
    if blind and dump is None:
        yield blind
        return
    said = logged(view, *SAYS, within_s=AGE.value)
    used = [
        each
        for each in logged(view, "sysrq-used", within_s=AGE.value).events
        if _restarts(str(each.fields.get("command") or each.text))
    ]
    boots = logged(view, "boot", within_s=AGE.value)
    replayed = [
        each
        for each in logged(view, *RECOVERIES, within_s=AGE.value).events
        if each.at_s is None or each.at_s <= AT_BOOT.value
    ]
    since = "" if up_s is None else f" The machine has been up for {up_s / 60:.0f} min."
    if dump is not None:
        event, proof = dump
        besides = said_before(view, *PANICS)
        yield Confirmed(
            scope=Scope(),
            confidence=0.92,
            impact=0.9 * freshness(event, AGE.value),
            mechanism=(
                f'The boot before this one ended with "{event.title}", {ago(event.age_s)}'
                + (f"; its dump tells besides of {', '.join(besides[:3])}" if besides else "")
                + f".{since}"
            ),
            evidence=(proof,),
            chain=(event.title, "the machine restarted", "caches are cold, connections are gone"),
        )
    elif said.events or used and len(boots.events) + boots.older > 1:
        last = said.newest if said.events else used[-1]
        yield Confirmed(
            scope=Scope(),
            confidence=0.9,
            impact=0.9 * freshness(last, AGE.value),
            mechanism=(
                "The log of the boot before just ends, without a word of shutting down: a reset, a power cut or a "
                f"watchdog.{since}"
            ),
            evidence=(evidence(view, last),),
            chain=("the machine was reset", "it booted again", "caches are cold, connections are gone"),
        )
    elif replayed:
        last = replayed[-1]
        yield Confirmed(
            scope=Scope(),
            confidence=0.7,
            impact=0.6 * freshness(last, AGE.value),
            mechanism=(
                f"While it booted {counted(len(replayed), 'journal')} had to be replayed, which file systems that were unmounted "
                f"do not need: the boot before ended without shutting down.{since}"
            ),
            evidence=tuple(evidence(view, each) for each in replayed[-3:]),
            chain=("the machine stopped without unmounting", "journals are replayed at boot"),
        )
    else:
        yield Refuted(
            reason="nothing in the log or in a dump tells of a boot that ended without shutting down"
        )


def _restarts(text: str) -> bool:
    return any(word in text.lower() for word in ("reset", "reboot", "resetting"))


HYPOTHESIS = Hypothesis(
    id="unclean-restart",
    title="A restart without shutting down",
    group="tasks",
    claim="The boot before this one ended by a panic, a reset, a watchdog or a power cut.",
    signals=(
        Signal("uptime.up_s", "short: the machine was restarted lately"),
        Signal("earlier_boot.latest", "a panic that the boot before ended with"),
        Signal("kernel_events.latest", "journals that were replayed at boot; a log that just ends"),
    ),
    thresholds=(AGE, AT_BOOT),
    rivals=(
        Rival("init-died", "there the dump says that process 1 ended"),
        Rival("sysrq-crash", "there the dump says that somebody asked for it"),
        Rival("processor-failing", "there the dump holds a machine check"),
    ),
    mechanism=(
        "emergency_restart() in kernel/reboot.c, the firmware, a watchdog or the power supply restarts the machine "
        "without sync: what was only in the page cache is lost, and journals are replayed at the next mount "
        "(jbd2_journal_recover(), xlog_recover())."
    ),
    actions=(
        Action(
            "now",
            "Look for a dump and for the management controller's reason of the restart.",
            "None.",
            "ls /sys/fs/pstore /var/lib/systemd/pstore /var/crash; ipmitool sel elist; last -x | head",
        ),
        Action(
            "for good",
            "Set up kdump and pstore, so that the next one leaves a reason behind.",
            "A crash kernel takes memory away (crashkernel=, some hundred MB).",
            "kernward doctor",
        ),
    ),
    kinds=(*SAYS, *PANICS, *RECOVERIES, "sysrq-used"),
    see=("kernel/reboot.c", "Documentation/admin-guide/kdump/kdump.rst"),
    test=_test,
)
