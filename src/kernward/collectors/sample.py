"""A sample: all sources of one machine, read at one moment.

One source that cannot be read never stops the others: the sample keeps the reason in its place.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import AnySource, EntitySource, Source, T
from kernward.collectors.sources import sources

if TYPE_CHECKING:
    from kernward.collectors.left_behind import Helper, Waits


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

    chosen = [each for each in sources().values() if each.when == "sample"] if wanted is None else wanted
    began = _spent_s()
    root.missing.clear()
    root.kept.clear()
    at_utc, at_s = clock.utc(), clock.monotonic_s()
    read: dict[str, Any] = {}
    read_at_s: dict[str, float] = {}
    absent: dict[str, str] = {}
    for each, found in _found(root, chosen, entities or {}):
        if isinstance(found, str):
            absent[each.name] = found
            continue
        read[each.name] = found
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
        cost_s=_spent_s() - began,
        reader=str(os.getpid()) if root.live else None,
    )


def _spent_s() -> float:
    """Processor time of this process and of its children that ended."""
    import resource
    import time

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


# A record, records by entity, or why there are none.
_Found = Any


def _found(
    root: Root, chosen: Iterable[AnySource], entities: Mapping[str, Collection[str]]
) -> Iterator[tuple[AnySource, _Found]]:
    waiting = []
    for each in chosen:
        # In a copied tree nothing waits.
        if each.waits and root.live:
            waiting.append(each)
        else:
            yield each, _read(root, each, entities)
    if waiting:
        yield from _found_by_child(root, waiting, entities)


def _read(root: Root, source: AnySource, entities: Mapping[str, Collection[str]]) -> _Found:
    try:
        if isinstance(source, Source):
            return source.read(root)
        return source.read(root, entities.get(source.name))
    except Unavailable as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  what is read was written by somebody else
        return (
            f"{', '.join(source.files)}: reading it failed ({type(error).__name__}: {error}), "
            "a fault of kernward itself"
        )


def _found_by_child(
    root: Root, waiting: list[AnySource], entities: Mapping[str, Collection[str]]
) -> Iterator[tuple[AnySource, _Found]]:
    """The same of sources whose reader may have to wait; one that does is left behind, and not asked again meanwhile."""
    from kernward.collectors.left_behind import gone

    # By what they wait for: who waits for the same need not be tried.
    stuck: dict[str, Waits] = root.remembered.setdefault("why readers wait", {})
    for why in [why for why, each in stuck.items() if gone(each.child)]:
        del stuck[why]
    for each in waiting:
        yield each, _asked(root, each, entities.get(each.name), waiting, stuck)
    if not root.keeps_helper:
        root.close()


def _asked(
    root: Root,
    source: AnySource,
    some: Collection[str] | None,
    waiting: list[AnySource],
    stuck: "dict[str, Waits]",
) -> _Found:
    from kernward.collectors.left_behind import Waits

    if source.waits not in stuck:
        try:
            found, missing = _helper(root, waiting).ask(source.name, some)
        except Waits as error:
            root.helper = None
            stuck[source.waits] = error
        except OSError as error:
            root.close()
            return f"{', '.join(source.files)}: {error}"
        else:
            root.missing.update(missing)
            return found
    return _waits(source, stuck[source.waits])


def _helper(root: Root, waiting: list[AnySource]) -> "Helper":
    """The child that reads these, made where there is none."""
    from kernward.collectors.left_behind import Helper
    from kernward.collectors.quiescence import ACTS

    if root.helper is not None and not root.helper.acts.issuperset(each.name for each in waiting):
        root.close()
    if root.helper is None:
        root.helper = Helper({**ACTS, **{each.name: partial(_read_apart, root, each) for each in waiting}})
    return root.helper


def _read_apart(root: Root, source: AnySource, some: Collection[str] | None) -> tuple[_Found, dict[str, str]]:
    root.missing.clear()
    root.kept.clear()
    return _read(root, source, {} if some is None else {source.name: some}), dict(root.missing)


def _waits(source: AnySource, error: "Waits") -> str:
    where = f" ({error.where})" if error.where else ""
    return f"{', '.join(source.files)}: its reader waits in the kernel{where}: {source.waits}"


def host_name(root: Root) -> str:
    """The name of the machine, "localhost" when nothing says it."""
    return root.text("/proc/sys/kernel/hostname") or root.text("/etc/hostname") or "localhost"
