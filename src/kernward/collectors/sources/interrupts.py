"""/proc/interrupts: how often each interrupt came, and on which CPUs.

It is read for a check only: with hundreds of CPUs it has megabytes.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.stat import is_count

PATH = "/proc/interrupts"
_SHOW = "show_interrupts() in kernel/irq/proc.c, arch_show_interrupts()"


class Interrupt(msgspec.Struct, frozen=True):
    """` 36:  0  4071796  PCI-MSIX-0000:00:02.0  1-edge  virtio1-req.0`

    `by_cpu` has a value for each CPU that was online, in their order.
    """

    count: Annotated[int | None, counter("", "how often it came, on all CPUs", _SHOW)] = None
    by_cpu: Annotated[tuple[int, ...] | None, counter("", "how often on each CPU", _SHOW, bits=32)] = None
    doc: Annotated[str | None, fact("controller, trigger and the driver that asked for it", _SHOW)] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, Interrupt]:
    """By number or short name: 36, LOC. Those that never came are left out."""
    head, *lines = root.read(PATH).splitlines() or [b""]
    cpus = head.count(b"CPU")
    if not cpus:
        raise Unavailable(PATH, "its first line does not name the CPUs")
    found: dict[str, Interrupt] = {}
    for line in lines:
        label, _, rest = line.partition(b":")
        words = rest.split(None, cpus)
        counts = words[:cpus]
        # ERR and MIS have one count for all CPUs.
        if not counts or not all(map(is_count, counts)):
            continue
        by_cpu = tuple(map(int, counts))
        count = sum(by_cpu)
        name = label.strip().decode("utf-8", "backslashreplace")
        if count and (entities is None or name in entities):
            found[name] = Interrupt(
                count,
                by_cpu if len(by_cpu) == cpus else None,
                b" ".join(b" ".join(words[cpus:]).split()).decode("utf-8", "backslashreplace"),
            )
    return found


SOURCE = EntitySource(
    name="interrupts",
    doc="How often each interrupt came, and on which CPUs.",
    files=(PATH,),
    record=Interrupt,
    read=read,
    scope="irq",
    when="check",
)
