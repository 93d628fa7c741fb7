"""A work item keeps its CPU so long that the workqueue code took it out of concurrency management."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The message names the work function."""
    reading.function = reading.fields["at_function"]
    reading.function_reason = "the work function that the message names"


KIND = Kind(
    id="workqueue-hog",
    title="workqueue: {function} hogged CPU",
    title_without_function="workqueue: work hogged CPU",
    class_="resource",
    severity="warning",
    patterns=(
        Pattern(
            literal=" hogged CPU for >",
            regex=(
                r"workqueue: (?P<at_function>[\w.$]+)(?: \[[\w-]+\])? hogged CPU for >"
                r"(?P<threshold_us>\d+)us (?P<count>\d+) times"
            ),
            since="6.5",
            unprinted="needs 6.5 or later with CONFIG_WQ_CPU_INTENSIVE_REPORT",
        ),
    ),
    fields=(
        Field("at_function", "str", "the work function"),
        Field("threshold_us", "int", "the limit that was exceeded"),
        Field("count", "int", "how often so far"),
    ),
    read=read,
    printed_by=("kernel/workqueue.c:wq_cpu_intensive_report",),
    meaning=(
        "A work function ran longer than the threshold without sleeping, so others on the "
        "same per-CPU queue waited. The kernel counts such runs and prints at powers of two. "
        "It is a latency problem and a hint to the driver's author, seldom an error by "
        "itself."
    ),
    next_steps=(
        "Watch the count's rate; a new one after a kernel update is a regression.",
        "`perf record -e workqueue:workqueue_execute_start` or `wqhist` of bcc for durations.",
        "Use WQ_UNBOUND or WQ_CPU_INTENSIVE for that queue.",
    ),
    confused_with=("workqueue-lockup: nothing moves any more.",),
    example=(
        "[  412.001733] workqueue: psi_avgs_work hogged CPU for >10000us 4 times, consider "
        "switching to WQ_UNBOUND"
    ),
    near_miss="[  412.001733] app: worker hogged CPU for >10000us 4 times",
)
