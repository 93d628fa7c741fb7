"""What a source is: where something is read, into which record, at which cost.

A module of `sources/` with a value `SOURCE` is one; there is no list of them elsewhere. A signal's name
is the source's and the field's: `meminfo.available_bytes`, `diskstats.reads`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

from kernward.collectors.quantity import Quantity, quantities
from kernward.collectors.root import Root

T = TypeVar("T", bound=msgspec.Struct)

# What an entity of a source is. "host" sources have one record and no entity.
Scope = Literal[
    "host", "cpu", "node", "cgroup", "device", "filesystem", "interface", "process", "irq", "other"
]
# sample: in every sample of a recording. check: read when a check begins and ends. asked: only for the
# entities that a check asks for, because reading it for all of them costs too much. measured: comes of
# what a measurement attached to the kernel has counted since it was attached.
When = Literal["sample", "check", "asked", "measured"]


class Source(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A source with one record for the whole machine. `read` raises Unavailable."""

    name: str
    doc: str
    # What is read, below the root, as a person would name it: "/proc/meminfo", "/proc/PID/stat".
    files: tuple[str, ...]
    record: type[T]
    read: Callable[[Root], T]
    when: When = "sample"
    scope: Scope = "host"
    # Why its reader may have to wait in the kernel without an end; "" where it never has to.
    waits: str = ""
    # Of a field that is not told by the first of `files`: the file that does.
    file_of: Callable[[str], str | None] | None = None

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Its fields."""
        return quantities(self.record)


class EntitySource(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A source with a record for each entity: a device, a cgroup, a process.

    `read` gets the entities that are asked for, None for all that there are; it raises Unavailable when
    there is nothing to read at all. Entities that vanish while being read are left out. Its keys are
    names as the kernel prints them: vda, /system.slice/nginx.service, 812.
    """

    name: str
    doc: str
    files: tuple[str, ...]
    record: type[T]
    read: Callable[[Root, Collection[str] | None], Mapping[str, T]]
    scope: Scope
    when: When = "sample"
    waits: str = ""
    file_of: Callable[[str], str | None] | None = None
    # Of a cgroup's field the file of the group that tells it, in version 2 and in version 1; "" where it has none.
    group_file: Callable[[str], tuple[str, str] | None] | None = None

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The fields of each of its records."""
        return quantities(self.record)


AnySource = Source[Any] | EntitySource[Any]
