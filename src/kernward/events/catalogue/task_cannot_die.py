"""A task was killed and does not exit."""

from kernward.events import parties
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="task-cannot-die",
    title="INFO: task can't die in {function}",
    alt_titles=("hang in {function}",),
    title_without_function="INFO: task can't die in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="can't die for more than",
            regex=(
                r"INFO: task (?P<comm>.{1,64}):(?P<pid>\d+) can't die for more than "
                r"(?P<blocked_s>\d+) seconds"
            ),
            unprinted="printed by linux-next only",
        ),
    ),
    fields=(
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
        Field("blocked_s", "int", "for how long it has been dying"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    blame=Blame.HANG,
    read=parties.hung_task,
    printed_by=("kernel/hung_task.c",),
    meaning=(
        "The task has a fatal signal pending for longer than the limit but still runs or "
        "sleeps in the kernel: it waits uninterruptibly, or loops without looking at "
        "signals. Whoever waits for its exit (a container runtime, a service manager) waits "
        "too."
    ),
    next_steps=(
        (
            "The stack says where it is: a wait that should be killable, or a loop that should "
            "test fatal_signal_pending()."
        ),
    ),
    confused_with=("hung-task: sleeping uninterruptibly, killed or not.",),
    example=(
        "[ 5191.462426] INFO: task fsstress:12618 can't die for more than 143 seconds.\n"
        "[ 5191.462429] task:fsstress        state:D stack:27704 pid:12618 ppid:7371 flags:0x00004004\n"
        "[ 5191.462438] Call Trace:\n"
        "[ 5191.462447]  <TASK>\n"
        "[ 5191.462459]  __schedule+0xb32/0xca0\n"
        "[ 5191.462476]  schedule+0x12/0x170\n"
        "[ 5191.462496]  p9_client_rpc+0x451/0x550 [9pnet]\n"
        "[ 5191.462504]  p9_client_flush+0x54/0x3c0 [9pnet]\n"
        "[ 5191.462514]  p9_client_write+0x83/0x430 [9pnet]\n"
        "[ 5191.462518]  vfs_write+0x277/0x450\n"
        "[ 5191.462600]  </TASK>"
    ),
    near_miss="[ 1455.962139] systemd: task 21128 can't die for more than 90 seconds",
)
