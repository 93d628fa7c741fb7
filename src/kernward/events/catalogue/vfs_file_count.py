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
    example="[  611.220117] VFS: Close: file count is 0 (f_op=acme_fops [acme])",
    near_miss="[  611.220117] VFS: file-max limit 808123 reached",
)
