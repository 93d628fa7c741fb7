"""The kernel was asked for an allocation of an absurd size."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The allocator and its wrappers pass on the size that their caller chose."""
    reading.machinery.append(
        (r"\w*(?:kmalloc|krealloc|kcalloc|kzalloc|kvmalloc|slab|kmem)\w*", "passes on its caller's size")
    )


KIND = Kind(
    id="warning-kmalloc",
    title="WARNING: kmalloc bug in {function}",
    title_without_function="WARNING: kmalloc bug in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="WARNING: CPU: ",
            regex=(
                r"WARNING: CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at (?P<at_file>(?:\./)?mm/"
                r"(?!vmalloc)[\w/-]+\.c):(?P<at_line>\d+) (?P<at_function>\w*k[a-z]{0,2}malloc\w*)"
            ),
            printed=("WARNING: CPU: %d PID: %d at ",),
        ),
        Pattern(
            literal=", CPU#",
            regex=(
                r"WARNING: (?P<at_file>(?:\./)?mm/(?!vmalloc)[\w/-]+\.c):(?P<at_line>\d+) at "
                r"(?P<at_function>\w*k[a-z]{0,2}malloc\w*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?, CPU#"
                r"(?P<cpu>\d+): (?P<comm>.{1,16})/(?P<pid>\d+)"
            ),
            since="6.16",
            unprinted="newer than 6.12",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("comm", "str", "name of the task that ran"),
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
        Field("at_function", "str", "the function that holds the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=(
        "mm/slab_common.c:kmalloc_slab",
        "mm/util.c:kvmalloc_node",
    ),
    meaning=(
        "kmalloc() or kvmalloc() was called with a size it can never serve. The size was "
        "computed from something unchecked: a system call argument, a device descriptor, an "
        "on-disk field. The allocation failed and the caller went on with its error path; "
        "the defect is the missing limit in the caller."
    ),
    next_steps=(
        (
            "Look at the guilty frame (the caller of the allocator): which size is passed and "
            "who may choose it."
        ),
        (
            "If an unprivileged user may choose it, it is a denial of service under memory "
            "pressure: add a limit or __GFP_NOWARN with a cap."
        ),
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
    ),
    confused_with=("warning-zero-size-vmalloc: the size was zero.",),
    example=(
        "[ 8019.517616] ------------[ cut here ]------------\n"
        "[ 8019.517621] WARNING: CPU: 2 PID: 22911 at mm/util.c:597 kvmalloc_node+0x111/0x120\n"
        "[ 8019.517634] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 8019.517645] CPU: 2 PID: 22911 Comm: xdp_loader Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 8019.517663] RIP: 0010:kvmalloc_node+0x111/0x120\n"
        "[ 8019.517780] Call Trace:\n"
        "[ 8019.517786]  <TASK>\n"
        "[ 8019.517803]  bpf_map_area_alloc+0x420/0xa70\n"
        "[ 8019.517823]  xsk_map_alloc+0x4a/0x680\n"
        "[ 8019.517833]  __sys_bpf+0x821/0xb00\n"
        "[ 8019.517839]  __x64_sys_bpf+0xa/0x2b0\n"
        "[ 8019.517849]  do_syscall_64+0x13b/0x310\n"
        "[ 8019.517869]  entry_SYSCALL_64_after_hwframe+0xa9/0x100\n"
        "[ 8019.517926]  </TASK>\n"
        "[ 8019.517930] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  301.000154] SLUB: kmalloc-64 created, 4405 objects",
)
