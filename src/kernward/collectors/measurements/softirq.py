"""softirq: how long the kernel worked in each kind of softirq, and on which CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted, seconds_by_cpu, together
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource


class SoftirqTime(msgspec.Struct, frozen=True):
    """Of one kind: NET_RX, TIMER, BLOCK and so on."""

    runs: Annotated[int | None, counter("", "times it ran", "handle_softirqs() in kernel/softirq.c")] = None
    run_s: Annotated[float | None, counter("s", "how long, interrupts in between included")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs by length: below 2 µs, 4 µs, 8 µs and so on")
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


# softirq_to_name in kernel/softirq.c
NAMES = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU")


def decode(counted: Counted) -> Mapping[str, SoftirqTime]:
    """By kind."""
    found: dict[str, SoftirqTime] = {}
    for key, rows in counted.rows_by_cpu("totals"):
        number = int.from_bytes(key, "little")
        took = together(rows, ("durations",))[0]
        if number < len(NAMES) and took.number:
            found[NAMES[number]] = SoftirqTime(
                runs=took.number,
                run_s=took.total_s,
                histogram=took.items,
                by_cpu_s=seconds_by_cpu(rows),
                longest_s=took.longest_s,
            )
    return found


def poll(root: Root) -> Mapping[str, SoftirqTime]:
    """How often each kind ran (/proc/softirqs: show_softirqs() in fs/proc/softirqs.c)."""
    found: dict[str, SoftirqTime] = {}
    for line in root.read("/proc/softirqs", 4 << 20).splitlines()[1:]:
        name, _, counts = line.partition(b":")
        try:
            found[name.strip().decode("ascii")] = SoftirqTime(runs=sum(map(int, counts.split())))
        except ValueError:
            continue
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="softirq",
    fields=("softirq_exit.vec",),
    decode=decode,
    poll=poll,
    scoped=False,
    standing=False,
    cost="about 150 ns a softirq, in two hooks",
    caveats=("By procfs times are not known by kind; /proc/stat has them for all kinds together.",),
)
