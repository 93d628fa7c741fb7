"""A process has as many open files as it may."""

from collections.abc import Iterator, Mapping

from kernward.collectors.sources import process_files, processes
from kernward.collectors.sources.processes import Process
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

FULL = Threshold(
    "part of the limit that is used",
    0.985,
    "",
    "a server at its limit closes and opens a few files around it; one that is some percent below has not met it",
)
LEAST = Threshold(
    "limit",
    16,
    "",
    "programs lock themselves in with a limit of a few files, or of none, once they have opened what they need",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    files = window.each(process_files.SOURCE)
    if not files:
        reason = window.why_absent(process_files.SOURCE) or "there are no processes"
        yield Unknown(reason=f"open files of processes could not be counted: {reason}")
        return
    names = window.each(processes.SOURCE)
    highest: tuple[float, str] | None = None
    found = False
    unknown = 0
    for pid, each in files.items():
        limit = each.limit
        if limit is None or limit < LEAST.value:
            continue
        count = each.open_files
        if count is None:
            # No more can be open than the table has room for.
            if each.table_size is None or each.table_size >= FULL.value * limit:
                unknown += 1
                continue
            count = each.table_size
        # More than allowed: the limit was lowered afterwards, by the program itself, and is no longer met.
        if count > limit:
            continue
        share = count / limit
        if highest is None or share > highest[0]:
            highest = share, pid
        if each.open_files is None or share < FULL.value and limit - count > 1:
            continue
        found = True
        yield _confirmed(view, pid, names, each.open_files, limit)
    if found:
        return
    if unknown:
        yield Unknown(
            reason=f"open files of {unknown} processes could not be counted: that takes their user or root"
        )
        return
    if highest is None:
        yield Refuted(reason="no process has a limit on its open files")
        return
    share, pid = highest
    scope, each = _scope(pid, names), files[pid]
    field, value = (
        ("table_size", each.table_size) if each.open_files is None else ("open_files", each.open_files)
    )
    yield Refuted(
        reason=f"no process is at its limit of open files; {scope.name} is nearest with at most {share:.0%}",
        evidence=(
            view.evidence(
                process_files.SOURCE, field, value or 0, scope=scope, change=False, says=f"limit {each.limit}"
            ),
        ),
    )


def _scope(pid: str, names: Mapping[str, Process]) -> Scope:
    process = names.get(pid)
    return Scope("process", f"{process.comm if process else ''}[{pid}]")


def _confirmed(view: View, pid: str, names: Mapping[str, Process], count: int, limit: int) -> Confirmed:
    scope = _scope(pid, names)
    return Confirmed(
        scope=scope,
        confidence=0.93 if count >= limit - 1 else 0.85,
        impact=0.9,
        mechanism=(
            f"{scope.name} has {count} files open and may have {limit} (RLIMIT_NOFILE): its next open(), accept(), "
            'socket() or pipe() fails with EMFILE ("Too many open files"). The kernel prints nothing, and a server '
            "that cannot accept() leaves clients waiting in its listen queue."
        ),
        evidence=(
            view.evidence(process_files.SOURCE, "open_files", count, scope=scope, change=False),
            view.evidence(process_files.SOURCE, "limit", limit, scope=scope, change=False),
        ),
        chain=(
            "files are opened and not closed",
            "alloc_fd() finds no number below the limit",
            "open() and accept() fail",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="process-fd-limit",
    title="A process at its limit of open files",
    group="tasks",
    claim="A process has as many open files, sockets and pipes as RLIMIT_NOFILE allows.",
    signals=(
        Signal("process_files.open_files", "how many it has open"),
        Signal("process_files.limit", "how many it may"),
    ),
    thresholds=(FULL, LEAST),
    rivals=(
        Rival("file-max", "there the whole machine is at fs.file-max, and open() fails with ENFILE"),
        Rival("listen-queue-overflow", "there the server is too slow to accept; here it may not"),
        Rival("ephemeral-ports-exhausted", "there connect() fails for want of a port, not of a file"),
    ),
    explains=("listen-queue-overflow",),
    mechanism=(
        "alloc_fd() in fs/file.c looks for a free number below RLIMIT_NOFILE and gives EMFILE without one. Numbers, not "
        "files, are limited: sockets, pipes, epoll, eventfd and what dup() made count."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit of the running process, and see what the files are.",
            "A leak goes on to the next limit; each open file takes kernel memory.",
            "prlimit --pid PID --nofile=65536:65536; ls -l /proc/PID/fd | awk '{print $NF}' | sort | uniq -c | sort -n",
        ),
        Action(
            "for good",
            "Close what is opened (connections without a time limit are the usual leak), and set LimitNOFILE= from the "
            "number of connections that the service is meant for.",
            "A program that uses select() breaks beyond 1024.",
            "systemctl edit UNIT  # [Service] LimitNOFILE=65536",
        ),
    ),
    cost="/proc/PID/limits and the size of /proc/PID/fd of each process, some 10 us each, in each sample",
    see=("fs/file.c", "getrlimit(2)"),
    test=_test,
)
