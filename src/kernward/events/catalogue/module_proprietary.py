"""A module whose licence is not compatible with the kernel's was loaded."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="module-proprietary",
    title="proprietary module loaded",
    class_="state",
    severity="info",
    subsystem="module",
    patterns=(
        Pattern(
            literal="' taints kernel.",
            regex=r"(?P<module>[\w-]{1,60}): module license '(?P<license>[^']{0,100})' taints kernel\.",
            printed=("%s: module license '%s' taints kernel.",),
        ),
        Pattern(
            literal=": module license taints kernel.",
            regex=r"(?P<module>[\w-]{1,60}): module license taints kernel\.",
        ),
    ),
    fields=(
        Field("module", "str", "the module"),
        Field("license", "str", "the licence that it declares"),
    ),
    key=("module",),
    printed_by=("kernel/module/main.c:set_license",),
    meaning=(
        "The module declares a licence that is not among those the kernel takes for GPL-compatible. The "
        "kernel is tainted `P`, and upstream developers will not look at its crashes, since the code cannot "
        "be read. Lock debugging is switched off with it."
    ),
    next_steps=(
        "`grep -l . /sys/module/*/taint`; reproduce without the module before reporting upstream.",
        "Keep its version with the host's inventory: `modinfo MODULE`.",
    ),
    confused_with=("module-out-of-tree: built outside the tree, whatever its licence",),
    example="""\
[    9.310001] nvidia: module license 'NVIDIA' taints kernel.
[    9.310004] Disabling lock debugging due to kernel taint""",
    near_miss="[    9.310004] Disabling lock debugging due to kernel taint",
)
