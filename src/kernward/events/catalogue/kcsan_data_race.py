"""KCSAN saw two accesses to the same memory at once, at least one a plain write."""

import re

from kernward.events.kind import Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_SUFFIX = re.compile(r"\.(?:isra|part|constprop|cold|llvm)\b.*$")


def read(reading: Reading) -> None:
    """Both functions are named in the header; the first one is blamed."""
    for name in ("first", "second"):
        if value := reading.fields.get(name):
            reading.fields[name] = _SUFFIX.sub("", value)
    if not reading.fields.get("second"):
        reading.title = "KCSAN: data-race in {function}"
    reading.function = reading.fields["first"]
    reading.function_reason = "the first of the two functions that the message names"


KIND = Kind(
    id="kcsan-data-race",
    title="KCSAN: data-race in {first} / {second}",
    title_without_function="KCSAN: data-race in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: KCSAN: data-race",
            regex=(
                r"BUG: KCSAN: data-race in (?P<first>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: / "
                r"(?P<second>[\w.$]+))?"
            ),
            unprinted="CONFIG_KCSAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("first", "str", "function of the first access"),
        Field("second", "str", "function of the second access, where known"),
    ),
    key=(
        "first",
        "second",
    ),
    extent=Extent.REPORT,
    read=read,
    printed_by=("kernel/kcsan/report.c:print_report",),
    meaning=(
        "The concurrency sanitizer delayed one access and saw another CPU access the same "
        "bytes meanwhile, without both being marked atomic. The compiler may tear, repeat or "
        "invent such accesses; whether the race is harmful needs thought. Harmless ones are "
        "marked with READ_ONCE(), WRITE_ONCE() or data_race()."
    ),
    next_steps=(
        ("Read both stacks: which lock should cover the field, and which side does not take it?"),
        "`value changed: a -> b` tells whether the race changed something.",
        "Check the field's comment and the tools/memory-model documents before marking it.",
    ),
    confused_with=("kcsan-assert: an explicit assertion of exclusivity failed.",),
    example=(
        "[  472.486894] BUG: KCSAN: data-race in netlink_recvmsg / netlink_recvmsg\n"
        "[  472.486901] write to 0xffff888120a2e0c0 of 8 bytes by task 19789 on cpu 1:"
    ),
    near_miss="[    0.000000] kcsan: enabled early",
)
