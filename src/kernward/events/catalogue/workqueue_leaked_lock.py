"""A work function returned with a lock held or preemption disabled."""

import re

from kernward.events import blame
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_LAST = re.compile(r".{0,80}(?:last function: |workfn=)(?P<function>[\w.$]+)")


def read(reading: Reading) -> None:
    """The work function stands at the end of the second line."""
    for text in reading.texts[:4]:
        if found := _LAST.match(text):
            reading.function = blame.plain(found["function"])
            reading.function_reason = "the work function that the message names"
            return


KIND = Kind(
    id="workqueue-leaked-lock",
    title="BUG: workqueue leaked lock or atomic in {function}",
    title_without_function="BUG: workqueue leaked lock or atomic in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: workqueue leaked lock or atomic: ",
            regex=(
                r"BUG: workqueue leaked lock or atomic: (?P<comm>.{1,32})/0x(?P<preempt_count>[0-9a-f]+)/"
                r"(?P<pid>\d+)"
            ),
            printed=("BUG: workqueue leaked ",),
        ),
        Pattern(
            literal="BUG: workqueue leaked atomic, lock or RCU: ",
            regex=r"BUG: workqueue leaked atomic, lock or RCU: (?P<comm>.{1,32})\[(?P<pid>\d+)\]",
            printed=("BUG: workqueue leaked ",),
        ),
    ),
    fields=(
        Field("comm", "str", "the worker"),
        Field("preempt_count", "hex", "the preemption count left"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("kernel/workqueue.c:process_one_work",),
    meaning=(
        "After a work item the worker checks that no lock is held and that preemption is "
        "enabled again. This one left something behind. The worker repairs the count and "
        "goes on, but the lock stays held and whoever needs it hangs."
    ),
    next_steps=(
        "`last function:` names the work function: check all its returns.",
        "The lock list (with lockdep) names the lock.",
    ),
    confused_with=("scheduling-while-atomic: the same seen later, when the worker sleeps.",),
    example=(
        "[ 2626.352273] BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000001/353\n"
        "[ 2626.352278]      last function: addrconf_dad_work\n"
        "[ 2626.352294] CPU: 5 PID: 7561 Comm: kworker/0:1 Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 2626.352318] Call Trace:\n"
        "[ 2626.352331]  <TASK>\n"
        "[ 2626.352342]  dump_stack_lvl+0x591/0xc70\n"
        "[ 2626.352356]  process_one_work+0xb36/0xd70\n"
        "[ 2626.352360]  worker_thread+0x10/0x60\n"
        "[ 2626.352371]  kthread+0x174/0x9d0\n"
        "[ 2626.352378]  ret_from_fork+0x202/0x270\n"
        "[ 2626.352389]  </TASK>"
    ),
    near_miss="[   52.362800] workqueue leaked nothing",
)
