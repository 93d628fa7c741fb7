"""The OOM reaper freed a killed process's memory before the process was gone."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="oom-reaped",
    title="OOM reaper freed the victim's memory",
    class_="resource",
    severity="info",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="oom_reaper: reaped process ",
            regex=(
                r"oom_reaper: reaped process (?P<pid>\d+) \((?P<comm>.{0,64})\),? now anon-rss:"
                r"(?P<anon_rss_kb>\d+)kB, file-rss:(?P<file_rss_kb>\d+)kB, shmem-rss:(?P<shmem_rss_kb>\d+)kB"
            ),
        ),
    ),
    fields=(
        Field("pid", "int", "the killed process"),
        Field("comm", "str", "its name"),
        Field("anon_rss_kb", "int", "resident anonymous memory that is left"),
        Field("file_rss_kb", "int", "resident file pages that are left"),
        Field("shmem_rss_kb", "int", "resident shared memory that is left"),
    ),
    printed_by=("mm/oom_kill.c:oom_reap_task_mm",),
    meaning=(
        "After an OOM kill a kernel thread unmaps what it can of the victim at once, so that memory comes "
        "back even if the victim itself hangs. What is left (shmem above all) is freed only when the last "
        "user is gone. The line belongs to an OOM kill; alone it says that the kill's own report did not "
        "reach this log."
    ),
    next_steps=(
        "Find the kill it belongs to, by its pid, earlier in the log or in another sink.",
        (
            "If shmem_rss_kb stays large, look for shared memory that outlives its processes: `df -h "
            "/dev/shm`, `ipcs -m`."
        ),
    ),
    confused_with=(
        "oom-reaper-stuck: the reaper could not do its work",
        "oom-kill-global: the kill itself",
    ),
    example="""\
[ 7331.311090] oom_reaper: reaped process 4100 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:12kB""",
    near_miss="[ 7331.311090] oom_reaper: unable to reap pid:4100 (java)",
)
