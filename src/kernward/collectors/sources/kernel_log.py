"""The kernel's ring of messages itself: how many it holds, how far back it goes, and its densest stretch."""

from typing import Annotated

import msgspec

from kernward.collectors.kernel_messages import Burst, busiest, log
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import Source

_READ = "devkmsg_read() in kernel/printk/printk.c"
_PUSH = "data_push_tail() in kernel/printk/printk_ringbuffer.c"
# A burst is looked for in the messages of so long, and is as long as BURST_S at most.
RECENT_S = 600.0
BURST_S = 10.0


class KernelLog(msgspec.Struct, frozen=True):
    """`6,339,5140900,-;NET: Registered PF_INET protocol family`: level, number, microseconds, text."""

    messages: Annotated[int | None, counter("", "messages since boot, those of programs included", _READ)] = (
        None
    )
    overwritten: Annotated[int | None, counter("", "of these, the ring no longer holds", _PUSH)] = None
    unread: Annotated[int | None, counter("", "overwritten between two readings of this check", _READ)] = None
    held: Annotated[int | None, gauge("", "messages in the ring", _READ)] = None
    reaches_back_s: Annotated[float | None, gauge("s", "age of the oldest message in the ring", _READ)] = None
    burst: Annotated[int | None, gauge("", "messages in the densest 10 s of the last 10 minutes", _READ)] = (
        None
    )
    burst_age_s: Annotated[float | None, gauge("s", "how long ago that was", _READ)] = None
    burst_same: Annotated[int | None, gauge("", "of these, those that differ in numbers only", _READ)] = None
    burst_text: Annotated[str | None, fact("their text, numbers replaced by #", _READ)] = None


def read(root: Root) -> KernelLog:
    """The state of the ring."""
    found = log(root)
    now_s = found.now_s
    last_s = found.messages[-1].at_s if found.messages else None
    since_s = (now_s if now_s is not None else last_s or 0.0) - RECENT_S
    # Made out again only when something was printed since, or the densest stretch is too old by now.
    known: tuple[int | None, Burst | None] = root.remembered.get("kernel_log", (None, None))
    dense = known[1]
    if known[0] is None or known[0] != found.next_sequence or (dense is not None and dense[1] < since_s):
        dense = busiest((each for each in found.messages if each.at_s >= since_s), BURST_S)
        root.remembered["kernel_log"] = found.next_sequence, dense
    return KernelLog(
        messages=found.next_sequence,
        overwritten=found.first_sequence,
        unread=found.missed if found.next_sequence is not None else None,
        held=found.held,
        reaches_back_s=_age(now_s, found.oldest_at_s),
        burst=dense[0] if dense else 0,
        burst_age_s=_age(now_s, dense[1]) if dense else None,
        burst_same=dense[3] if dense else None,
        burst_text=dense[2] if dense else None,
    )


def _age(now_s: float | None, at_s: float | None) -> float | None:
    return None if now_s is None or at_s is None else max(0.0, round(now_s - at_s, 3))


SOURCE = Source(
    name="kernel_log",
    doc="The ring of the kernel's messages: how far back it reaches, and what floods it.",
    files=("/dev/kmsg", "/sos_commands/kernel/dmesg", "/var/log/dmesg"),
    record=KernelLog,
    read=read,
    when="check",
)
