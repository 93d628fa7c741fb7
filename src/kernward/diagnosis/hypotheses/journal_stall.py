"""Operations of a file system wait for its journal."""

from collections.abc import Iterator

from kernward.collectors.sources import journal, process_io, task_waits
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.storage import Storage, Waiter, asleep, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import milliseconds, names
from kernward.records.check import Action, Evidence, Scope

SLEEPS = Threshold(
    "part of the samples in which a task sleeps for the journal",
    0.5,
    "",
    "an operation waits for a commit for some milliseconds; found so in every other sample, it hardly does anything else",
)
BULK = Threshold(
    "what the device takes in a second",
    20e6,
    "bytes/s",
    "a device that takes so much is well, and the journal waits for what somebody writes in bulk",
)
SMALL_PART = Threshold(
    "part of all that is written, of a process that waits for another's writes",
    0.5,
    "",
    "who writes most of it waits for itself",
)
LONG = Threshold(
    "how long a commit takes on average",
    0.5,
    "s",
    "a commit writes some hundred blocks in one stretch, 10 ms on a disk; half a second is fifty times that",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    if window.since_boot:
        yield Unknown(reason="who waits for a journal takes several readings, and there is one")
        return
    missing = window.why_absent(task_waits.SOURCE)
    if missing:
        yield Unknown(reason=f"what tasks wait for could not be read: {missing}")
        return
    waiting = [each for each in waiters(view) if not each.kernel and each.part("journal") >= SLEEPS.value]
    slowest = max(window.each(journal.SOURCE).items(), key=lambda each: each[1].commit_s or 0.0, default=None)
    if not waiting:
        evidence = () if slowest is None else (_commit(view, slowest[0], slowest[1].commit_s or 0.0),)
        yield Refuted(
            reason="no task sleeps for a journal"
            + (
                ""
                if slowest is None
                else f"; a commit takes {milliseconds(slowest[1].commit_s or 0.0)} at most"
            ),
            evidence=evidence,
        )
        return
    storage = Storage(view)
    if any((disk.over.write_bytes or 0) / disk.seconds >= BULK.value for disk in storage.disks.values()):
        pids = tuple(each.pid for each in waiting)[:64]
        if view.can_read(process_io.SOURCE, *pids):
            yield Open(
                suspicion=0.4,
                reason="somebody writes in bulk; what those write that wait tells whether they wait for themselves",
                sources=((process_io.SOURCE.name, pids),),
            )
            return
        waiting = _for_others(view, waiting)
        if not waiting:
            yield Refuted(reason="only who writes in bulk waits for the journal, which writes that")
            return
    yield _confirmed(view, storage, waiting, slowest)


def _for_others(view: View, waiting: list[Waiter]) -> list[Waiter]:
    """Those that write little of all that is written; without that knowledge all but a single one."""
    counted = view.window.each_over(process_io.SOURCE)
    known = [each for each in waiting if each.pid in counted]
    if not known:
        return waiting if len(waiting) > 1 else []
    # The processes were looked at for a shorter while than the devices: rates are compared.
    whole = sum((disk.over.write_bytes or 0) / disk.seconds for disk in Storage(view).disks.values())
    seconds = view.window.seconds_of(process_io.SOURCE)
    return [
        each for each in known if (counted[each.pid].write_bytes or 0) / seconds < SMALL_PART.value * whole
    ]


def _confirmed(
    view: View, storage: Storage, waiting: list[Waiter], slowest: tuple[str, journal.Journal] | None
) -> Confirmed:
    # XFS says nothing of its log; then the busiest device that is written to stands for it.
    device = slowest[0] if slowest is not None else None
    if device is None:
        written = [disk for disk in storage.disks.values() if disk.over.writes]
        busiest = max(written, key=lambda disk: disk.busy, default=None)
        device = busiest.name if busiest is not None else None
    commit_s = (slowest[1].commit_s or 0.0) if slowest is not None else 0.0
    evidence = asleep(
        view, waiting, lambda each: f"slept for the journal in {each.part('journal'):.0%} of the samples"
    )
    if slowest is not None and commit_s > 0:
        evidence.append(_commit(view, slowest[0], commit_s))
    return Confirmed(
        scope=Scope("device", device) if device else Scope(),
        confidence=0.85 if commit_s >= LONG.value else 0.6,
        impact=max(each.part("journal") for each in waiting),
        mechanism=(
            f"{names(each.scope for each in waiting)} cannot change anything in the file system: what they do waits for "
            f"the journal of {device or 'a file system'}"
            + (f", of which a commit takes {milliseconds(commit_s)}" if commit_s else "")
            + ". start_this_handle() in fs/jbd2/transaction.c lets no operation begin while the running transaction is "
            "locked for its commit or the journal is full (XFS: xlog_grant_head_wait() in fs/xfs/xfs_log.c)."
        ),
        evidence=tuple(evidence),
        chain=(
            "a commit of the journal takes long",
            "new operations wait for it",
            "creat(), rename() and write() sleep",
        ),
        victims=tuple(each.scope for each in waiting)[:8],
    )


def _commit(view: View, device: str, commit_s: float) -> Evidence:
    return view.evidence(
        journal.SOURCE,
        "commit_s",
        commit_s,
        scope=Scope("device", device),
        change=False,
        says="average time of the last commits",
    )


HYPOTHESIS = Hypothesis(
    id="journal-stall",
    title="File system waits for its journal",
    group="io",
    claim="Operations of a file system sleep until its journal is committed or has room again.",
    signals=(
        Signal(
            "task_waits.blocked",
            "tasks that sleep in jbd2 or in the log of XFS, without an fsync() of their own",
        ),
        Signal("journal.commit_s", "how long a commit takes"),
        Signal("process_io.write_bytes", "who writes in bulk waits for itself"),
    ),
    thresholds=(SLEEPS, LONG, BULK, SMALL_PART),
    rivals=(
        Rival("fsync-load", "there the process asked for the commit itself"),
        Rival("device-slow", "there every request of the device takes long, not the journal's alone"),
        Rival("filesystem-frozen", "there nothing is being written at all"),
    ),
    explains=("d-state-pileup", "lock-held-asleep"),
    mechanism=(
        "A journal takes one transaction at a time through locking, flushing of ordered data and writing. In ordered mode "
        "the commit first writes the data of files that grew: one large file makes all operations wait for it. A journal "
        "that is full waits for a checkpoint (jbd2_log_do_checkpoint())."
    ),
    actions=(
        Action(
            "now",
            "Look at the parts of a commit: locking, flushing data, logging; and at who writes large amounts.",
            "none: it only reads",
            "cat /proc/fs/jbd2/*/info",
        ),
        Action(
            "for good",
            "A larger journal, or one on a quick device of its own; bulk data on another file system.",
            "data=writeback does away with the flush of data, and a crash may then show old content in new files.",
            "tune2fs -J size=1024 /dev/DEVICE",
        ),
    ),
    see=("fs/jbd2/transaction.c", "fs/jbd2/commit.c"),
    test=_test,
)
