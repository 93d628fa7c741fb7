"""The kernel found no program to start as the first process."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-no-init",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[    2.118004] Kernel panic - not syncing: No working init found.  Try passing "
        "init= option to kernel. See Linux Documentation/admin-guide/init.rst for guidance."
    ),
    near_miss="[    2.118004] Run /sbin/init as init process",
)
