"""An assertion that nobody else writes or accesses a variable now was violated."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="kcsan-assert",
    title="KCSAN: assert: race in {function}",
    title_without_function="KCSAN: assert: race in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: KCSAN: assert: race",
            regex=(
                r"BUG: KCSAN: assert: race in (?P<first>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: / "
                r"(?P<second>[\w.$]+))?"
            ),
            unprinted="CONFIG_KCSAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("first", "str", "function that asserted"),
        Field("second", "str", "function of the other access, where known"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/kcsan/report.c:print_report",),
    meaning=(
        "Code asserted with ASSERT_EXCLUSIVE_ACCESS() or ASSERT_EXCLUSIVE_WRITER() that no "
        "other CPU touches a variable meanwhile, and one did. Unlike a plain data race this "
        "contradicts a stated rule of the code, so it is a logic bug: a missing lock or a "
        "wrong life time."
    ),
    next_steps=(
        "Read both stacks and the comment at the assertion: which rule is broken?",
        "Find the lock or the state that should exclude the other side.",
    ),
    confused_with=("kcsan-data-race: no assertion, only unmarked accesses.",),
    example="[   67.061656] BUG: KCSAN: assert: race in dequeue_entities+0x6df/0x760",
    near_miss="[    0.000000] kcsan: enabled early",
)
