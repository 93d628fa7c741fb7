"""The OOM reaper could not get at the victim's memory."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="oom-reaper-stuck",
    title="OOM reaper unable to reap the victim",
    class_="resource",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="oom_reaper: unable to reap pid:",
            regex=r"oom_reaper: unable to reap pid:(?P<pid>\d+) \((?P<comm>.{0,64})\)",
        ),
    ),
    fields=(
        Field("pid", "int", "the killed process"),
        Field("comm", "str", "its name"),
    ),
    printed_by=("mm/oom_kill.c:oom_reap_task",),
    meaning=(
        "A process was chosen and killed, but its mmap lock stayed taken for about a second of attempts, so "
        "its memory was not freed. Some thread holds the lock and does not proceed, commonly one that waits "
        "for memory or for I/O itself. The kernel will now kill further processes, or hang. The lines that "
        "follow show all held locks on a kernel with lockdep."
    ),
    next_steps=(
        (
            "Look for the holder: hung-task reports, or `echo w > /proc/sysrq-trigger`, tasks of this pid "
            "in D state."
        ),
        "Look at the storage below: a stalled swap or file system keeps the lock held.",
    ),
    confused_with=(
        "oom-reaped: the ordinary outcome",
        "hung-task: the likely neighbour: the thread that holds the lock",
    ),
    example="[ 7332.411090] oom_reaper: unable to reap pid:4100 (java)",
    near_miss="""\
[ 7331.311090] oom_reaper: reaped process 4100 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:12kB""",
)
