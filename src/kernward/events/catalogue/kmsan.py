"""KMSAN caught a use of uninitialised memory."""

import re

from kernward.events import blame
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_USB = r"usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg\w*|hcd_submit_urb)"


def read(reading: Reading) -> None:
    """A leak to a USB device is found in the core; who made the memory tells it from other leaks."""
    reading.fields["bug"] = reading.fields["bug"] or "uninit-value"
    reading.machinery.append((r"\w*alloc_skb\w*|netlink_ack|netlink_rcv_skb", "is generic network code"))
    if reading.fields["bug"] == "kernel-usb-infoleak":
        reading.machinery.append((_USB, "submits for its caller"))
        reading.alt_titles = ()
        if origin := reading.parts.trace("origin"):
            skip = [(re.compile(rf"(?:{pattern})$"), reason) for pattern, reason in reading.machinery]
            if found := blame.first_responsible(origin.frames, skip).function:
                reading.alt_titles = (f"KMSAN origin in {found}",)


KIND = Kind(
    id="kmsan",
    title="KMSAN: {bug} in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="KMSAN: {bug} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        # A symbolised log repeats the header for each inlined function.
        Pattern(
            literal="BUG: KMSAN: ",
            regex=(
                r"BUG: (?![^\n]{0,400}\[inline\])"
                r"KMSAN: (?P<bug>[a-z][a-z-]{2,40}) in (?P<at_function>[\w.$]+)"
            ),
            unprinted="CONFIG_KMSAN is off in Debian's kernels",
        ),
        # The out-of-tree patches before KMSAN was merged (6.1).
        Pattern(
            literal="BUG: KMSAN: use of un",
            regex=r"BUG: KMSAN: use of un\w{1,12} memory in (?P<at_function>[\w.$]+)",
            unprinted="older than 6.1",
        ),
    ),
    fields=(
        Field("bug", "str", "what was done with the unwritten bits"),
        Field("at_function", "str", "the function that did it"),
    ),
    key=("bug",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("mm/kmsan/report.c:kmsan_report",),
    meaning=(
        "The kernel memory sanitizer tracks which bits were ever written. Here a decision "
        "depended on unwritten bits (uninit-value), or unwritten bits were sent to user "
        "space, the network or a USB device (infoleak). The latter is an information leak "
        "with security weight. The report ends with where the memory was created."
    ),
    next_steps=(
        (
            "Read 'Uninit was created at' (or 'Local variable … created at'): initialise it "
            "there, or fill the missing part before use."
        ),
        (
            "For an infoleak, `Bytes N-M of K are uninitialized` with `pahole` shows which "
            "member or padding leaks."
        ),
    ),
    confused_with=("kasan: invalid memory, not unwritten memory.",),
    example=(
        "[ 5384.079980][ T5001] =====================================================\n"
        "[ 5384.079997][ T5001] BUG: KMSAN: uninit-value in hfsplus_strcasecmp+0x1b2/0x6a0\n"
        "[ 5384.080013][ T5001]  hfsplus_strcasecmp+0x514/0xbf0\n"
        "[ 5384.080019][ T5001]  hfsplus_cat_case_cmp_key+0x31/0x100\n"
        "[ 5384.080030][ T5001]  hfs_find_rec_by_key+0x69/0x360\n"
        "[ 5384.080037][ T5001]  __hfsplus_brec_find+0x3d0/0x5e0\n"
        "[ 5384.080049][ T5001]  hfsplus_brec_find+0x59/0x5b0\n"
        "[ 5384.080059][ T5001]  hfsplus_find_cat+0xc69/0xdb0\n"
        "[ 5384.080159][ T5001]\n"
        "[ 5384.080174][ T5001] Uninit was created at:\n"
        "[ 5384.080179][ T5001]  kmem_cache_alloc_lru+0x656/0xa60\n"
        "[ 5384.080186][ T5001]  hfsplus_find_init+0x426/0x650\n"
        "[ 5384.080189][ T5001]  hfsplus_iget+0x2da/0x370\n"
        "[ 5384.080203][ T5001]\n"
        "[ 5384.080218][ T5001] CPU: 3 PID: 5001 Comm: mount Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 5384.080240][ T5001] ====================================================="
    ),
    near_miss="[    0.000000] Starting KernelMemorySanitizer",
)
