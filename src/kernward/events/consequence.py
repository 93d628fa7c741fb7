"""What caused what: events of one boot are linked to earlier events, each link with its reason.

A rule names the kinds of an effect and of its possible causes, how long the cause may lie back, and
which fields must agree. The nearest cause wins; a rule higher in the table wins over a lower one.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from kernward.records.events import Cause, Event

_Matcher = Callable[[str], re.Match[str] | None]

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


_DEVICE = (
    r"nvme-(?!command-error).*|scsi-.*|ata-.*|dm-.*|md-(?!read-error-corrected).*|mmc-.*|nbd-.*|iscsi-.*|fc-.*|"
    r"loop-write-error|usb-controller-dead|virtio-ring-broken|bcache-error|drbd-error|zram-error|sas-.*|zfs-pool-suspended"
)
_IO = rf"block-io-error|buffer-io-error|block-beyond-end|nvme-command-error|swap-io-error|{_DEVICE}"
_FS_ERROR = (
    r"ext4-error|ext4-warning|jbd2-.*|xfs-(?!shutdown|recovery|allocation).*|btrfs-(?!read-only|scrub).*|f2fs-error|"
    r"fat-error|erofs-error|squashfs-error|writeback-error|filesystem-error"
)
_READ_ONLY = r"ext4-remount-read-only|xfs-shutdown|btrfs-read-only|gfs2-withdraw"
_SERVER = r"nfs-server-.*|cifs-server-.*|ceph-session-lost|iscsi-.*|nbd-.*|nvme-fabrics-.*"
_OOPS = (
    r"null-pointer-dereference|page-fault|user-memory-access|general-protection-fault|divide-error|double-fault|"
    r"stack-segment-fault|invalid-opcode|stack-guard-page|kernel-stack-overflow|internal-error|unhandled-fault|"
    r"alignment-trap|serror|synchronous-external-abort|oops|kernel-bug|list-corruption|usercopy|fortify|cpu-trap|"
    r"cfi-failure|nx-exec|fault-cut"
)
_WARN = (
    r"warning|warning-.*|odebug|kasan|kcsan-.*|kmsan|kfence|ubsan|lockdep-.*|debug-locks|rcu-suspicious-usage|"
    r"non-static-key|netdev-watchdog|bad-page-.*|scheduling-while-atomic|sleeping-in-atomic|list-corruption|"
    r"fortify-field-spanning|page-allocation-failure"
)
_LOCKUP = r"soft-lockup|hard-lockup|csd-lock-stall"
_MCE = (
    r"mce-(?!corrected|user).*|ghes-error|edac-uncorrected|memory-failure.*|bert-error|pcie-aer-uncorrected"
)
_DAMAGED = r"kasan|kfence|slab-corruption|warning-refcount|list-corruption|bad-page-.*|bad-rss-counter"
_CORRUPTED = r"kasan|kfence|slab-corruption|bad-page-.*"
_MEMORY = r"oom-kill-.*|oom-invoked|oom-no-killable|page-allocation-failure"

RULES: tuple[Rule, ...] = (
    Rule(r"panic-on-warn", _WARN, 10, "panic_on_warn turns a kernel warning into a panic"),
    Rule(r"panic-hung-task", r"hung-task", 60, "hung_task_panic turns a hung task into a panic"),
    Rule(r"panic-softlockup", r"soft-lockup", 60, "softlockup_panic turns a soft lockup into a panic"),
    Rule(r"panic-hard-lockup", r"hard-lockup", 60, "hardlockup_panic turns a hard lockup into a panic"),
    Rule(r"panic-rcu-stall", r"rcu-.*", 120, "panic_on_rcu_stall turns an RCU stall into a panic"),
    Rule(r"panic-oom", _MEMORY, 60, "panic_on_oom, or nothing left to kill, turns an OOM into a panic"),
    Rule(r"panic-machine-check", _MCE, 60, "the machine check could not be contained"),
    Rule(r"panic-nmi", r"nmi-(?!handler).*|hard-lockup", 60, "the NMI was set to panic"),
    Rule(
        r"panic-init-killed",
        _OOPS + r"|segfault|user-trap|oom-kill-.*",
        30,
        "the task that died of it was init",
    ),
    Rule(
        r"panic-init-killed|panic-no-init", _IO + "|" + _FS_ERROR, 60, "init's file system could not be read"
    ),
    Rule(
        r"panic-vfs-mount-root", _IO + r"|.*-mount-failed", 120, "the root device or its file system failed"
    ),
    Rule(
        r"panic-fatal-exception|kernel-panic",
        _OOPS,
        15,
        "panic_on_oops, or an oops where no task can be killed",
    ),
    Rule(r"sysrq-crash", r"sysrq-used", 10, "sysrq c asks for a crash"),
    Rule(
        r"null-pointer-dereference|kernel-bug|kernel-panic",
        r"sysrq-crash",
        10,
        "the crash that sysrq c asked for",
    ),
    Rule(r"panic-.*|kernel-panic", _MCE, 30, "an uncorrected hardware error came before the panic"),
    Rule(r"panic-.*|kernel-panic", _DAMAGED, 15, "memory that was already known to be corrupted"),
    Rule(r"kernel-panic", r"hung-task|rcu-stall|" + _LOCKUP, 15, "the hang was set to panic"),
    Rule(r"kernel-panic", _FS_ERROR + "|" + _READ_ONLY, 30, "the file system was mounted with errors=panic"),
    Rule(
        r"unexpected-reboot",
        _MCE + r"|thermal-critical|hardware-protection-shutdown",
        900,
        "hardware errors before",
    ),
    Rule(
        r"unexpected-reboot",
        r"watchdog-not-stopped|" + _LOCKUP + r"|rcu-stall|hung-task",
        900,
        "a watchdog resets a machine that hangs",
    ),
    Rule(
        r"buffer-io-error",
        r"block-io-error|block-beyond-end",
        30,
        "the block layer failed the buffer's request",
        ("device",),
    ),
    Rule(
        r"buffer-io-error|block-io-error|nvme-command-error",
        _DEVICE,
        180,
        "the device or path below failed the request",
        ("device",),
    ),
    # A mapped device has another name than the disk below it; then only the moment speaks for the link.
    Rule(
        r"buffer-io-error|block-io-error",
        _DEVICE,
        2,
        "a device failed at the same moment, probably the one below",
    ),
    Rule(r"nvme-controller-removed|nvme-no-path", r"nvme-.*", 300, "the controller did not come back"),
    Rule(r"nvme-controller-down", r"nvme-timeout", 120, "commands timed out before"),
    Rule(
        r"ata-link-reset|ata-reset-failed|ata-device-disabled|ata-link-speed-limited",
        r"ata-.*",
        180,
        "libata's recovery of the same port",
    ),
    Rule(
        r"scsi-offline-device|scsi-sense-error",
        r"scsi-.*|ata-.*|fc-.*",
        300,
        "the SCSI layer's error recovery",
    ),
    Rule(r"md-disk-failure|md-.*", _IO, 120, "a member disk failed its I/O"),
    Rule(
        r"jbd2-abort",
        r"jbd2-io-error|jbd2-journal-corrupt",
        30,
        "the journal could not be written",
        ("device",),
    ),
    Rule(_READ_ONLY, _FS_ERROR, 120, "the file system stops writing after an error", ("device",)),
    Rule(_READ_ONLY, _IO, 120, "an I/O error below made the file system stop writing", ("device",)),
    Rule(_FS_ERROR, _IO, 120, "the file system's I/O failed in the block layer below", ("device",)),
    Rule(
        r"jbd2-.*|ext4-.*|xfs-.*|btrfs-.*",
        r"jbd2-.*|ext4-error|xfs-(?:metadata|internal|io|log).*|btrfs-(?:error|csum|check|corrupt).*",
        10,
        "the same damage, met again by another path",
        ("device",),
    ),
    Rule(_FS_ERROR + "|" + _READ_ONLY, _IO, 120, "an I/O error of a device below"),
    Rule(r"hung-task", _READ_ONLY + "|" + _FS_ERROR, 900, "tasks wait for a file system that failed"),
    Rule(r"hung-task", _IO, 900, "tasks wait for I/O on a device that failed"),
    Rule(r"hung-task", _SERVER, 3600, "tasks wait for a server that does not answer"),
    Rule(r"hung-task", _MEMORY, 900, "tasks wait while memory is exhausted"),
    Rule(r"hung-task", _OOPS + r"|kasan", 3600, "a task that died in the kernel may have left locks held"),
    Rule(
        r"hung-task|rcu-.*|workqueue-lockup",
        _LOCKUP,
        600,
        "a CPU that does not schedule keeps others waiting",
    ),
    Rule(r"hung-task|workqueue-lockup", r"rcu-stall", 600, "whoever waits for a grace period waits with it"),
    Rule(r"hung-task", r"hung-task", 600, "it may wait for what the task that hung before it holds"),
    Rule(_LOCKUP, r"rcu-stall", 120, "the same stuck CPU, seen by another watchdog"),
    Rule(
        r"rcu-.*", r"workqueue-hog|rt-throttling", 300, "a CPU that is kept busy reports no quiescent state"
    ),
    Rule(
        r"clocksource-.*|tsc-unstable",
        _LOCKUP + r"|rcu-stall",
        120,
        "a CPU that is stuck reads the clock too late",
    ),
    Rule(
        r"oom-reaped|oom-reaper-stuck|oom-no-killable",
        r"oom-(?:kill-.*|invoked)",
        60,
        "follows from the OOM kill",
    ),
    Rule(r"oom-kill-.*|oom-invoked", r"kmemleak|kmemleak-summary", 3600, "leaked kernel memory is missing"),
    Rule(
        r"page-allocation-failure|slub-allocation-failure|vmalloc-failure|balloon-out-of-memory",
        _MEMORY,
        60,
        "memory was exhausted already",
    ),
    Rule(
        r"edac-.*|memory-failure.*|mce-user-memory|ghes-.*",
        r"mce-.*|ghes-.*",
        10,
        "the decoded form of the same hardware error",
    ),
    Rule(
        r"nvme-.*|ata-.*|scsi-.*|netdev-watchdog|nic-.*|gpu-.*|pcie-.*",
        r"pcie-(?!card).*|iommu-fault-.*",
        120,
        "the device's PCIe link or its DMA reported errors",
    ),
    Rule(r"link-down|bond-slave-down", r"netdev-watchdog|nic-.*", 30, "the driver reset the device"),
    Rule(r"bond-no-active-interface", r"bond-slave-down|link-down", 30, "the last slave went down"),
    Rule(
        r"nic-reset",
        r"netdev-watchdog|nic-transmit-hang|nic-firmware-error",
        60,
        "the driver resets a device that hangs",
    ),
    Rule(_OOPS + r"|warning", _CORRUPTED, 30, "memory that was already known to be corrupted"),
    Rule(
        _SERVER,
        r"link-down|netdev-watchdog|nic-reset|bond-no-active-interface",
        300,
        "the network under it was gone",
    ),
)


# Panics that only end another report: alone, the report that matters is missing from the log.
NEEDS_CAUSE = frozenset(
    {
        "panic-on-warn",
        "panic-fatal-exception",
        "panic-hung-task",
        "panic-softlockup",
        "panic-hard-lockup",
        "panic-rcu-stall",
    }
)


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[Rule, _Matcher, _Matcher], ...]:
    return tuple(
        (rule, re.compile(rf"(?:{rule.effect})$").match, re.compile(rf"(?:{rule.cause})$").match)
        for rule in RULES
    )


@lru_cache(maxsize=1024)
def _rules(effect: str) -> tuple[Rule, ...]:
    return tuple(rule for rule, is_effect, _ in _compiled() if is_effect(effect))


@lru_cache(maxsize=65536)
def _causes(effect: str, cause: str) -> tuple[Rule, ...]:
    return tuple(rule for rule, is_effect, is_cause in _compiled() if is_effect(effect) and is_cause(cause))


@lru_cache(maxsize=1024)
def _may_cause(kind: str) -> bool:
    """Does any rule name events of this kind as a cause?"""
    return any(is_cause(kind) for _, _, is_cause in _compiled())


@dataclass(slots=True)
class Chain:
    """The recent events of one boot."""

    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def link(self, event: Event) -> Event:
        """The event, linked to what caused it; it is remembered as a possible cause of later ones."""
        rules = _rules(event.kind)
        if rules and self.recent:
            for rule in rules:
                cause = self._nearest(event, rule)
                if cause is not None:
                    event = msgspec.structs.replace(
                        event, caused_by=(Cause(cause.id, cause.kind, rule.reason),)
                    )
                    break
        if event.kind in NEEDS_CAUSE and not event.caused_by and not event.corrupted:
            reason = "the report that led to this panic is not in the log"
            event = msgspec.structs.replace(event, corrupted=True, corrupted_reason=reason)
        if _may_cause(event.kind):
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
