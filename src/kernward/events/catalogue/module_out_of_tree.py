"""A module that is not part of the kernel's source was loaded."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="module-out-of-tree",
    title="out-of-tree module loaded",
    class_="state",
    severity="info",
    subsystem="module",
    patterns=(
        Pattern(
            literal=": loading out-of-tree module taints kernel.",
            regex=r"(?P<module>[\w-]{1,60}): loading out-of-tree module taints kernel\.",
        ),
    ),
    fields=(Field("module", "str", "the module"),),
    key=("module",),
    printed_by=("kernel/module/main.c:module_augment_kernel_taints",),
    meaning=(
        "A module built outside the kernel's tree (DKMS, a vendor's driver, a security agent) was loaded, "
        "and the kernel is tainted `O` from here on. Its code can touch anything, so crashes after it are "
        "seen in that light. The line is printed only for the first such module of a boot."
    ),
    next_steps=(
        "`cat /proc/sys/kernel/tainted`, and `grep -l . /sys/module/*/taint` names all tainting modules.",
        "Compare a crash with and without it before it is reported upstream.",
    ),
    confused_with=(
        "module-proprietary: a licence, not an origin",
        "module-unsigned: a missing signature",
    ),
    example="[    7.110001] vboxdrv: loading out-of-tree module taints kernel.",
    near_miss="[    7.110001] vboxdrv: Found 8 processor cores",
)
