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
        "[ 5927.044713] ------------[ cut here ]------------\n"
        "[ 5927.044731] WARNING: CPU: 0 PID: 19434 at fs/proc/generic.c:381 proc_register+0x11a/0x190\n"
        "[ 5927.044750] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 5927.044761] CPU: 0 PID: 19434 Comm: ip Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 5927.044783] RIP: 0010:proc_register+0x11a/0x190\n"
        "[ 5927.044923] Call Trace:\n"
        "[ 5927.044935]  <TASK>\n"
        "[ 5927.044941]  proc_create_seq_private+0x378/0x6c0\n"
        "[ 5927.044952]  bond_create_proc_entry+0xa1c/0xc90 [bonding]\n"
        "[ 5927.044968]  bond_netdev_event+0x78b/0x7c0 [bonding]\n"
        "[ 5927.044976]  raw_notifier_call_chain+0x267/0x550\n"
        "[ 5927.044984]  register_netdevice+0x2f0/0x640\n"
        "[ 5927.044994]  bond_newlink+0x7f/0x80 [bonding]\n"
        "[ 5927.045082]  </TASK>\n"
        "[ 5927.045093] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   18.220050] fs/proc/generic.c: proc_register called",
)
