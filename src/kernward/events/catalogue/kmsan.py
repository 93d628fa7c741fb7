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
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: KMSAN: ",
            regex=r"BUG: KMSAN: (?P<bug>[a-z][a-z-]{2,40}) in (?P<at_function>[\w.$]+)",
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
    absorbs=("kmsan",),
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
        "[  123.500711] BUG: KMSAN: uninit-value in ppp_send_frame+0x28d/0x27c0\n"
        "[  123.500720]  ppp_send_frame+0x28d/0x27c0"
    ),
    near_miss="[    0.000000] Starting KernelMemorySanitizer",
)
