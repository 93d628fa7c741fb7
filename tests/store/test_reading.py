"""Facts read back: each filter, and what happens when a segment is damaged."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernward.records.errors import StoreError
from kernward.records.filters import Filter
from kernward.store import facts
from kernward.store.reading import Facts
from tests.store.made import BEGIN, digest, event, kept, kind


@pytest.fixture
def home(tmp_path: Path) -> Path:
    events = [
        event(0),
        event(1, host="web2", kernel="6.12.107+deb12-amd64"),
        event(2, host=None, kernel=None, boot=None),
        event(3, time=None),
        event(4, **kind("ext4-error", class_="storage", severity="warning"), time=BEGIN + timedelta(days=3)),
    ]
    facts.save(tmp_path, "c1", [kept("a", *events)])
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "0 1 2 4 3"),
        ({"kinds": ("kasan",)}, "0 1 2 3"),
        ({"kinds": ("ext4-*", "nothing")}, "4"),
        ({"classes": ("storage",)}, "4"),
        ({"severities": ("error", "warning")}, "0 1 2 4 3"),
        ({"hosts": ("web2",)}, "1"),
        ({"hosts": ("web*",)}, "0 1 4 3"),
        ({"kernels": ("6.12.*",)}, "1"),
        ({"releases": ("6.1.0-47-cloud-amd64",)}, "0 4 3"),
        ({"releases": ()}, ""),
        ({"signatures": ("kasan:ext4_find_extent",)}, "0 1 2 3"),
        ({"signatures": ("ext4-error:x",)}, "4"),
        ({"but_signatures": ("kasan:ext4_find_extent",)}, "4"),
        ({"ids": ("e1", "e2")}, "1 2"),
        ({"since": BEGIN + timedelta(seconds=1)}, "1 2 4"),
        ({"until": BEGIN + timedelta(seconds=1)}, "0"),
        ({"since": BEGIN + timedelta(seconds=1), "until": BEGIN + timedelta(seconds=2)}, "1"),
        ({"since": BEGIN + timedelta(days=365)}, ""),
        ({"kinds": ("kasan",), "hosts": ("web2",)}, "1"),
        ({"hosts": ("' OR 1=1 --",)}, ""),
        ({"hosts": ("[",)}, ""),
    ],
)
def test_a_filter_gives_the_events_it_names_by_time(
    home: Path, wanted: dict[str, Any], expected: str
) -> None:
    with Facts(home) as read:
        assert [each.id[1:] for each in read.events(Filter(**wanted))] == expected.split()


def test_a_limit_gives_the_first_events(home: Path) -> None:
    with Facts(home) as read:
        assert [each.id for each in read.events(Filter(), limit=2)] == ["e0", "e1"]


def test_events_are_counted_by_kernel(home: Path) -> None:
    with Facts(home) as read:
        assert read.kernels(Filter()) == {"6.1.0-47-cloud-amd64": 3, "6.12.107+deb12-amd64": 1, None: 1}


def test_events_without_a_date_that_a_time_filter_leaves_out_are_counted(home: Path) -> None:
    with Facts(home) as read:
        assert read.undated(Filter(since=BEGIN)) == 1


def test_events_come_source_by_source_without_what_only_one_reader_needs(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept("a", event(2), event(1)), kept("b", event(0))])
    with Facts(tmp_path) as read:
        found = list(read.events_by_source(Filter()))
    assert sorted(of for of, _ in found) == sorted([digest("a"), digest("a"), digest("b")])
    assert [each.id for of, each in found if of == digest("a")] == ["e1", "e2"]
    assert {(each.text, each.report, tuple(each.fields)) for _, each in found} == {("", None, ())}


def test_a_store_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    with Facts(tmp_path / "none") as read:
        assert (list(read.events(Filter())), read.sources) == ([], 0)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("damage", ["tail", "middle", "missing", "empty"])
def test_a_damaged_segment_is_named_and_the_rest_is_read(tmp_path: Path, damage: str) -> None:
    facts.save(tmp_path, "c1", [kept("a", *(event(number, text="x" * number) for number in range(50)))])
    (path,) = tmp_path.glob("facts/events/*/*.parquet")
    facts.save(tmp_path, "c1", [kept("b", event(60))])
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        cut = {
            "tail": whole[:-20] + b"\0" * 20,
            "middle": whole[:100] + b"\xff" * 800 + whole[900:],
            "empty": b"",
        }
        path.write_bytes(cut[damage])
    with Facts(tmp_path) as read:
        assert [each.id for each in read.events(Filter())] == ["e60"]
        assert len(read.notes) == 1
        assert str(path) in read.notes[0]
        assert "with 50 events could not be read" in read.notes[0]


def test_a_folder_whose_name_would_be_taken_for_a_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="takes as a pattern"), Facts(tmp_path / "a*b"):
        pass


def test_what_one_reader_reads_is_one_state_of_the_store(home: Path) -> None:
    with Facts(home) as read:
        before = [each.id for each in read.events(Filter())]
        facts.save(home, "c2", [kept("a", event(9))])
        assert [each.id for each in read.events(Filter())] == before
    with Facts(home) as read:
        assert [each.id for each in read.events(Filter())] == ["e9"]
