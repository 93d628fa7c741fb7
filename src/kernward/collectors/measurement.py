"""What a measurement is: programs attached to the kernel that count, and the record made of their counts.

A module of `measurements/` with a value `MEASUREMENT` is one; there is no list of them elsewhere. Its
`SOURCE` names its fields as every source does. Counters start at 0 when it is attached. Where no program
can be attached, procfs is polled if it has the like; fields that it does not have are None then.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

# tp_btf: tracepoints with the kernel's own types. raw_tp: raw tracepoints, with types of any BTF that fits
# the kernel. tracepoint: through perf, fields as the event's format says. kprobe: on functions. tracefs:
# events are read as text. procfs: counters that the kernel keeps anyway.
Tier = Literal["tp_btf", "raw_tp", "tracepoint", "kprobe", "tracefs", "procfs"]
TIERS: tuple[Tier, ...] = ("tp_btf", "raw_tp", "tracepoint", "kprobe", "tracefs", "procfs")


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """How the events of tracefs are counted: only rare ones, as each is a line that somebody reads.

    `count` gets the counts up to now, the event's name, the task's comm[pid], and the fields of its line.
    """

    events: tuple[str, ...]
    count: Callable[[dict[str, Any], str, str, Mapping[str, str]], None]


def ended_after_s(
    counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]
) -> float | None:
    """How long what this event ends took; None for an event that begins it, or whose beginning was not seen."""
    begun: dict[str, float] = counts.setdefault("\0begun", {})
    at_s = float(fields["at_s"])
    if event.endswith("begin"):
        begun[process] = at_s
        return None
    since_s = begun.pop(process, None)
    return None if since_s is None else max(at_s - since_s, 0.0)


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. `source.name` is its name; `program` that of bpf/programs/NAME.bpf.c."""

    source: EntitySource[Any]
    program: str
    # The cgroup controller whose groups its tasks are told by, where that matters.
    controller: str = "cpu"
    # Fields of events that the tracepoint tier reads, event.field, in the order of its source.
    fields: tuple[str, ...] = ()
    decode: Callable[[Counted], Mapping[str, Any]]
    # Since boot, or as of now; what it was when the measurement began is subtracted.
    poll: Callable[[Root], Mapping[str, Any]] | None = None
    traced: Traced | None = None
    # Whether the programs can leave out what is not in a cgroup, and whether only in the version 2 tree.
    scoped: bool = True
    version_2_only: bool = False
    # Cheap enough on a busy machine to be attached to it without any suspicion.
    standing: bool = True
    # What it costs, for a person who decides whether to attach it; measured by bench/probes.py.
    cost: str
    # What its figures do not say.
    caveats: tuple[str, ...] = ()


def attached_only(name: str) -> Callable[[Root, Collection[str] | None], Mapping[str, Any]]:
    """What a measurement's source has for `read`: there is nothing to read before it is attached."""

    def read(_root: Root, _entities: Collection[str] | None) -> Mapping[str, Any]:
        raise Unavailable(name, "it has to be attached to the kernel first")

    return read
