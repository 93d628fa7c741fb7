"""Processes wait for a lock on a file that another keeps."""

from collections.abc import Iterator

from kernward.collectors.sources import file_locks, processes
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
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

WAITING = Threshold(
    "tasks that wait for locks of files, in every reading",
    3,
    "",
    "one that waits is often meant to: a job that must not run twice; several behind one holder are a queue",
)
READINGS = Threshold("readings", 3, "", "a queue that is there in each of them does not come and go")
SECONDS = Threshold(
    "length of the window", 4.0, "s", "programs that share a file through a lock keep it for milliseconds"
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    readings = [found for each in window.samples if (found := each.of(file_locks.SOURCE)) is not None]
    if not readings:
        yield Unknown(reason=f"locks of files could not be read: {window.why_absent(file_locks.SOURCE)}")
        return
    last = readings[-1]
    proof = view.evidence(
        file_locks.SOURCE, "waiting", last.waiting, change=False, says=f"{last.held} are held"
    )
    least = min(each.waiting for each in readings)
    if least < WAITING.value:
        yield Refuted(reason=f"{last.waiting} tasks wait for a lock of a file", evidence=(proof,))
        return
    if len(readings) < READINGS.value or window.seconds_of(file_locks.SOURCE) < SECONDS.value:
        yield Unknown(
            reason=f"{least} tasks wait for locks of files; whether they stay takes more readings",
            evidence=(proof,),
        )
        return
    same = set(readings[0].holders[:1])
    for each in readings[1:]:
        same &= set(each.holders[:1])
    holder = next(iter(same), None)
    names = window.each(processes.SOURCE)
    process = names.get(holder) if holder else None
    scope = Scope("process", f"{process.comm if process else ''}[{holder}]") if holder else Scope()
    state = f", whose state is {process.state}" if process else ""
    yield Confirmed(
        scope=scope,
        confidence=0.8 if holder else 0.6,
        impact=min(0.8, 0.3 + 0.05 * least),
        mechanism=(
            f"At least {least} tasks wait all the time for a lock on the file {last.wanted}"
            + (f"; {scope.name}{state} had it in every reading." if holder else "; who has it changes.")
            + " They sleep in flock() or fcntl(F_SETLKW) and use no CPU."
        ),
        evidence=(proof,),
        chain=(f"{scope.name or 'processes'} keeps a lock on a file", "others sleep until it is given back"),
    )


HYPOTHESIS = Hypothesis(
    id="file-lock-contention",
    title="Processes that queue for a lock on a file",
    group="tasks",
    claim="Several processes wait for a lock on a file (flock, fcntl), one behind the other.",
    signals=(
        Signal("file_locks.waiting", "how many wait, reading after reading"),
        Signal("file_locks.holders", "who has what they wait for"),
    ),
    thresholds=(WAITING, READINGS, SECONDS),
    rivals=(
        Rival("user-lock-contention", "there the lock is in memory, and the threads are one process's"),
        Rival("lock-held-asleep", "there the lock is the kernel's own, and the state is D"),
        Rival("fsync-load", "there writers wait for the disk; a holder that waits for it makes both true"),
    ),
    mechanism=(
        "flock_lock_inode_wait() and posix_lock_inode_wait() in fs/locks.c put whoever finds a conflicting lock on the "
        "list of its blocker and let it sleep; locks_wake_up_blocks() wakes all of them when the lock goes."
    ),
    actions=(
        Action(
            "now",
            "See what the holder does: the lock goes when it closes the file or ends.",
            "Ending the holder leaves what it was doing half done.",
            "cat /proc/locks; find / -xdev -inum INODE; cat /proc/PID/stack",
        ),
        Action(
            "for good",
            "Keep the lock for less, or take a database that locks rows instead of files.",
            "None.",
        ),
    ),
    see=("fs/locks.c", "flock(2)", "fcntl(2)"),
    test=_test,
)
