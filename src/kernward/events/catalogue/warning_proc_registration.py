"""A file in /proc was registered twice."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The file is registered on behalf of a caller; that one is to blame."""
    reading.machinery.append(
        (
            r"\w*proc_\w*",
            "registers a file for its caller",
        )
    )


KIND = Kind(
    id="warning-proc-registration",
    title="WARNING: proc registration bug in {function}",
    title_without_function="WARNING: proc registration bug in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="fs/proc/generic.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at"
                r" )?[\w./-]*fs/proc/generic\.c:(?P<at_line>\d+)(?: at)? proc_register"
            ),
            printed=("fs/proc/generic.c",),
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("fs/proc/generic.c:proc_register",),
    meaning=(
        "A driver or subsystem tried to create a /proc entry of a name that exists. Usually "
        "two devices or two instances share a name, or a module was unloaded without "
        "removing its entry. The second one has no /proc file."
    ),
    next_steps=(
        "The line before names the entry (`proc_dir_entry 'dir/name' already registered`).",
        "Find who registers it without checking the name for uniqueness.",
    ),
    confused_with=("warning: any other WARN.",),
    example=(
        "[   18.220044] proc_dir_entry 'r8169/eth0' already registered\n"
        "[   18.220050] WARNING: CPU: 0 PID: 3012 at fs/proc/generic.c:381 proc_register+0x11a/0x190"
    ),
    near_miss="[   18.220050] fs/proc/generic.c: proc_register called",
)
