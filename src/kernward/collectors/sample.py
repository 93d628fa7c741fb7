"""A sample: all sources of one machine, read at one moment.

One source that cannot be read never stops the others: the sample keeps the reason in its place.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import AnySource, EntitySource, Source, T
from kernward.collectors.sources import sources


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, by the name of the source: a record, or a record for each entity.

    `at_s` are seconds since boot at which the sample began, `read_at_s` those of each source. `absent`
    holds the reason for each source that gave nothing, `missing` for each file that was asked for.
    `cost_s` is the processor time that reading took.
    """

    host: str
    boot_id: str | None
    kernel: str | None
    at_utc: datetime
    at_s: float
    read: Mapping[str, Any]
    read_at_s: Mapping[str, float]
    # The entities that were asked for, of sources that were not read for all that there are.
    asked: Mapping[str, tuple[str, ...]] = {}
    absent: Mapping[str, str] = {}
    missing: Mapping[str, str] = {}
    cost_s: float | None = None
    # The process that read it, which is itself one of those that it reads; None in a copied tree.
    reader: str | None = None

    def of(self, source: Source[T]) -> T | None:
        """The record of a source of the whole machine; None when it could not be read."""
        return self.read.get(source.name)

    def each(self, source: EntitySource[T]) -> Mapping[str, T]:
        """The records of a source by entity; empty when it could not be read."""
        return self.read.get(source.name) or {}

    def asked_for(self, source: EntitySource[T], entity: str) -> bool:
        """Whether this entity would be here, had it been there."""
        return source.name in self.read and entity in self.asked.get(source.name, (entity,))


def take(
    root: Root,
    clock: Clock,
    wanted: Iterable[AnySource] | None = None,
    entities: Mapping[str, Collection[str]] | None = None,
) -> Sample:
    """Read these sources, by default all that belong in every sample.

    `entities` restricts a source, by name, to some of its entities.
    """
    import os
    import time

    chosen = [each for each in sources().values() if each.when == "sample"] if wanted is None else wanted
    began = time.process_time()
    root.missing.clear()
    root.kept.clear()
    at_utc, at_s = clock.utc(), clock.monotonic_s()
    read: dict[str, Any] = {}
    read_at_s: dict[str, float] = {}
    absent: dict[str, str] = {}
    for each in chosen:
        try:
            if isinstance(each, Source):
                record = each.read(root)
            else:
                record = each.read(root, (entities or {}).get(each.name))
        except Unavailable as error:
            absent[each.name] = str(error)
            continue
        except Exception as error:  # noqa: BLE001  what is read was written by somebody else
            absent[each.name] = (
                f"{', '.join(each.files)}: reading it failed ({type(error).__name__}: {error}), "
                "a fault of kernward itself"
            )
            continue
        read[each.name] = record
        read_at_s[each.name] = clock.monotonic_s()
    return Sample(
        host=host_name(root),
        boot_id=root.text("/proc/sys/kernel/random/boot_id"),
        kernel=root.text("/proc/sys/kernel/osrelease"),
        at_utc=at_utc,
        at_s=at_s,
        read=read,
        read_at_s=read_at_s,
        asked={name: tuple(some) for name, some in (entities or {}).items()},
        absent=absent,
        missing=dict(root.missing),
        cost_s=time.process_time() - began,
        reader=str(os.getpid()) if root.live else None,
    )


def host_name(root: Root) -> str:
    """The name of the machine, "localhost" when nothing says it."""
    return root.text("/proc/sys/kernel/hostname") or root.text("/etc/hostname") or "localhost"
