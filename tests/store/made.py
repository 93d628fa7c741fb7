"""Events and sources made up for tests of what is done with events, whatever they say."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from kernward.records.events import Cause, Event, Frame, Report, Signature, SkippedFrame, Stack
from kernward.store.rows import row
from kernward.store.sources import Kept

BEGIN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def event(number: int = 0, **changes: Any) -> Event:
    """A complete event; two with different numbers differ in id, place and time."""
    made = Event(
        id=f"e{number}",
        kind="kasan",
        class_="crash",
        severity="error",
        title="KASAN: slab-use-after-free Read in ext4_find_extent",
        alt_titles=("BUG: bad access in ext4_find_extent",),
        function="ext4_find_extent",
        function_reason="the first frame that is not machinery",
        skipped=(SkippedFrame("kasan_report", "reports on behalf of others"),),
        file="fs/ext4/extents.c",
        line=837,
        subsystem="ext4",
        corrupted=False,
        corrupted_reason=None,
        signature=Signature("kasan:0123456789abcdef", "kasan:ext4_find_extent", "kasan:ext4"),
        host="web1",
        boot="console.log#1",
        kernel="6.1.0-47-cloud-amd64",
        build="#1 SMP Debian 6.1.170-1",
        time=BEGIN + timedelta(seconds=number),
        monotonic_s=100.0 + number,
        source="console.log",
        start=1000 * number,
        end=1000 * number + 900,
        fields={"access": "Read", "size_bytes": 8, "address": 2**64 - 1},
        report=Report(cpu=1, stacks=(Stack("crash", (Frame("ext4_find_extent", 0x10, 0x100),)),)),
        caused_by=(),
        text=f"BUG: KASAN: slab-use-after-free in ext4_find_extent ({number})\nRead of size 8",
    )
    return msgspec.structs.replace(made, **changes)


def caused(effect: Event, cause: Event, reason: str = "the one follows from the other") -> Event:
    """The event, linked to its cause."""
    return msgspec.structs.replace(effect, caused_by=(Cause(cause.id, cause.kind, reason),))


def kind(id: str, **changes: Any) -> dict[str, Any]:
    """What makes an event one of another kind and signature."""
    return {"kind": id, "title": id, "signature": Signature(f"{id}:x", f"{id}:f", f"{id}:s"), **changes}


def digest(name: str) -> str:
    """A digest for a source that does not exist."""
    return sha256(name.encode()).hexdigest()


def kept(name: str, *events: Event) -> Kept:
    """A source as it is handed to the store."""
    return Kept(digest(name), name, len(events), lambda: [row(each) for each in events])
