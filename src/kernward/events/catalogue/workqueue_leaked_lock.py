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
    subsystem=None,
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
    absorbs=("workqueue-leaked-lock",),
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
        "[   52.362800] BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/353\n"
        "[   52.362810]      last function: addrconf_dad_work"
    ),
    near_miss="[   52.362800] workqueue leaked nothing",
)
