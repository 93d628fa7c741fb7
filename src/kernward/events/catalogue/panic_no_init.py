"""The kernel found no program to start as the first process."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-no-init",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="No working init found",
            regex=r"Kernel panic - not syncing: (?P<reason>No working init found)\b",
        ),
        Pattern(
            literal="Requested init ",
            regex=(
                r"Kernel panic - not syncing: (?P<reason>Requested init) (?P<path>\S{1,200}) failed"
                r" \(error (?P<error>-?\d+)\)\.?"
            ),
        ),
    ),
    fields=(
        Field("reason", "str", "in the kernel's words"),
        Field("path", "str", "the program asked for"),
        Field("error", "int", "the error, a negated errno"),
    ),
    key=("reason",),
    extent=Extent.REPORT,
    printed_by=("init/main.c:kernel_init",),
    meaning=(
        "After mounting the root file system the kernel tried init= and the usual places and "
        "could start none of them. The root file system is the wrong one, empty, damaged, or "
        "of another architecture; or the initramfs lacks its /init."
    ),
    next_steps=(
        "error -2 no such file, -8 wrong format or architecture, -13 not executable.",
        ("Check root= and init= on the command line and the contents of the initramfs (`lsinitramfs`)."),
    ),
    confused_with=("panic-vfs-mount-root: the root file system was not even mounted.",),
    example=(
        "[   60.599224] Kernel panic - not syncing: No working init found.  Try passing init= option "
        "to kernel. See Linux Documentation/admin-guide/init.rst for guidance.\n"
        "[   60.599235] CPU: 4 PID: 1 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[   60.599256] Call Trace:\n"
        "[   60.599272]  <TASK>\n"
        "[   60.599279]  dump_stack_lvl+0xc3/0x400\n"
        "[   60.599289]  panic+0x87/0xa80\n"
        "[   60.599306]  kernel_init+0x7a4/0xb00\n"
        "[   60.599317]  process_one_work+0xd1d/0xd30\n"
        "[   60.599327]  worker_thread+0x19f/0x6f0\n"
        "[   60.599337]  kthread+0xa27/0xa90\n"
        "[   60.599364]  </TASK>\n"
        "[   60.599388] ---[ end Kernel panic - not syncing: No working init found.  Try passing "
        "init= option to kernel. See Linux Documentation/admin-guide/init.rst for guidance. ]---"
    ),
    near_miss="[    2.118004] Run /sbin/init as init process",
)
