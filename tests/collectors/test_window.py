"""What grew in a window: counters that wrap, are reset, begin late or change hands."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import pytest

from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.sample import Sample
from kernward.collectors.source import EntitySource, Source
from kernward.collectors.window import Window


class Disk(msgspec.Struct, frozen=True):
    """A record with every kind of field."""

    reads: Annotated[int | None, counter("", "reads", bits=32)] = None
    bytes: Annotated[int | None, counter("bytes", "bytes")] = None
    by_cpu: Annotated[tuple[int, ...] | None, counter("", "of each CPU")] = None
    by_name: Annotated[dict[str, int] | None, counter("", "of each name")] = None
    busy: Annotated[int | None, gauge("", "now")] = None
    start_s: Annotated[float | None, identity("s", "since")] = None


DISKS = EntitySource(
    name="disks", doc="", files=("/proc/disks",), record=Disk, read=lambda root, some: {}, scope="device"
)
DISK = Source(name="disk", doc="", files=("/proc/disk",), record=Disk, read=lambda root: Disk())
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def sample(at_s: float, boot: str = "b", asked: Any = None, **read: Any) -> Sample:
    return Sample(
        host="h",
        boot_id=boot,
        kernel=None,
        at_utc=BEGAN + timedelta(seconds=at_s),
        at_s=at_s,
        read=read,
        read_at_s=dict.fromkeys(read, at_s),
        asked=asked or {},
    )


def over(*records: Disk) -> Disk:
    found = Window([sample(100 + at, disk=each) for at, each in enumerate(records)]).over(DISK)
    assert found is not None
    return found


def test_counters_grow_and_gauges_are_the_latest() -> None:
    grown = over(Disk(bytes=10, busy=7), Disk(bytes=15, busy=2), Disk(bytes=30, busy=4))
    assert (grown.bytes, grown.busy) == (20, 4)


def test_a_counter_of_32_bits_wraps() -> None:
    assert over(Disk(reads=(1 << 32) - 10), Disk(reads=5)).reads == 15


@pytest.mark.parametrize("records", [(500, 20, 30), (10, 500, 20)])
def test_a_counter_that_was_reset_has_no_growth(records) -> None:
    assert over(*(Disk(bytes=each) for each in records)).bytes is None
    assert over(*(Disk(reads=each) for each in records)).reads is None


def test_a_counter_that_was_absent_once_has_no_growth() -> None:
    assert over(Disk(bytes=1), Disk(), Disk(bytes=9)).bytes is None


def test_counters_of_several_numbers_grow_one_by_one() -> None:
    grown = over(
        Disk(by_cpu=(1, 2), by_name={"a": 1}),
        Disk(by_cpu=(3, 5), by_name={"a": 4, "b": 2}),
        Disk(by_cpu=(4, 9), by_name={"a": 5, "b": 3}),
    )
    assert grown.by_cpu == (3, 7)
    assert grown.by_name == {"a": 4, "b": 3}
    assert over(Disk(by_cpu=(1, 2)), Disk(by_cpu=(3,))).by_cpu is None


def entities(*disks: dict[str, Disk], asked: Any = None) -> dict[str, Disk]:
    window = Window([sample(100.0 + at, disks=each, asked=asked) for at, each in enumerate(disks)])
    return dict(window.each_over(DISKS))


def test_what_came_to_be_has_counted_all_that_it_counts() -> None:
    grown = entities({}, {"a": Disk(bytes=7)}, {"a": Disk(bytes=9)})
    assert grown["a"].bytes == 9
    assert entities({"a": Disk(bytes=4, start_s=1.0)}, {"a": Disk(bytes=9, start_s=100.5)})["a"].bytes == 9


def test_what_only_came_into_view_has_not() -> None:
    assert entities({}, {"a": Disk(bytes=7, start_s=3.0)})["a"].bytes is None
    grown = entities({}, {"a": Disk(bytes=7, start_s=3.0)}, {"a": Disk(bytes=9, start_s=3.0)})
    assert grown["a"].bytes == 2
    assert entities({}, {"a": Disk(bytes=7)}, asked={"disks": ("b",)})["a"].bytes is None


def test_what_has_gone_is_not_there() -> None:
    assert entities({"a": Disk(bytes=7)}, {}) == {}


def test_samples_of_another_boot_are_not_compared() -> None:
    window = Window([sample(900, "before", disk=Disk(bytes=99)), sample(100, disk=Disk(bytes=5))])
    assert window.since_boot
    assert window.seconds == 100
    grown = window.over(DISK)
    assert grown is not None
    assert grown.bytes == 5


def test_a_clock_that_went_back_is_left_out() -> None:
    window = Window([sample(900, disk=Disk(bytes=9)), sample(100, disk=Disk(bytes=5))])
    assert len(window.samples) == 1


def test_steps_are_between_neighbours() -> None:
    window = Window([sample(at, disk=Disk(bytes=value)) for at, value in ((0, 1), (2, 5), (3, 4), (4, 8))])
    assert [(span, grown.bytes) for _, span, grown in window.steps(DISK)] == [(2, 4), (1, None), (1, 4)]
