"""Compaction: fewer files, the same rows, whoever else is at work."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from kernward.records.filters import Filter
from kernward.store import compaction, facts, segments
from kernward.store.compaction import tidy
from kernward.store.reading import Facts
from tests.store.made import event, kept


def files(home: Path) -> list[Path]:
    return sorted(home.glob("facts/events/*/*.parquet"))


def ids(home: Path) -> Counter[str]:
    with Facts(home) as read:
        return Counter(each.id for each in read.events(Filter()))


def saved(home: Path, count: int) -> Counter[str]:
    for number in range(count):
        facts.save(home, "c1", [kept(f"s{number}", event(number))])
    return ids(home)


def test_many_small_segments_become_one_with_the_same_rows(tmp_path: Path) -> None:
    before = saved(tmp_path, 6)
    assert tidy(tmp_path, many=4) == 6
    assert len(files(tmp_path)) == 1
    assert ids(tmp_path) == before


def test_few_segments_are_left_alone(tmp_path: Path) -> None:
    saved(tmp_path, 4)
    assert tidy(tmp_path, many=4) == 0
    assert len(files(tmp_path)) == 4


def test_one_compaction_takes_on_no_more_than_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved(tmp_path, 6)
    monkeypatch.setattr(compaction, "MOST_ROWS", 3)
    assert tidy(tmp_path, many=2) == 3
    assert len(files(tmp_path)) == 4
    assert ids(tmp_path) == before


def test_rows_that_no_longer_count_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "SMALL_ROWS", 2)
    facts.save(tmp_path, "c1", [kept("a", event(0), event(1), event(2)), kept("b", event(3))])
    facts.save(tmp_path, "c2", [kept("a", event(4))])
    before = ids(tmp_path)
    assert tidy(tmp_path) > 0
    import pyarrow.parquet

    assert sum(pyarrow.parquet.read_metadata(path).num_rows for path in files(tmp_path)) == 2
    assert ids(tmp_path) == before == Counter(e3=1, e4=1)


def test_a_source_replaced_while_it_was_being_compacted_is_not_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, 6)
    write = segments.write_table

    def write_and_be_overtaken(*arguments: object) -> segments.Segment:
        made = write(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(segments, "write_table", write)
        facts.save(tmp_path, "c2", [kept("s2", event(20))])
        return made

    monkeypatch.setattr(segments, "write_table", write_and_be_overtaken)
    tidy(tmp_path, many=4)
    assert ids(tmp_path) == Counter(["e0", "e1", "e3", "e4", "e5", "e20"])


def test_a_damaged_segment_is_not_dropped(tmp_path: Path) -> None:
    saved(tmp_path, 6)
    files(tmp_path)[0].write_bytes(b"PAR1")
    tidy(tmp_path, many=4)
    with Facts(tmp_path) as read:
        assert len(list(read.events(Filter()))) == 5
        assert len(read.notes) == 1


def test_files_that_a_crash_left_are_removed_after_a_safe_age(tmp_path: Path) -> None:
    before = saved(tmp_path, 1)
    (known,) = files(tmp_path)
    left = [known.with_name("left.parquet"), known.with_name(".left.parquet.part")]
    young = known.with_name("young.parquet")
    for path in [*left, young]:
        path.write_bytes(b"")
    for path in [*left, known]:
        os.utime(path, (time.time() - 7200,) * 2)
    tidy(tmp_path, safe_age_s=3600)
    assert [path.exists() for path in [*left, young, known]] == [False, False, True, True]
    assert ids(tmp_path) == before


def test_nothing_is_removed_under_a_reader(tmp_path: Path) -> None:
    before = saved(tmp_path, 6)
    with Facts(tmp_path) as read:
        assert tidy(tmp_path, many=4) == 6
        assert Counter(each.id for each in read.events(Filter())) == before
        assert read.notes == []
    assert ids(tmp_path) == before


def test_two_compactions_at_once_are_one(tmp_path: Path) -> None:
    saved(tmp_path, 6)
    with compaction._alone(tmp_path) as alone:
        assert alone
        assert tidy(tmp_path, many=4) == 0
