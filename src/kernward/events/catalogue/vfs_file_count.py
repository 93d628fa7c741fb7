"""An open file was closed although nobody held a reference to it any more."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="vfs-file-count",
    title="VFS: Close: file count is zero (use-after-free)",
    class_="crash",
    severity="error",
    subsystem="vfs",
    patterns=(
        Pattern(
            literal="VFS: Close: file count is 0",
            regex=r"VFS: Close: file count is 0(?: \(f_op=(?P<operations>[\w.$]+|0x0)(?: \[[\w-]+\])?\))?",
        ),
    ),
    fields=(
        Field("operations", "str", "the file's operations table, where printed: which driver or file system"),
    ),
    key=("operations",),
    # Kernels that stop at data corruption follow it with a BUG(), others with a WARNING.
    extent=Extent.REPORT,
    absorbs=("kernel-bug", "warning", "invalid-opcode", "oops"),
    printed_by=("fs/open.c:filp_close", "fs/open.c:filp_flush"),
    meaning=(
        "close() was called on a file whose reference count is already zero, so the structure was "
        "freed earlier and this is a use after free. Somebody dropped a reference that it did not "
        "own: a driver that calls fput() twice, or code that passes files between processes. The "
        "memory may belong to another file by now."
    ),
    next_steps=(
        "`f_op=` (newer kernels) names the driver or file system: look at its fput() calls and error paths.",
        "Reproduce on a KASAN kernel: it shows who freed the file first.",
        "Treat later reports of this boot about files or slab memory as consequences.",
    ),
    confused_with=("kasan: reports the first access after the free, with both stacks.",),
    example=(
        "[ 5897.499180] VFS: Close: file count is 0 (f_op=acme_fops [acme])\n"
        "[ 5897.499200] ------------[ cut here ]------------\n"
        "[ 5897.499208] kernel BUG at fs/open.c:1500!\n"
        "[ 5897.499225] Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 5897.499245] CPU: 0 UID: 0 PID: 23422 Comm: acmed Not tainted 6.12.57+deb13-amd64 #1 "
        "PREEMPT(lazy)  Debian 6.12.57-1\n"
        "[ 5897.499267] RIP: 0010:filp_flush+0x26a/0x300\n"
        "[ 5897.499397] Call Trace:\n"
        "[ 5897.499407]  <TASK>\n"
        "[ 5897.499418]  filp_close+0x304/0x4a0\n"
        "[ 5897.499428]  __do_sys_close_range+0xd9/0x570\n"
        "[ 5897.499435]  __x64_sys_close_range+0xb2d/0xc50\n"
        "[ 5897.499454]  do_syscall_64+0x213/0x4f0\n"
        "[ 5897.499465]  entry_SYSCALL_64_after_hwframe+0x23a/0x6d0\n"
        "[ 5897.499520]  </TASK>\n"
        "[ 5897.499537] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 5897.499546] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  611.220117] VFS: file-max limit 808123 reached",
)
