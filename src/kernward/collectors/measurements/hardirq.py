"""hardirq: how long the handlers of each interrupt ran, and on which CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.source import EntitySource


class HardirqTime(msgspec.Struct, frozen=True):
    """Of one interrupt, by its number. Interrupts of the CPU itself (timer, IPIs) have no handler of this kind."""

    handler: Annotated[str | None, fact("the name that the driver gave it", "struct irqaction, name")] = None
    runs: Annotated[
        int | None, counter("", "times a handler ran", "__handle_irq_event_percpu() in kernel/irq/handle.c")
    ] = None
    run_s: Annotated[float | None, counter("s", "how long")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs; of how many by length, see collectors/durations.py")
    ] = None
    by_cpu_s: Annotated[Mapping[str, float] | None, counter("s", "run_s by CPU")] = None
    longest_s: Annotated[float | None, gauge("s", "the longest run")] = None


SOURCE: EntitySource[HardirqTime] = EntitySource(
    name="hardirq",
    doc="How long the handlers of each interrupt ran.",
    files=("eBPF",),
    record=HardirqTime,
    read=attached_only("hardirq"),
    scope="irq",
    when="measured",
)
