"""A table of the kernel with a limit of its own is full."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_tables
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
    "part of the table that is used",
    0.98,
    "",
    "these tables grow by what a program asks for at once, some hundred requests for a database's thread; what is "
    "this full refuses the next",
)


def _test(view: View) -> Iterator[Verdict]:
    tables = view.window.each(kernel_tables.SOURCE)
    if not tables:
        yield Unknown(reason=f"no table could be read: {view.window.why_absent(kernel_tables.SOURCE)}")
        return
    found = False
    for name, table in tables.items():
        if table.used < FULL.value * table.limit:
            continue
        found = True
        yield Confirmed(
            scope=Scope(),
            confidence=0.9,
            impact=0.8,
            mechanism=(
                f"There are {table.used} {name} and {table.setting} allows {table.limit}: {table.error} for everybody. "
                "The kernel prints nothing."
            ),
            evidence=(
                view.evidence(
                    kernel_tables.SOURCE, "used", table.used, change=False, says=f"{name}, of {table.limit}"
                ),
            ),
            chain=(f"{name} are taken and not given back", "the table is full", table.error),
        )
    if not found:
        name, table = max(tables.items(), key=lambda each: each[1].used / each[1].limit)
        yield Refuted(
            reason=f"no table is full; most used are {name}, {table.used} of {table.limit}",
            evidence=(view.evidence(kernel_tables.SOURCE, "used", table.used, change=False, says=name),),
        )


HYPOTHESIS = Hypothesis(
    id="kernel-table-full",
    title="A table of the kernel that is full",
    group="tasks",
    claim="Asynchronous I/O, pseudo-terminals or System V IPC have reached the limit that the kernel sets for each.",
    signals=(
        Signal("kernel_tables.used", "how many there are of each"),
        Signal("kernel_tables.limit", "how many there may be"),
    ),
    thresholds=(FULL,),
    rivals=(
        Rival("file-max", "there no file of any kind can be opened"),
        Rival("process-fd-limit", "there one process has too many files"),
    ),
    mechanism=(
        "ioctx_alloc() in fs/aio.c counts the requests that all contexts are made for against fs.aio-max-nr; "
        "devpts_new_index() in fs/devpts/inode.c the terminals against kernel.pty.max; ipc_addid() in ipc/util.c the "
        "segments, sets and queues of an IPC namespace against kernel.shmmni, kernel.sem and kernel.msgmni. System V "
        "IPC outlives the process that made it."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit, then find who has them.",
            "A leak goes on to the next limit.",
            "sysctl fs.aio-max-nr=1048576; ipcs -p; ls /dev/pts",
        ),
        Action(
            "for good",
            "Set the limit from what the services of the machine are configured for, and remove segments that crashed "
            "programs left behind (ipcrm).",
            "Removing a segment that is still used breaks its users.",
        ),
    ),
    see=("fs/aio.c", "Documentation/admin-guide/sysctl/fs.rst", "sysvipc(7)"),
    test=_test,
)
