"""What caused what: events of one boot are linked to earlier events, each link with its reason.

A rule names the kinds of an effect and of its possible causes, how long the cause may lie back, and
which fields must agree. The nearest cause wins; a rule higher in the table wins over a lower one.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from kernward.records.events import Cause, Event

# How many earlier events of a boot may still be found to be causes.
REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Rule:
    """`effect` and `cause` are regexes on kind ids; `within_s` bounds the time between the two.

    `same` names fields whose values must not contradict each other (None agrees with everything).
    """

    effect: str
    cause: str
    within_s: float
    reason: str
    same: tuple[str, ...] = ()


_IO = r"block-io-error|buffer-io-error|nvme-.*|scsi-.*|ata-.*|dm-.*|md-.*|mmc-.*|usb-storage-.*"
_FS_ERROR = r"ext4-error|jbd2-.*|xfs-(?!shutdown).*|btrfs-(?!read-only).*|f2fs-.*|fat-.*"
_READ_ONLY = r"ext4-remount-read-only|xfs-shutdown|btrfs-read-only|fat-read-only"
_OOPS = (
    r"null-pointer-dereference|page-fault|user-memory-access|general-protection-fault|divide-error|double-fault|"
    r"stack-segment-fault|invalid-opcode|stack-guard-page|kernel-stack-overflow|internal-error.*|unhandled-fault|"
    r"alignment-trap|serror|synchronous-external-abort|oops-generic|kernel-bug|list-corruption|usercopy|kasan|fortify|sysrq-crash|cfi-failure"
)
_WARN = (
    r"warning.*|refcount|odebug|kasan|kcsan.*|kmsan|kfence|ubsan|lockdep.*|rcu-suspicious-usage|non-static-key|"
    r"netdev-watchdog|list-corruption|bad-page-.*|scheduling-while-atomic|sleeping-in-atomic"
)
_MCE = r"mce-.*|ghes-.*|edac-uncorrected|memory-failure"

RULES: tuple[Rule, ...] = (
    Rule(r"panic-on-warn", _WARN, 10, "panic_on_warn turns a kernel warning into a panic"),
    Rule(r"panic-hung-task", r"hung-task", 30, "hung_task_panic turns a hung task into a panic"),
    Rule(r"panic-softlockup", r"soft-lockup", 30, "softlockup_panic turns a soft lockup into a panic"),
    Rule(
        r"panic-hard.*|panic-nmi.*", r"hard-lockup|nmi-.*", 30, "the hard lockup or NMI made the kernel panic"
    ),
    Rule(r"panic-oom", r"oom-.*", 30, "panic_on_oom, or nothing left to kill, turns an OOM into a panic"),
    Rule(r"panic-rcu.*", r"rcu-.*", 60, "panic_on_rcu_stall turns an RCU stall into a panic"),
    Rule(r"panic-mce|panic-machine.*", _MCE, 30, "an uncorrected hardware error made the kernel panic"),
    Rule(r"panic-init-killed", _OOPS + r"|segfault|oom-kill.*", 30, "the task that died of it was init"),
    Rule(r"panic-sysrq|sysrq-crash", r"sysrq-.*", 10, "sysrq c asks for a crash"),
    Rule(r"panic.*|kernel-panic", _MCE, 10, "an uncorrected hardware error made the kernel panic"),
    Rule(
        r"panic.*|kernel-panic",
        _OOPS,
        15,
        "panic_on_oops, or an oops in interrupt context or init, ends in a panic",
    ),
    Rule(
        r"panic.*|kernel-panic",
        r"hung-task|soft-lockup|hard-lockup|rcu-stall",
        10,
        "the hang was set to panic",
    ),
    Rule(r"panic.*|kernel-panic", _FS_ERROR, 30, "the file system was mounted with errors=panic"),
    Rule(r"unexpected-reboot", r".*", 600, "the last thing the kernel said before it booted again"),
    Rule(
        r"buffer-io-error|block-io-error",
        r"nvme-.*|scsi-.*|ata-.*|dm-.*|md-.*|mmc-.*",
        120,
        "the device below failed the request",
    ),
    Rule(
        r"buffer-io-error",
        r"block-io-error",
        30,
        "the block layer failed the request of the buffer",
        ("device",),
    ),
    Rule(_READ_ONLY, _FS_ERROR, 60, "the file system stops writing after an error", ("device",)),
    Rule(_READ_ONLY, _IO, 120, "an I/O error below made the file system stop writing"),
    Rule(_FS_ERROR, _FS_ERROR, 5, "the same damage, noticed again on the way up", ("device",)),
    Rule(_FS_ERROR, _IO, 120, "the file system's I/O failed in the block layer below"),
    Rule(r"hung-task", _READ_ONLY + "|" + _FS_ERROR, 900, "tasks wait for a file system that failed"),
    Rule(r"hung-task", _IO, 900, "tasks wait for I/O on a device that failed"),
    Rule(
        r"hung-task",
        r"nfs-server-not-responding|cifs-.*|ceph.*|iscsi.*|nbd.*",
        1800,
        "tasks wait for a server that does not answer",
    ),
    Rule(r"hung-task", r"oom-.*", 600, "tasks wait while memory is exhausted"),
    Rule(r"hung-task", _OOPS, 1800, "a task that died in the kernel may have left locks held"),
    Rule(
        r"hung-task|rcu-.*",
        r"workqueue-lockup|soft-lockup|hard-lockup",
        300,
        "a CPU that does not schedule keeps others waiting",
    ),
    Rule(
        r"rcu-.*", r"soft-lockup|hard-lockup", 120, "a locked-up CPU never passes through a quiescent state"
    ),
    Rule(r"soft-lockup|hard-lockup", r"rcu-stall", 60, "the same CPU, seen by another watchdog"),
    Rule(
        r"workqueue-lockup",
        r"soft-lockup|hard-lockup|rcu-stall",
        300,
        "a CPU that is stuck does not run its workers",
    ),
    Rule(
        r"clocksource-.*", r"soft-lockup|hard-lockup", 60, "a CPU that is stuck cannot read the clock in time"
    ),
    Rule(r"oom-kill.*", r"page-allocation-failure|memory-leak|kmemleak", 600, "memory ran out"),
    Rule(r"page-allocation-failure|slub-allocation-failure", r"oom-kill-global", 60, "memory was exhausted"),
    Rule(r"oom-reaper|oom-no-killable", r"oom-kill.*", 60, "follows from the OOM kill"),
    Rule(r"edac-.*|memory-failure", r"mce-.*|ghes-.*", 10, "the decoded form of the same hardware error"),
    Rule(
        r"nvme-.*|ata-.*|netdev-watchdog|net-.*",
        r"pcie-aer-.*|pcie-.*",
        60,
        "the device's PCIe link reported errors",
    ),
    Rule(r"link-down", r"netdev-watchdog|net-.*", 30, "the driver reset the device"),
    Rule(
        r"general-protection-fault|page-fault|null-pointer-dereference",
        r"kasan|kfence|slab-corruption|refcount|list-corruption",
        30,
        "memory that was already known to be corrupted",
    ),
    Rule(
        r"kernel-bug|warning|" + _OOPS,
        r"kasan|slab-corruption|bad-page-.*",
        30,
        "memory that was already known to be corrupted",
    ),
)
# Panics that only end another report: alone, the report that matters is missing from the log.
NEEDS_CAUSE = frozenset(
    {
        "panic-on-warn",
        "panic-fatal-exception",
        "panic-hung-task",
        "panic-softlockup",
        "panic-hardlockup",
        "panic-rcu-stall",
    }
)
_COMPILED = tuple(
    (rule, re.compile(rf"(?:{rule.effect})$").match, re.compile(rf"(?:{rule.cause})$").match)
    for rule in RULES
)


@lru_cache(maxsize=1024)
def _rules(effect: str) -> tuple[tuple[Rule, "re.Pattern[str]"], ...]:
    return tuple((rule, re.compile(rf"(?:{rule.cause})$")) for rule, match, _ in _COMPILED if match(effect))


@lru_cache(maxsize=65536)
def _causes(effect: str, cause: str) -> tuple[Rule, ...]:
    return tuple(rule for rule, pattern in _rules(effect) if pattern.match(cause))


@dataclass(slots=True)
class Chain:
    """The recent events of one boot."""

    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def link(self, event: Event) -> Event:
        """The event, linked to what caused it; it is remembered as a possible cause of later ones."""
        rules = _rules(event.kind)
        if rules and self.recent:
            for rule, _ in rules:
                cause = self._nearest(event, rule)
                if cause is not None:
                    event = msgspec.structs.replace(
                        event, caused_by=(Cause(cause.id, cause.kind, rule.reason),)
                    )
                    break
        if event.kind in NEEDS_CAUSE and not event.caused_by and not event.corrupted:
            reason = "the report that led to this panic is not in the log"
            event = msgspec.structs.replace(event, corrupted=True, corrupted_reason=reason)
        if event.class_ != "state" or event.kind.startswith("sysrq"):
            self.recent.append(event)
        return event

    def _nearest(self, event: Event, rule: Rule) -> Event | None:
        for earlier in reversed(self.recent):
            if rule not in _causes(event.kind, earlier.kind):
                continue
            if (
                event.monotonic_s is not None
                and earlier.monotonic_s is not None
                and abs(event.monotonic_s - earlier.monotonic_s) > rule.within_s
            ):
                continue
            if all(_agree(event.fields.get(name), earlier.fields.get(name)) for name in rule.same):
                return earlier
        return None


def _agree(one: object, other: object) -> bool:
    if one is None or other is None or one == other:
        return True
    # sda against sda1, dm-0 against dm-0: a partition is on its disk.
    return (
        isinstance(one, str) and isinstance(other, str) and (one.startswith(other) or other.startswith(one))
    )
