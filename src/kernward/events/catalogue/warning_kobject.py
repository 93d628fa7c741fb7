"""A kobject was registered twice, without a name, or used after it was removed."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Operations on the object model act for the owner of the object."""
    reading.machinery.append((r"\w*kobject_\w*", "is the object model itself"))


KIND = Kind(
    id="warning-kobject",
    title="WARNING: kobject bug in {function}",
    title_without_function="WARNING: kobject bug in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="lib/kobject.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*lib/kobject\.c:"
                r"(?P<at_line>\d+)"
            ),
            printed=("lib/kobject.c",),
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
    printed_by=("lib/kobject.c",),
    meaning=(
        "The object model that backs sysfs refused an operation: a kobject was initialised "
        "twice, added without a name, or reference counted after its release. The driver or "
        "file system that owns the object has its set-up or tear-down in the wrong order."
    ),
    next_steps=(
        "Read the kobject line before the header: it names the object.",
        "Find the owner in the guilty frame; check its error and remove paths.",
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
    ),
    confused_with=("warning: any other WARN.",),
    example=(
        "[ 2399.298850] WARNING: CPU: 6 PID: 2577 at lib/kobject.c:640 kobject_get+0x80/0xa0\n"
        "[ 2399.298861] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 2399.298870] CPU: 6 PID: 2577 Comm: losetup Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 2399.298894] RIP: 0010:kobject_get+0x80/0xa0\n"
        "[ 2399.299038] Call Trace:\n"
        "[ 2399.299054]  <TASK>\n"
        "[ 2399.299063]  blkdev_get_no_open+0x3c3/0xc90\n"
        "[ 2399.299077]  blkdev_open+0x1d/0x40\n"
        "[ 2399.299084]  do_dentry_open+0x2bc/0x8c0\n"
        "[ 2399.299097]  path_openat+0x2da/0x4d0\n"
        "[ 2399.299107]  do_sys_openat2+0x16f/0xcb0\n"
        "[ 2399.299117]  do_syscall_64+0x4b3/0xd50\n"
        "[ 2399.299172]  </TASK>\n"
        "[ 2399.299192] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   33.910012] kobject: 'loop0': kobject_uevent_env",
)
