"""A function found its stack canary overwritten when it returned."""

import re

from kernward.events import blame
from kernward.events.kind import Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_ADDRESS = re.compile(r"[0-9a-f]{8,16}$")


def read(reading: Reading) -> None:
    """The message names the function, and needs no stack; older kernels print only an address."""
    named = reading.fields.get("at_function")
    if named and not _ADDRESS.match(named):
        reading.function = blame.plain(named)
        reading.function_reason = "the function that found its canary overwritten"
        # A stack that was overwritten can often not be walked: an empty one is no damage to the log.
        for trace in reading.parts.traces:
            trace.announced = bool(trace.frames)
        return
    found = blame.first_responsible(blame.crash_frames(reading.parts))
    reading.function, reading.function_reason = found.function, found.reason
    if found.function is None:
        reading.corrupted_reason = "the message holds an address only, and there is no stack"


KIND = Kind(
    id="panic-stack-corrupted",
    title="kernel panic: stack is corrupted in {function}",
    title_without_function="kernel panic: stack is corrupted in corrupted",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="stack-protector: Kernel stack is corrupted in",
            regex=(
                r"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: "
                r"(?P<at_function>[\w.$]+|[0-9a-f]{8,16})"
            ),
        ),
    ),
    fields=(Field("at_function", "str", "the function that noticed"),),
    extent=Extent.REPORT,
    read=read,
    printed_by=("kernel/panic.c:__stack_chk_fail",),
    meaning=(
        "The compiler places a random value between a function's variables and its return "
        "address. It was changed, so a local buffer was overrun, or somebody else wrote to "
        "this stack, and the kernel stops before returning into nowhere. The named function "
        "is where it was noticed: it, or something it called with a pointer to its "
        "variables, is the writer."
    ),
    next_steps=(
        (
            "Look at local arrays and structures of the named function and who gets their "
            "address (copy_from_user, DMA, on-stack completion that was abandoned)."
        ),
        (
            "An asynchronous writer (device DMA, a timer on the stack) may be another driver: "
            "KASAN with stack checking helps."
        ),
    ),
    confused_with=("panic-stack-end: the far end of the stack was overwritten, by too deep a call chain.",),
    example=(
        "[ 4826.660025] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: "
        "udp4_lib_lookup2.isra.0+0x7ea/0x7f0\n"
        "[ 4826.660040] CPU: 5 PID: 3210 Comm: dig Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 4826.660060] Call Trace:\n"
        "[ 4826.660067]  <TASK>\n"
        "[ 4826.660081]  dump_stack_lvl+0x27/0x50\n"
        "[ 4826.660091]  panic+0x4e7/0x600\n"
        "[ 4826.660096]  __stack_chk_fail+0xdd/0x660\n"
        "[ 4826.660108]  udp4_lib_lookup2.isra.0+0x9d/0xa80\n"
        "[ 4826.660113]  __udp4_lib_lookup+0x6ba/0x9e0\n"
        "[ 4826.660128]  udp_rcv+0x4aa/0x830\n"
        "[ 4826.660199]  </TASK>\n"
        "[ 4826.660217] ---[ end Kernel panic - not syncing: stack-protector: Kernel stack is "
        "corrupted in: udp4_lib_lookup2.isra.0+0x7ea/0x7f0 ]---"
    ),
    near_miss="[  678.752880] app: *** stack smashing detected ***: terminated",
)
