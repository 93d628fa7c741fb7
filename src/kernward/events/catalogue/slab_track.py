"""A line of a slab report that says who allocated or freed the object, left over from a lost report."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="slab-track",
    title="INFO: {what} in {in_function} age=NUM cpu=NUM pid=NUM",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="INFO: Allocated in ",
            regex=(
                r"INFO: (?P<what>Allocated) in (?P<in_function>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?"
                r" age=(?P<age_jiffies>\d+) cpu=(?P<cpu>\d+) pid=(?P<pid>\d+)"
            ),
            unprinted="'INFO: ' was dropped from the line before 6.1",
        ),
        Pattern(
            literal="INFO: Freed in ",
            regex=(
                r"INFO: (?P<what>Freed) in (?P<in_function>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?"
                r" age=(?P<age_jiffies>\d+) cpu=(?P<cpu>\d+) pid=(?P<pid>\d+)"
            ),
            unprinted="'INFO: ' was dropped from the line before 6.1",
        ),
    ),
    fields=(
        Field("what", "str", "Allocated or Freed"),
        Field("in_function", "str", "the function that did it"),
        Field("age_jiffies", "int", "how long ago, in jiffies"),
        Field("cpu", "int", "the CPU it was done on"),
        Field("pid", "int", "the task that did it"),
    ),
    key=(
        "what",
        "in_function",
    ),
    extent=Extent.REPORT,
    printed_by=("mm/slub.c:print_track",),
    meaning=(
        "SLUB prints this inside a report about a damaged object when user tracking is on. "
        "Standing alone it means that the report's beginning was lost. The object was "
        "allocated or freed by the named function."
    ),
    next_steps=(
        "Look for the rest of the report in another copy of the log.",
        "Work on the object that the named function allocates or frees.",
    ),
    confused_with=("slab-corruption: the report's own first line is there.",),
    example=("[  157.541486] INFO: Freed in fasync_free_rcu+0x14/0x20 age=57 cpu=0 pid=18338"),
    near_miss="[   96.048505] INFO: Freed in total 57 pages",
)
