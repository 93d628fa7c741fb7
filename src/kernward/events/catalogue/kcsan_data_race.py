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
        "[ 6325.950360][T19789] ==================================================================\n"
        "[ 6325.950378][T19789] BUG: KCSAN: data-race in tick_nohz_stop_tick / "
        "tick_sched_do_timer.isra.0\n"
        "[ 6325.950394][T19789]\n"
        "[ 6325.950407][T19789] write to 0xffffffff86809a18 of 4 bytes by task 0 on cpu 1:\n"
        "[ 6325.950425][T19789]  tick_sched_do_timer.isra.0+0xe9/0xf0\n"
        "[ 6325.950445][T19789]  tick_nohz_handler+0x1a1/0x470\n"
        "[ 6325.950464][T19789]  __hrtimer_run_queues+0x28a/0x4a0\n"
        "[ 6325.950470][T19789]  hrtimer_interrupt+0x1b6/0x450\n"
        "[ 6325.950483][T19789]  sysvec_apic_timer_interrupt+0x607/0x990\n"
        "[ 6325.950493][T19789]  asm_sysvec_apic_timer_interrupt+0x1f1/0x370\n"
        "[ 6325.950530][T19789]\n"
        "[ 6325.950537][T19789] read to 0xffffffff86809a18 of 4 bytes by task 0 on cpu 0:\n"
        "[ 6325.950619][T19789]\n"
        "[ 6325.950629][T19789] value changed: 0x00000001 -> 0xffffffff\n"
        "[ 6325.950635][T19789]\n"
        "[ 6325.950652][T19789] Reported by Kernel Concurrency Sanitizer on:\n"
        "[ 6325.950662][T19789] CPU: 0 PID: 1047 Comm: chronyd Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 6325.950688][T19789] =================================================================="
    ),
    near_miss="[    0.000000] kcsan: enabled early",
)
