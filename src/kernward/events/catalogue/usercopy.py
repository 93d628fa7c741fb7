"""A copy between kernel and user memory would have crossed the object's bounds and was refused."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Kernels that only warn have a title of their own."""
    reading.machinery.append((r"\w*usercopy\w*|__check\w*", "checks the copy for its caller"))
    if any(re.match(r"WARNING: .{0,40}mm/usercopy\.c:", text) for text in reading.texts[:3]):
        reading.title = "WARNING: bad usercopy in {function}"
        reading.title_without_function = "WARNING: bad usercopy in corrupted"


KIND = Kind(
    id="usercopy",
    title="BUG: bad usercopy in {function}",
    title_without_function="BUG: bad usercopy in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="ernel memory ",
            regex=(
                r"(?:usercopy: )?[Kk]ernel memory (?P<direction>exposure|overwrite) attempt detected"
                r" (?:from|to) (?P<object>[^\n(]{1,80}?) ?(?:\(offset (?P<offset>\d+), size "
                r"(?P<size_bytes>\d+)\)|\((?:\d+ bytes)\))?!?$"
            ),
            printed=("usercopy: Kernel memory %s attempt detected %s %s%s%s%s (offset %lu, size %lu)!",),
        ),
        Pattern(
            literal="mm/usercopy.c:",
            regex=r"kernel BUG at [\w./-]*mm/usercopy\.c:(?P<at_line>\d+)!",
            printed=("mm/usercopy.c",),
        ),
        Pattern(
            literal="mm/usercopy.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*mm/usercopy\.c:"
                r"(?P<at_line>\d+)"
            ),
            printed=("mm/usercopy.c",),
        ),
    ),
    fields=(
        Field("direction", "str", "exposure (kernel to user) or overwrite (user to kernel)"),
        Field("object", "str", "the memory concerned"),
        Field("offset", "int", "bytes from the object's start"),
        Field("size_bytes", "int", "length of the copy"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("invalid-opcode", "oops", "usercopy", "internal-error"),
    read=read,
    printed_by=("mm/usercopy.c:usercopy_abort",),
    meaning=(
        "Hardened usercopy checks that copy_to_user() and copy_from_user() stay within one "
        "kernel object. The copy would have leaked kernel memory (exposure) or overwritten "
        "it (overwrite), so the task was killed. Either the length is wrong, a security bug, "
        "or the slab cache does not declare the copied part as its usercopy region."
    ),
    next_steps=(
        "Find the copy in the guilty frame: where does the length come from?",
        "The object's cache name and offset tell which structure: `pahole`.",
        "Treat it as a possible security issue; note uid and program.",
    ),
    confused_with=(
        ("fortify: the compile-time size of a buffer was exceeded in a string or memory function."),
    ),
    example=(
        "[ 5755.886302] usercopy: Kernel memory exposure attempt detected from SLUB object "
        "'kmalloc-64' (offset 0, size 128)!\n"
        "[ 5755.886317] ------------[ cut here ]------------\n"
        "[ 5755.886337] kernel BUG at mm/usercopy.c:102!\n"
        "[ 5755.886356] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 5755.886368] CPU: 3 PID: 11959 Comm: ipmitool Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 5755.886393] RIP: 0010:usercopy_abort+0x74/0x76\n"
        "[ 5755.886518] Call Trace:\n"
        "[ 5755.886531]  <TASK>\n"
        "[ 5755.886546]  __check_heap_object+0xb/0x1a0\n"
        "[ 5755.886559]  __check_object_size+0xf9/0x380\n"
        "[ 5755.886569]  ipmi_ioctl+0x6bb/0x7b0 [ipmi_devintf]\n"
        "[ 5755.886585]  ipmi_unlocked_ioctl+0x58/0xe0 [ipmi_devintf]\n"
        "[ 5755.886595]  __x64_sys_ioctl+0x192/0x2a0\n"
        "[ 5755.886607]  do_syscall_64+0x309/0x430\n"
        "[ 5755.886651]  </TASK>\n"
        "[ 5755.886666] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 5755.886680] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   40.635701] app: Kernel memory usage report",
)
