"""The machine's limit of open files was reached."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="file-max-reached",
    title="VFS: file-max limit reached",
    class_="resource",
    severity="error",
    subsystem="vfs",
    patterns=(
        Pattern(
            literal="VFS: file-max limit ",
            regex=r"VFS: file-max limit (?P<limit>\d+) reached",
        ),
    ),
    fields=(Field("limit", "int", "fs.file-max"),),
    printed_by=("fs/file_table.c:alloc_empty_file",),
    meaning=(
        "All processes together hold as many open files, sockets and pipes as fs.file-max allows; open, "
        "accept and pipe of unprivileged processes fail with ENFILE. Logins and health checks fail with it. "
        "Some program leaks descriptors, or the limit was set too low."
    ),
    next_steps=(
        "`cat /proc/sys/fs/file-nr` (used, unused, limit).",
        "Find the holder: `for p in /proc/[0-9]*; do echo $(ls $p/fd | wc -l) $p; done | sort -n | tail`.",
        "Files in flight over Unix sockets and io_uring count and are in no process's fd table.",
    ),
    confused_with=("pids-limit-reached: processes, not files",),
    example="[88100.400001] VFS: file-max limit 65536 reached",
    near_miss="[    0.400001] VFS: Disk quotas dquot_6.6.0",
)
