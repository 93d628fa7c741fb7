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
    patterns=(
        # A symbolised log repeats the header for each inlined function.
        Pattern(
            literal="BUG: KFENCE: ",
            regex=(
                r"BUG: (?![^\n]{0,400}\[inline\])"
                r"KFENCE: (?P<bug>out-of-bounds read|out-of-bounds write|use-after-free"
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
        "[ 1580.591024] ==================================================================\n"
        "[ 1580.591030] BUG: KFENCE: use-after-free read in br_multicast_del_pg+0x3c/0x1f0 [bridge]\n"
        "[ 1580.591034]\n"
        "[ 1580.591051] Use-after-free read at 0x00000000d3f2c1a0 (in kfence-#87):\n"
        "[ 1580.591068]  br_multicast_del_pg+0x363/0x8b0 [bridge]\n"
        "[ 1580.591079]  br_multicast_port_group_expired+0x197/0x240 [bridge]\n"
        "[ 1580.591088]  call_timer_fn+0x35/0x7b0\n"
        "[ 1580.591102]  __run_timers+0x257/0x9b0\n"
        "[ 1580.591107]  run_timer_base+0xf9/0x180\n"
        "[ 1580.591112]  run_timer_softirq+0x309/0x3d0\n"
        "[ 1580.591172]\n"
        "[ 1580.591186] kfence-#87: 0x00000000c1d2a3b4-0x00000000a6f1d0c2, size=192, "
        "cache=kmalloc-192\n"
        "[ 1580.591206]\n"
        "[ 1580.591209] allocated by task 612 on cpu 2 at 1571.591158s (9.120031s ago):\n"
        "[ 1580.591261]\n"
        "[ 1580.591272] freed by task 17 on cpu 2 at 1579.591250s (1.000210s ago):\n"
        "[ 1580.591318]\n"
        "[ 1580.591336] CPU: 2 UID: 0 PID: 23976 Comm: systemd-network Not tainted "
        "6.12.57+deb13-amd64 #1 PREEMPT(lazy)  Debian 6.12.57-1\n"
        "[ 1580.591356] =================================================================="
    ),
    near_miss=(
        "[    0.021900] kfence: initialized - using 2097152 bytes for 255 objects at "
        "0x(____ptrval____)-0x(____ptrval____)"
    ),
)
