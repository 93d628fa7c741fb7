"""hardirq: how long the handlers of each interrupt ran, and on which CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted, seconds_by_cpu, together
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource


class HardirqTime(msgspec.Struct, frozen=True):
    """Of one interrupt, by its number. Interrupts of the CPU itself (timer, IPIs) have no handler of this kind."""

    handler: Annotated[str | None, fact("the name that the driver gave it", "struct irqaction, name")] = None
    runs: Annotated[
        int | None, counter("", "times a handler ran", "__handle_irq_event_percpu() in kernel/irq/handle.c")
    ] = None
    run_s: Annotated[float | None, counter("s", "how long")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs by length: below 2 µs, 4 µs, 8 µs and so on")
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


def decode(counted: Counted) -> Mapping[str, HardirqTime]:
    """By number."""
    found: dict[str, HardirqTime] = {}
    for key, rows in counted.rows_by_cpu("totals"):
        took, name = together(rows, ("durations", "text"))
        if took.number:
            found[str(int.from_bytes(key, "little"))] = HardirqTime(
                handler=name or None,
                runs=took.number,
                run_s=took.total_s,
                histogram=took.items,
                by_cpu_s=seconds_by_cpu(rows),
                longest_s=took.longest_s,
            )
    return found


def poll(root: Root) -> Mapping[str, HardirqTime]:
    """How often each came (/proc/interrupts: show_interrupts() in kernel/irq/proc.c)."""
    found: dict[str, HardirqTime] = {}
    lines = root.read("/proc/interrupts").splitlines()
    cpus = len(lines[0].split()) if lines else 0
    for line in lines[1:]:
        number, _, rest = line.partition(b":")
        words = rest.split()
        if not number.strip().isdigit() or len(words) < cpus:
            continue
        try:
            runs = sum(int(word) for word in words[:cpus])
        except ValueError:
            continue
        handler = words[-1].decode("utf-8", "backslashreplace") if len(words) > cpus else None
        found[number.strip().decode()] = HardirqTime(handler=handler, runs=runs)
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="hardirq",
    fields=("irq_handler_entry.irq", "irq_handler_exit.irq"),
    decode=decode,
    poll=poll,
    scoped=False,
    cost="about 400 ns an interrupt, in two hooks",
    caveats=(
        "Timers and calls between CPUs have no handler of this kind and are not in it.",
        "By procfs only how often each came is known.",
    ),
)
