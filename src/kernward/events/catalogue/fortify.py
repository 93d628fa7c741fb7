"""A string or memory function would have written or read beyond its buffer and was stopped."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Newer kernels warn first and give the sizes; the warning is what the bug is known by."""
    if reading.fields.get("buffer_bytes") is not None:
        reading.title = "WARNING in {function}"
        reading.title_without_function = "WARNING in corrupted"
        reading.alt_titles = ("kernel BUG in {function}",)


KIND = Kind(
    id="fortify",
    title="kernel BUG in {function}",
    alt_titles=("WARNING in {function}",),
    title_without_function="kernel BUG in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="detected buffer overflow in ",
            regex=r"detected buffer overflow in (?P<operation>\w+)$",
            printed=("detected buffer overflow",),
        ),
        Pattern(
            literal=": detected buffer overflow: ",
            regex=(
                r"(?P<operation>\w+): detected buffer overflow: (?P<size_bytes>\d+) byte "
                r"(?P<access>read|write) of buffer size (?P<buffer_bytes>\d+)$"
            ),
            printed=("detected buffer overflow",),
        ),
    ),
    fields=(
        Field("operation", "str", "the function that was stopped"),
        Field("size_bytes", "int", "bytes that were to be copied"),
        Field("access", "str", "read or write"),
        Field("buffer_bytes", "int", "size of the buffer"),
    ),
    key=("operation",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kernel-bug",
        "warning",
        "invalid-opcode",
        "oops",
    ),
    read=read,
    printed_by=(
        "lib/string_helpers.c:fortify_panic",
        "lib/string_helpers.c:__fortify_report",
    ),
    meaning=(
        "CONFIG_FORTIFY_SOURCE knows the size of many buffers at compile time and checks "
        "memcpy(), strcpy() and their relatives at run time. This call would have gone "
        "beyond the buffer, so the kernel stopped the task with a BUG(). The length is "
        "wrong, or the declared size of the destination (an old one-element array at the end "
        "of a structure) is."
    ),
    next_steps=(
        "Look at the caller of fortify_panic in the trace: that copy is the bug.",
        (
            "A trailing array declared with size 0 or 1 gives false alarms: it should be a "
            "flexible array member."
        ),
        "Treat a length from user space or a device as a security issue.",
    ),
    confused_with=("usercopy: the check was made on a copy from or to user space.",),
    example=(
        "[ 8949.297806] detected buffer overflow in strlcpy\n"
        "[ 8949.297817] ------------[ cut here ]------------\n"
        "[ 8949.297831] kernel BUG at lib/string_helpers.c:1027!\n"
        "[ 8949.297845] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 8949.297857] CPU: 6 PID: 11256 Comm: modprobe Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 8949.297883] RIP: 0010:fortify_panic+0xf/0x11\n"
        "[ 8949.298011] Call Trace:\n"
        "[ 8949.298030]  <TASK>\n"
        "[ 8949.298047]  mlx4_init_hw_stats+0x6e8/0x7d0 [mlx4_ib]\n"
        "[ 8949.298067]  mlx4_ib_add+0x259/0x290 [mlx4_ib]\n"
        "[ 8949.298071]  mlx4_register_interface+0xbe/0xe0 [mlx4_core]\n"
        "[ 8949.298086]  do_one_initcall+0x1d8/0xc30\n"
        "[ 8949.298090]  do_init_module+0x514/0x6e0\n"
        "[ 8949.298098]  __do_sys_finit_module+0x2fb/0xb50\n"
        "[ 8949.298182]  </TASK>\n"
        "[ 8949.298198] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 8949.298214] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   91.220117] postfix: detected buffer overflow in strnlen was reported earlier",
)
