"""A task slept uninterruptibly for longer than the hung-task limit."""

import re

from kernward.events import parties
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_HOLDER = re.compile(
    r"INFO: task .{1,64}:\d+ (?:is )?blocked on an? .{3,30} likely (?:last )?(?:owned|held) by "
    r"(?:task )?(?P<comm>.{1,64}):(?P<pid>\d+)"
)


def read(reading: Reading) -> None:
    """Newer kernels name the holder of the lock where they can tell."""
    for text in reading.texts[1:60]:
        if found := _HOLDER.match(text):
            reading.fields["holder_comm"] = found["comm"]
            reading.fields["holder_pid"] = int(found["pid"])
            break
    parties.hung_task(reading)


KIND = Kind(
    id="hung-task",
    title="INFO: task hung in {function}",
    alt_titles=("hang in {function}",),
    title_without_function="INFO: task hung in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="blocked for more than ",
            regex=(
                r"INFO: task (?P<comm>.{1,64}):(?P<pid>\d+) blocked for more than (?P<blocked_s>\d+)"
                r" seconds"
            ),
            printed=(" blocked for more than %ld seconds.",),
        ),
        Pattern(
            literal="blocked in I/O wait for more than ",
            regex=(
                r"INFO: task (?P<comm>.{1,64}):(?P<pid>\d+) blocked in I/O wait for more than "
                r"(?P<blocked_s>\d+) seconds"
            ),
            unprinted="newer than 6.12",
        ),
        # The rest of a line that a process name with a line break cut in two.
        Pattern(
            literal="blocked for more than ",
            regex=r".{0,64}:(?P<pid>\d+) blocked for more than (?P<blocked_s>\d+) seconds\.$",
            printed=(" blocked for more than %ld seconds.",),
        ),
    ),
    fields=(
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
        Field("blocked_s", "int", "for how long it has been blocked at least"),
        Field("holder_comm", "str", "the task that holds the lock, where printed"),
        Field("holder_pid", "int", "its pid"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    blame=Blame.HANG,
    read=read,
    printed_by=("kernel/hung_task.c:check_hung_task",),
    meaning=(
        "khungtaskd found a task in state D for more than kernel.hung_task_timeout_secs "
        "(120). It waits for a lock, for I/O or for another task, and what it waits for does "
        "not come. The stack says what was waited for; the holder of the lock, or the "
        "device, is the culprit and often not in this report. Several hung tasks at once "
        "usually share one cause: the earliest, or the one that waits for I/O."
    ),
    next_steps=(
        (
            "`echo w > /proc/sysrq-trigger` lists all blocked tasks; find the one that holds "
            "what the others want."
        ),
        (
            "Waiting for I/O: look for device errors and timeouts in the log, `iostat -x 1`, "
            "`cat /sys/kernel/debug/block/*/hctx*/busy`."
        ),
        (
            "Waiting for a lock: the `likely owned by task` line (newer kernels) or lockdep's list names "
            "the holder; otherwise drgn or a kdump."
        ),
        "NFS or a fuse server as the last frame: the server is the culprit.",
    ),
    confused_with=(
        "soft-lockup: the CPU is busy; here the task sleeps.",
        "workqueue-lockup: work items wait, not a task.",
        "task-cannot-die: a killed task that does not exit.",
    ),
    example=(
        "[ 4729.036141] INFO: task fio:25816 blocked for more than 120 seconds.\n"
        "[ 4729.036161]       Not tainted 6.1.0-28-amd64 #1 Debian 6.1.119-1\n"
        '[ 4729.036181] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.\n'
        "[ 4729.036193] task:fio             state:D stack:0     pid:25816 ppid:1 flags:0x00000002\n"
        "[ 4729.036203] Call Trace:\n"
        "[ 4729.036222]  <TASK>\n"
        "[ 4729.036226]  __schedule+0xc6/0x390\n"
        "[ 4729.036238]  schedule+0x305/0x650\n"
        "[ 4729.036256]  schedule_preempt_disabled+0x84/0x240\n"
        "[ 4729.036262]  rwsem_down_write_slowpath+0x1b6/0x4c0\n"
        "[ 4729.036282]  down_write+0x8b9/0xbf0\n"
        "[ 4729.036301]  ext4_file_write_iter+0xed/0x6b0 [ext4]\n"
        "[ 4729.036393]  </TASK>"
    ),
    near_miss="[ 2435.283131] nfs: request blocked for more than 120 seconds",
)
