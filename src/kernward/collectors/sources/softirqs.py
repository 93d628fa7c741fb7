"""/proc/softirqs: how many softirqs of each kind ran on each CPU. How long they took is in stat and cpu."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.stat import is_count

PATH = "/proc/softirqs"
_SHOW = "show_softirqs() in fs/proc/softirqs.c"


class Softirqs(msgspec.Struct, frozen=True):
    """One column of the file. The kernel counts them in 32 bits."""

    hi: Annotated[int | None, counter("", "tasklets of high priority", _SHOW, bits=32)] = None
    timer: Annotated[int | None, counter("", "timers of the timer wheel", _SHOW, bits=32)] = None
    net_tx: Annotated[int | None, counter("", "packets that were sent", _SHOW, bits=32)] = None
    net_rx: Annotated[int | None, counter("", "packets that were received", _SHOW, bits=32)] = None
    block: Annotated[int | None, counter("", "block requests that were completed", _SHOW, bits=32)] = None
    irq_poll: Annotated[int | None, counter("", "block drivers that poll", _SHOW, bits=32)] = None
    tasklet: Annotated[int | None, counter("", "tasklets of drivers", _SHOW, bits=32)] = None
    sched: Annotated[int | None, counter("", "load balancing", _SHOW, bits=32)] = None
    hrtimer: Annotated[int | None, counter("", "high-resolution timers", _SHOW, bits=32)] = None
    rcu: Annotated[int | None, counter("", "RCU callbacks", _SHOW, bits=32)] = None


_FIELDS = {name.upper().encode(): name for name in Softirqs.__struct_fields__}


def read(root: Root, entities: Collection[str] | None) -> dict[str, Softirqs]:
    """By the name of the CPU, as the source cpu has it."""
    head, *lines = root.read(PATH).splitlines() or [b""]
    names = head.decode("ascii", "replace").lower().split()
    if not names or not all(name.startswith("cpu") for name in names):
        raise Unavailable(PATH, "its first line does not name the CPUs")
    columns: list[dict[str, int]] = [{} for _ in names]
    for line in lines:
        words = line.split()
        field = _FIELDS.get(words[0].rstrip(b":")) if words else None
        if field is None or len(words) != len(names) + 1:
            continue
        for column, word in zip(columns, words[1:], strict=True):
            if is_count(word):
                column[field] = int(word)
    return {
        name: Softirqs(**column)
        for name, column in zip(names, columns, strict=True)
        if entities is None or name in entities
    }


SOURCE = EntitySource(
    name="softirqs",
    doc="How many softirqs of each kind ran on each CPU.",
    files=(PATH,),
    record=Softirqs,
    read=read,
    scope="cpu",
)
