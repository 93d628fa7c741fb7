"""An assertion that nobody else writes or accesses a variable now was violated."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """With both sides known, the header names both, like a data race's; the first is blamed."""
    if reading.fields.get("second"):
        reading.title = "KCSAN: assert: race in {first} / {second}"
        reading.alt_titles = ("KCSAN: assert: race in {function}",)
        reading.function = reading.fields["first"]
        reading.function_reason = "the first of the two functions that the message names"


KIND = Kind(
    id="kcsan-assert",
    title="KCSAN: assert: race in {function}",
    title_without_function="KCSAN: assert: race in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        # A symbolised log repeats the header for each inlined function.
        Pattern(
            literal="BUG: KCSAN: assert: race",
            regex=(
                r"BUG: (?![^\n]{0,400}\[inline\])"
                r"KCSAN: assert: race in (?P<first>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: / "
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
    read=read,
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
    example=(
        "[ 2754.989226][ T5117] ==================================================================\n"
        "[ 2754.989233][ T5117] BUG: KCSAN: assert: race in update_entities+0x58c/0x6a0\n"
        "[ 2754.989236][ T5117]\n"
        "[ 2754.989240][ T5117] race at unknown origin, with assert no accesses to "
        "0xffff888237d2c8d0 of 4 bytes by task 5117 on cpu 1:\n"
        "[ 2754.989259][ T5117]  update_entities+0x1b5/0x290\n"
        "[ 2754.989266][ T5117]  dequeue_task_fair+0x307/0xbf0\n"
        "[ 2754.989270][ T5117]  __schedule+0x19b/0x3c0\n"
        "[ 2754.989285][ T5117]  schedule+0x3c9/0xbf0\n"
        "[ 2754.989290][ T5117]  do_nanosleep+0x206/0x250\n"
        "[ 2754.989302][ T5117]  hrtimer_nanosleep+0x65e/0x830\n"
        "[ 2754.989347][ T5117]\n"
        "[ 2754.989352][ T5117] Reported by Kernel Concurrency Sanitizer on:\n"
        "[ 2754.989368][ T5117] CPU: 7 PID: 14957 Comm: stress-ng Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 2754.989400][ T5117] =================================================================="
    ),
    near_miss="[    0.000000] kcsan: enabled early",
)
