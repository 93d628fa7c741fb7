"""A file system is frozen, and whoever writes to it sleeps."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import kernel_events, task_waits
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
from kernward.diagnosis.log_events import ago, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Waiter, asleep, wait_of, waiters
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

ALL_THE_TIME = Threshold(
    "part of the samples in which a task waits for a thaw",
    0.75,
    "",
    "a snapshot freezes for less than a second; who is found waiting in nearly every sample waits for one that does not "
    "end",
)
# A file system is written through these; the same kind of lock is taken elsewhere.
WRITES = frozenset(
    {
        "mnt_want_write",
        "mnt_want_write_file",
        "sb_start_write",
        "__sb_start_write",
        "vfs_write",
        "ksys_write",
        "vfs_writev",
        "do_writev",
        "filename_create",
        "open_last_lookups",
        "path_openat",
        "do_unlinkat",
        "do_renameat2",
        "ext4_page_mkwrite",
        "file_update_time",
        "touch_atime",
        "vfs_fallocate",
        "do_truncate",
        "do_mkdirat",
    }
)


def _test(view: View) -> Iterator[Verdict]:
    waiting = [
        each
        for each in waiters(view)
        if each.part("frozen") >= ALL_THE_TIME.value and not each.kernel and _writes(each.functions)
    ]
    if waiting:
        # One finding: who has most tasks waiting stands for all.
        first = max(waiting, key=lambda each: (each.tasks, each.share))
        yield _confirmed(view, first, waiting)
        return
    reported = [
        each
        for each in recent(view, "hung-task", within_s=REPORTED_S)
        if wait_of(each.stack) == "frozen" and _writes(each.stack)
    ]
    if reported:
        yield _over(view, reported)
        return
    missing = view.window.why_absent(task_waits.SOURCE)
    if missing and view.window.why_absent(kernel_events.SOURCE):
        yield Unknown(reason=f"neither what tasks wait for nor the kernel's log could be read: {missing}")
    elif missing:
        yield Unknown(
            reason=f"what tasks wait for could not be read: {missing}; the log reports no such task"
        )
    else:
        yield Refuted(reason="no task sleeps where writers wait for a frozen file system")


def _writes(functions: "frozenset[str] | tuple[str, ...]") -> bool:
    """Whether it is a file system that the task wants to write; where the stack is not known, the lock must do."""
    names = {each.partition(".")[0] for each in functions}
    return bool(names & WRITES) or len(names) <= 1


def _confirmed(view: View, first: Waiter, waiting: list[Waiter]) -> Confirmed:
    events = [
        each
        for each in recent(view, "hung-task", within_s=REPORTED_S)
        if str(each.pid) in {one.pid for one in waiting}
    ]
    evidence = asleep(view, waiting, lambda each: f"waited for a thaw in {each.share:.0%} of the samples")
    if events:
        evidence.append(summed_up(view, events, scope=first.scope))
    return Confirmed(
        scope=first.scope,
        confidence=0.93 if events else 0.88,
        impact=1.0,
        mechanism=(
            f"{first.scope.name} wants to write to a file system that is frozen (fsfreeze, a snapshot, a backup) and "
            "sleeps in percpu_rwsem_wait() of kernel/locking/percpu-rwsem.c, below sb_start_write(), until somebody calls "
            "thaw_super() in fs/super.c."
        ),
        evidence=tuple(evidence),
        chain=("freeze_super() keeps writers out", "sb_start_write() waits", "writers sleep uninterruptibly"),
        victims=tuple(each.scope for each in waiting if each is not first)[:8],
    )


def _over(view: View, reported: list[LogEvent]) -> Confirmed:
    newest = reported[-1]
    scope = Scope(
        "process", f"{newest.comm or newest.fields.get('comm')}[{newest.pid or newest.fields.get('pid')}]"
    )
    blocked_s = newest.fields.get("blocked_s")
    return Confirmed(
        scope=scope,
        confidence=0.85,
        impact=0.6,
        mechanism=(
            f"{scope.name} was blocked"
            + (f" for more than {blocked_s} s" if isinstance(blocked_s, int) else "")
            + f" {ago(newest.age_s)} where writers wait for a frozen file system (sb_start_write() in include/linux/fs.h). It "
            "does not wait there now: it was thawed since."
        ),
        evidence=(summed_up(view, reported, scope=scope),),
        chain=(
            "freeze_super() kept writers out",
            "sb_start_write() waited",
            "the kernel reported the writer as hung",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="filesystem-frozen",
    title="File system frozen",
    group="io",
    claim="A file system was frozen and not thawed; whoever writes to it sleeps uninterruptibly.",
    signals=(
        Signal("task_waits.blocked", "writers that sleep in percpu_rwsem_wait() below sb_start_write()"),
        Signal("kernel_events.recent", "the kernel reported such a task as hung, with its stack"),
    ),
    thresholds=(ALL_THE_TIME,),
    rivals=(
        Rival(
            "device-hung",
            "there requests are in flight and do not end; here writers wait before they send any",
        ),
        Rival("journal-stall", "there writers wait for the journal, which is being written"),
        Rival(
            "lock-held-asleep", "there another task holds a lock; here nobody does, the file system is closed"
        ),
        Rival("filesystem-read-only", "there writes give an error at once"),
    ),
    explains=("d-state-pileup", "lock-held-asleep"),
    mechanism=(
        "freeze_super() in fs/super.c takes the write side of s_writers; sb_start_write() of every writer waits on it. "
        "Backups and snapshots freeze for a moment (FIFREEZE, dm suspend, xfs_freeze); one that dies between freeze and "
        "thaw leaves it closed."
    ),
    actions=(
        Action(
            "now",
            "Thaw it, once it is clear that no snapshot is being taken.",
            "A snapshot that is under way is then not consistent.",
            "fsfreeze --unfreeze MOUNTPOINT; dmsetup resume NAME",
        ),
        Action(
            "for good",
            "Have whatever freezes thaw again whatever happens to it, and alarm on freezes of more than some seconds.",
            "none",
        ),
    ),
    kinds=("hung-task",),
    see=("fs/super.c", "include/linux/fs.h (sb_start_write)"),
    test=_test,
)
