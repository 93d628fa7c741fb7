"""The machine has as many open files as it may."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_limits, process_files, processes, stat
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
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, logged
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

_EVENT = "file-max-reached"
NEAR = Threshold(
    "part of fs.file-max that is open",
    0.98,
    "",
    "the count is kept by CPU and summed up roughly, so a full table may show a little less",
)
# percpu_counter_batch in lib/percpu_counter.c: each CPU keeps up to so many to itself.
_BATCH = 32
AFTER = Threshold(
    "part that is open after the kernel said that the limit was reached",
    0.9,
    "",
    "it says so only when the number grows beyond what it was; what is this full still refuses now and then",
)


def _test(view: View) -> Iterator[Verdict]:
    limits = view.window.of(kernel_limits.SOURCE)
    if limits is None or limits.open_files is None:
        missing = view.window.why_absent(kernel_limits.SOURCE) or "/proc/sys/fs/file-nr is missing"
        yield Unknown(reason=f"open files could not be counted: {missing}")
        return
    if limits.files_limit is None:
        yield Refuted(
            reason="fs.file-max is no limit here",
            evidence=(view.evidence(kernel_limits.SOURCE, "open_files", limits.open_files, change=False),),
        )
        return
    machine = view.window.of(stat.SOURCE)
    cpus = (machine.cpus if machine is not None else None) or 1
    slack = max(_BATCH, 2 * cpus) * cpus
    said = logged(view, _EVENT, within_s=RECENT_S)
    share = limits.open_files / limits.files_limit if limits.files_limit else 1.0
    close = limits.open_files + slack >= limits.files_limit
    proof: list[Evidence] = [
        view.evidence(
            kernel_limits.SOURCE,
            "open_files",
            limits.open_files,
            change=False,
            says=f"{share:.0%} of fs.file-max, counted to within {slack}",
        ),
        view.evidence(kernel_limits.SOURCE, "files_limit", limits.files_limit, change=False),
    ]
    # Where the limit is small against the slack, being close means little without the kernel's word.
    if not (share >= NEAR.value or said.events and (close or share >= AFTER.value)):
        yield Refuted(
            reason=f"{limits.open_files} files are open and {limits.files_limit} may be ({share:.0%})",
            evidence=tuple(proof),
        )
        return
    scope, count = _who(view)
    if said.events:
        proof.append(evidence(view, said.newest))
    if count:
        proof.append(
            view.evidence(
                process_files.SOURCE,
                "open_files",
                count,
                scope=scope,
                change=False,
                says="most of all processes",
            )
        )
    yield Confirmed(
        scope=scope,
        confidence=0.95 if said.events else 0.87,
        impact=0.97,
        mechanism=(
            f"{limits.open_files} files are open on the machine and fs.file-max allows {limits.files_limit}"
            + (f"; the kernel said so {ago(said.newest.age_s)}" if said.events else "")
            + ': alloc_empty_file() refuses everybody but root with ENFILE ("Too many open files in system").'
            + (f" {scope.name} has {count} of them." if count else "")
        ),
        evidence=tuple(proof),
        chain=(
            f"{scope.name or 'somebody'} keeps files open",
            "the machine's limit is reached",
            "open(), accept() and socket() of all other users fail",
        ),
    )


def _who(view: View) -> tuple[Scope, int]:
    files = view.window.each(process_files.SOURCE)
    names = view.window.each(processes.SOURCE)
    counted = {pid: each.open_files or each.table_size for pid, each in files.items()}
    counted = {pid: count for pid, count in counted.items() if count}
    if not counted:
        return Scope(), 0
    pid = max(counted, key=lambda each: counted[each] or 0)
    name = names[pid].comm if pid in names else ""
    return Scope("process", f"{name}[{pid}]"), counted[pid] or 0


HYPOTHESIS = Hypothesis(
    id="file-max",
    title="No open file left on the machine",
    group="tasks",
    claim="As many files are open on the machine as fs.file-max allows.",
    signals=(
        Signal("kernel_limits.open_files", "how many are open"),
        Signal("kernel_limits.files_limit", "how many may be"),
        Signal("kernel_events.latest", "the kernel prints that the limit is reached"),
        Signal("process_files.open_files", "who has most of them"),
    ),
    thresholds=(NEAR, AFTER),
    rivals=(
        Rival("process-fd-limit", "there one process is at its own limit, and open() fails with EMFILE"),
    ),
    explains=("process-crash",),
    mechanism=(
        'alloc_empty_file() in fs/file_table.c compares the number of open files with fs.file-max, prints "VFS: file-max '
        'limit reached" when it grows beyond what it was, and gives ENFILE; root (CAP_SYS_ADMIN) is let through.'
    ),
    actions=(
        Action(
            "now",
            "Raise the limit, then restart the process that has most of them.",
            "A leak goes on; each open file takes some 256 bytes of kernel memory, a socket some KB.",
            "sysctl fs.file-max=9223372036854775807",
        ),
        Action(
            "for good",
            "Leave fs.file-max at what the kernel or systemd chose, and limit services by LimitNOFILE= instead.",
            "None.",
        ),
    ),
    kinds=(_EVENT,),
    see=("fs/file_table.c", "Documentation/admin-guide/sysctl/fs.rst"),
    test=_test,
)
