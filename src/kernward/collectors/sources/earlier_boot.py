"""What the boots before this one left behind when they crashed: dumps of pstore and dmesg beside a crash dump.

The firmware or the crash kernel keeps the last messages of a kernel that panicked: /sys/fs/pstore, or where
systemd-pstore and kdump put them. One record a kind of event, as in kernel_events; the age is that of the file.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec

from kernward.collectors.kernel_messages import LogEvent, log_event
from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_WRITTEN = "pstore_dump() in fs/pstore/platform.c"
PSTORE = ("/sys/fs/pstore", "/var/lib/systemd/pstore")
CRASHES = "/var/crash"
_DMESG = ("vmcore-dmesg.txt", "dmesg.txt", "dmesg")
_NEWEST = 3
_MOST_FILES = 200
LATEST = 8


class EarlierBoot(msgspec.Struct, frozen=True):
    """Events of one kind in the dumps of earlier boots."""

    count: Annotated[int, gauge("", "events of this kind in the dumps", _WRITTEN)]
    age_s: Annotated[float | None, gauge("s", "how long ago the newest dump with one was written", _WRITTEN)]
    before_boot_s: Annotated[
        float | None, gauge("s", "how long before this boot that was; negative: in this boot", _WRITTEN)
    ]
    file: Annotated[str, fact("the dump", _WRITTEN)]
    latest: Annotated[tuple[LogEvent, ...], fact("the newest, the last one last, at most 8", _WRITTEN)]


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, EarlierBoot]:
    """The events by kind; none is a machine that left no dump. Raises Unavailable without any such folder."""
    places = [each for each in (*PSTORE, CRASHES) if root.exists(each)]
    if not places:
        raise Unavailable(PSTORE[0], "there is no place where a crash would leave a dump", gone=True)
    refused = [error for place in places if (error := _refusal(root, place)) is not None]
    if len(refused) == len(places):
        raise refused[0]
    dumps = list(_dumps(root, places))
    # Dumps do not change while a check runs, and reading them again with each sample would cost more than all else.
    state = [(str(path), _changed(path)) for path in dumps]
    earlier = root.remembered.get("earlier_boot")
    if earlier is None or earlier[0] != state:
        earlier = root.remembered["earlier_boot"] = (state, _read(root, dumps))
    records: dict[str, EarlierBoot] = earlier[1]
    return records if entities is None else {kind: each for kind, each in records.items() if kind in entities}


def _read(root: Root, dumps: Iterable[Path]) -> dict[str, EarlierBoot]:
    from kernward.events.recognise import recognise
    from kernward.logs.sources import open_sources

    now_s, uptime_s = time.time(), _uptime(root)
    found: dict[str, EarlierBoot] = {}
    for path in dumps:
        for source in open_sources([path], problems=[]):
            age_s = None
            if root.live and source.mtime is not None:
                age_s = max(0.0, round(now_s - source.mtime.timestamp()))
            for event in recognise(source):
                _add(found, log_event(event, age_s), source.name[len(root.path) :], uptime_s)
    return found


def _refusal(root: Root, place: str) -> Unavailable | None:
    try:
        root.names(place)
    except Unavailable as error:
        return error
    return None


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _add(found: dict[str, EarlierBoot], event: LogEvent, file: str, uptime_s: float | None) -> None:
    before = found.get(event.kind)
    newer = before is None or event.age_s is None or before.age_s is None or event.age_s <= before.age_s
    found[event.kind] = EarlierBoot(
        count=(before.count if before else 0) + 1,
        age_s=event.age_s if newer or before is None else before.age_s,
        before_boot_s=_before_boot(event.age_s, uptime_s)
        if newer or before is None
        else before.before_boot_s,
        file=file if newer or before is None else before.file,
        latest=((*before.latest, event) if before else (event,))[-LATEST:],
    )


def _before_boot(age_s: float | None, uptime_s: float | None) -> float | None:
    return None if age_s is None or uptime_s is None else round(age_s - uptime_s)


def _dumps(root: Root, places: list[str]) -> Iterator[Path]:
    """The folders of pstore, and the logs beside the newest crash dumps."""
    for place in places:
        if place == CRASHES:
            for folder in sorted(root.optional_names(CRASHES), reverse=True)[:_NEWEST]:
                for name in _DMESG:
                    path = f"{CRASHES}/{folder}/{name}"
                    if root.exists(path) and root.link(path) is None:
                        yield Path(root.path + path)
                        break
        elif _plain(root, place):
            yield Path(root.path + place)


def _plain(root: Root, folder: str) -> bool:
    """Whether it is small and holds no links, which might lead out of a copied tree."""
    waiting, count = [folder], 0
    while waiting:
        here = waiting.pop()
        names: list[str] = []
        with suppress(Unavailable):
            names = root.names(here)
        count += len(names)
        if count > _MOST_FILES or any(root.link(f"{here}/{name}") is not None for name in names):
            return False
        with suppress(Unavailable):
            waiting.extend(f"{here}/{name}" for name in root.folders(here))
    return count > 0


def _uptime(root: Root) -> float | None:
    try:
        return float((root.optional("/proc/uptime") or "").split()[0])
    except (ValueError, IndexError):
        return None


SOURCE = EntitySource(
    name="earlier_boot",
    doc="What kernels that crashed before this boot said last, by kind of event.",
    files=(*PSTORE, f"{CRASHES}/*/vmcore-dmesg.txt"),
    record=EarlierBoot,
    read=read,
    scope="other",
    when="check",
)
