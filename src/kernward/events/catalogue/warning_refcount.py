"""A reference count went wrong: below zero, saturated, or taken from zero."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """An object's own get and put count for their caller."""
    reading.machinery.append((r"\w*(?:refcount|kobject_)\w*", "counts for its caller"))


KIND = Kind(
    id="warning-refcount",
    title="WARNING: refcount bug in {function}",
    title_without_function="WARNING: refcount bug in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="lib/refcount.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*lib/refcount\.c:"
                r"(?P<at_line>\d+)"
            ),
            printed=("lib/refcount.c",),
        ),
        Pattern(
            literal="refcount_t: ",
            regex=r"refcount_t: (?P<bug>[^\n.]{4,60})\.",
        ),
    ),
    fields=(
        Field("bug", "str", "what the counter did"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("warning-refcount",),
    read=read,
    printed_by=("lib/refcount.c:refcount_warn_saturate",),
    meaning=(
        "A refcount_t was used in a way that means an object's life time is wrong: "
        "`underflow; use-after-free` is one put too many, `addition on 0; use-after-free` a "
        "get on an object already freed, `saturated; leaking memory` far too many gets. The "
        "counter is frozen so that it cannot be exploited, and the object leaks or has "
        "already been used after it was freed. Memory corruption may follow."
    ),
    next_steps=(
        ("Find the object: the guilty frame is the caller of the get or put; list all its gets and puts."),
        (
            "Look for an error path that puts twice, or a lookup that takes a reference without "
            "holding the lock."
        ),
        "Repeat on a KASAN kernel: it shows the free that came too early.",
        "Treat later oopses of this boot as consequences.",
    ),
    confused_with=(
        "kasan: reports the use-after-free itself.",
        "warning: any other WARN.",
    ),
    example=(
        "[ 7088.565021] ------------[ cut here ]------------\n"
        "[ 7088.565026] refcount_t: underflow; use-after-free.\n"
        "[ 7088.565038] WARNING: CPU: 2 PID: 22375 at lib/refcount.c:28 "
        "refcount_warn_saturate+0xba/0x110\n"
        "[ 7088.565054] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 7088.565071] CPU: 2 PID: 22375 Comm: kubelet Tainted: G        W          6.1.0-28-amd64 "
        "#1  Debian 6.1.119-1\n"
        "[ 7088.565081] RIP: 0010:refcount_warn_saturate+0xba/0x110\n"
        "[ 7088.565192] Call Trace:\n"
        "[ 7088.565197]  <TASK>\n"
        "[ 7088.565210]  cgroup_bpf_release_fn+0x12/0x40\n"
        "[ 7088.565214]  cgroup_put+0x72/0x6e0 [acme]\n"
        "[ 7088.565230]  ipvlan_link_delete+0xca2/0xcf0 [ipvlan]\n"
        "[ 7088.565235]  rtnl_delete_link+0x2c/0x140\n"
        "[ 7088.565248]  rtnl_dellink+0x88d/0xc90\n"
        "[ 7088.565259]  rtnetlink_rcv_msg+0x1ff/0xb20\n"
        "[ 7088.565369]  </TASK>\n"
        "[ 7088.565388] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  402.118734] driver: module refcount is 3, refcount_t not used",
)
