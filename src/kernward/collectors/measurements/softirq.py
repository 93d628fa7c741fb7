"""softirq: how long the kernel worked in each kind of softirq, and on which CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.source import EntitySource


class SoftirqTime(msgspec.Struct, frozen=True):
    """Of one kind: NET_RX, TIMER, BLOCK and so on."""

    runs: Annotated[int | None, counter("", "times it ran", "handle_softirqs() in kernel/softirq.c")] = None
    run_s: Annotated[float | None, counter("s", "how long, interrupts in between included")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs; of how many by length, see collectors/durations.py")
    ] = None
    by_cpu_s: Annotated[Mapping[str, float] | None, counter("s", "run_s by CPU")] = None
    longest_s: Annotated[float | None, gauge("s", "the longest run")] = None


SOURCE: EntitySource[SoftirqTime] = EntitySource(
    name="softirq",
    doc="How long the kernel worked in each kind of softirq.",
    files=("eBPF",),
    record=SoftirqTime,
    read=attached_only("softirq"),
    scope="other",
    when="measured",
)
