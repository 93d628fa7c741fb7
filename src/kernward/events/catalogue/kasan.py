"""KASAN caught an access to memory that was freed, out of bounds or never valid."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_ACCESS = re.compile(
    r"(?P<access>Read|Write) (?:of size (?P<size>\d+)(?: at addr (?P<address>[0-9a-f]+))?|at addr (?P<tagged>[0-9a-f]+))"
    r"(?: by task (?P<comm>.{1,16})/(?P<pid>\d+))?"
)
# What differs between two headers of one bug.
_INSTANCE = (
    (re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+"), ""),
    (re.compile(r"\b(?:0x)?[0-9a-f]{8,16}\b"), "ADDR"),
    (re.compile(r"(?<![A-Za-z0-9_])\d+"), "NUM"),
)


def read(reading: Reading) -> None:
    """The access is told on a line of its own; frees have none."""
    fields = reading.fields
    reading.header_names = True
    if fields["bug"] in ("double-free", "invalid-free", "double-free or invalid-free"):
        reading.title = "KASAN: invalid-free in {function}"
        reading.title_without_function = "KASAN: invalid-free in corrupted"
        reading.alt_titles = ("invalid-free in {function}",)
        return
    for text in reading.texts[:24]:
        if found := _ACCESS.search(text):
            fields["access"] = found["access"]
            fields["size_bytes"] = int(found["size"]) if found["size"] else None
            if address := found["address"] or found["tagged"]:
                fields["address"] = int(address, 16)
            fields["comm"] = found["comm"]
            fields["pid"] = int(found["pid"]) if found["pid"] else None
            reading.title = "KASAN: {bug} {access} in {function}"
            reading.title_without_function = "KASAN: {bug} {access}"
            return
    reading.corrupted_reason = "the line that tells whether it was a read or a write is missing"
    # Without it the community takes the rest of the header for a name.
    header = reading.texts[0].split("BUG: KASAN: ", 1)[-1].strip()
    for pattern, instead in _INSTANCE:
        header = pattern.sub(instead, header)
    reading.alt_titles = (*reading.alt_titles, "KASAN: " + header.replace("{", "(").replace("}", ")"))


KIND = Kind(
    id="kasan",
    title="KASAN: {bug} in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="KASAN: {bug}",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: KASAN: ",
            regex=(
                r"BUG: KASAN: (?P<bug>[a-z][a-z-]{2,40}(?: or [a-z-]{3,20})?)(?: in "
                r"(?P<at_function>[\w.$]+)| on address|$|:)"
            ),
            unprinted="CONFIG_KASAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("bug", "str", "what was wrong with the access"),
        Field("at_function", "str", "the function that made the access"),
        Field("access", "str", "Read or Write"),
        Field("size_bytes", "int", "bytes accessed"),
        Field("address", "hex", "the address accessed"),
        Field("comm", "str", "the task that ran"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "page-fault",
        "oops",
        "kasan",
        "slab-corruption",
        "slab-track",
    ),
    read=read,
    printed_by=(
        "mm/kasan/report.c:print_error_description",
        "mm/kasan/report_generic.c",
    ),
    meaning=(
        "The kernel address sanitizer checks every access against a map of what is "
        "allocated. This access was to freed memory (use-after-free), beyond an object "
        "(out-of-bounds), through a wild or NULL pointer, or a pointer was freed twice. The "
        "report says who accessed, who allocated the object and who freed it; memory may be "
        "damaged from here on."
    ),
    next_steps=(
        (
            "Compare the three stacks: access, allocation, free. The bug is the missing "
            "reference or lock between free and access."
        ),
        ("`The buggy address is located N bytes to the right of` tells how far beyond an object it was."),
        "`scripts/decode_stacktrace.sh vmlinux < report` gives lines.",
        "Only the first report of a boot is trustworthy unless kasan_multi_shot is set.",
    ),
    confused_with=(
        "kfence: sampling checker of production kernels, same bugs.",
        "ubsan: an index out of the declared bounds, not of the allocation.",
    ),
    example=(
        "[   42.364412] BUG: KASAN: slab-out-of-bounds in ip6_fragment+0x11c8/0x3730\n"
        "[   42.364420] Read of size 840 at addr ffff88801a2f80c0 by task ping6/712"
    ),
    near_miss="[    0.000000] kasan: KernelAddressSanitizer initialized (generic)",
)
