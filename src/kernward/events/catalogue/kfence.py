"""KFENCE, the sampling memory checker of production kernels, caught a bad access."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """A bad free is known as such, not as a bad access."""
    if reading.fields["bug"] == "invalid free":
        reading.alt_titles = ("invalid-free in {function}",)


KIND = Kind(
    id="kfence",
    title="KFENCE: {bug} in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="KFENCE: {bug} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: KFENCE: ",
            regex=(
                r"BUG: KFENCE: (?P<bug>out-of-bounds read|out-of-bounds write|use-after-free"
                r" read|use-after-free write|memory corruption|invalid read|invalid write|invalid"
                r" free|[a-z-]{3,20}(?: [a-z]{3,10})?) in (?P<at_function>[\w.$]+)"
            ),
            unprinted="CONFIG_KFENCE is off in Debian's 6.1 amd64 kernels",
        ),
    ),
    fields=(
        Field("bug", "str", "what was wrong with the access"),
        Field("at_function", "str", "the function that made it"),
    ),
    key=("bug",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("kfence",),
    read=read,
    printed_by=("mm/kfence/report.c:kfence_report_error",),
    meaning=(
        "KFENCE puts a sample of slab objects between guard pages. This access hit a guard "
        "page, a freed object, or a broken canary. Because it samples, one report stands for "
        "many unseen ones: the bug is real and happens in production. The report holds the "
        "allocation and free stacks."
    ),
    next_steps=(
        "Compare access, allocation and free stacks as with KASAN.",
        (
            "`memory corruption` is noticed at free time: the writer is unknown; the canary "
            "bytes show what was written."
        ),
        "Group over the fleet by function: rate tells exposure.",
        "Reproduce on a KASAN kernel.",
    ),
    confused_with=("kasan: the full checker of test kernels.",),
    example=(
        "[  221.219706] BUG: KFENCE: use-after-free read in memcmp+0x57/0x150\n"
        "[  221.219731] Use-after-free read at 0xffff88823bd6afe0 (in kfence-#181):"
    ),
    near_miss=(
        "[    0.021900] kfence: initialized - using 2097152 bytes for 255 objects at "
        "0x(____ptrval____)-0x(____ptrval____)"
    ),
)
