"""What the store promises: every row counts exactly once, whatever is saved how often by how many."""

import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from kernward.records.errors import StoreError
from kernward.records.filters import Filter
from kernward.store import facts, segments
from kernward.store.reading import Facts
from kernward.store.sources import Saved
from tests.store.made import BEGIN, event, kept

WRITER = Path(__file__).parent / "writer.py"


def ids(home: Path, wanted: Filter | None = None) -> list[str]:
    with Facts(home) as read:
        found = [each.id for each in read.events(wanted or Filter())]
        assert read.notes == []
        return found


def test_an_event_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = event(1, host="wéb\x1b[31m", fields={"comm": "<script>'; DROP TABLE x; --", "size_bytes": 2**63})
    assert facts.save(tmp_path, "c1", [kept("a", saved)]) == Saved(1, 1, 0)
    with Facts(tmp_path) as read:
        assert list(read.events(Filter())) == [saved]


def test_an_event_without_anything_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    nothing = dict.fromkeys(
        ("function", "function_reason", "file", "line", "subsystem", "host", "boot", "kernel")
    )
    saved = event(1, **nothing, build=None, time=None, monotonic_s=None, report=None, fields={}, text="")
    facts.save(tmp_path, "c1", [kept("a", saved)])
    with Facts(tmp_path) as read:
        assert list(read.events(Filter())) == [saved]


def test_a_line_number_that_no_column_holds_is_unknown(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept("a", event(1, line=10**30))])
    with Facts(tmp_path) as read:
        assert [each.line for each in read.events(Filter())] == [None]


def test_saving_the_same_source_again_adds_nothing(tmp_path: Path) -> None:
    source = kept("a", event(1), event(2))
    facts.save(tmp_path, "c1", [source])
    assert facts.save(tmp_path, "c1", [source]) == Saved(0, 0, 1)
    assert ids(tmp_path) == ["e1", "e2"]


def test_a_source_given_twice_in_one_run_is_added_once(tmp_path: Path) -> None:
    assert facts.save(tmp_path, "c1", [kept("a", event(1)), kept("a", event(1))]) == Saved(1, 1, 1)
    assert ids(tmp_path) == ["e1"]


def test_the_reading_of_a_newer_catalogue_replaces_the_older_ones(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept("a", event(1), event(2)), kept("b", event(3))])
    assert facts.save(tmp_path, "c2", [kept("a", event(4))]) == Saved(1, 1, 0)
    assert ids(tmp_path) == ["e3", "e4"]


def test_a_newer_catalogue_that_finds_nothing_leaves_nothing(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept("a", event(1))])
    facts.save(tmp_path, "c2", [kept("a")])
    assert ids(tmp_path) == []
    assert list(tmp_path.glob("facts/**/*.parquet")) == []


def test_an_older_catalogue_never_replaces_a_newer_ones_reading(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept("x", event(9))])
    facts.save(tmp_path, "c2", [kept("a", event(1))])
    assert facts.save(tmp_path, "c1", [kept("a", event(2))]) == Saved(0, 0, 1)
    assert ids(tmp_path) == ["e1", "e9"]


def test_segments_lie_in_a_folder_for_each_date(tmp_path: Path) -> None:
    days = [event(day, time=BEGIN + timedelta(days=day)) for day in range(3)]
    facts.save(tmp_path, "c1", [kept("a", *days, event(8, time=None))])
    assert sorted(path.parent.name for path in tmp_path.glob("facts/events/*/*.parquet")) == [
        "date=2026-11-01",
        "date=2026-11-02",
        "date=2026-11-03",
        "date=__HIVE_DEFAULT_PARTITION__",
    ]


def test_many_sources_share_a_segment(tmp_path: Path) -> None:
    facts.save(tmp_path, "c1", [kept(f"console-{number}", event(number)) for number in range(500)])
    assert len(list(tmp_path.glob("facts/events/*/*.parquet"))) == 1
    assert len(ids(tmp_path)) == 500


def test_a_log_that_claims_any_date_does_not_make_any_number_of_files(tmp_path: Path) -> None:
    made = [event(number, time=BEGIN - timedelta(days=number)) for number in range(segments.MOST_DATES + 50)]
    dates = segments.by_date([[None] * segments.TIME + [each.time] for each in made])
    assert len(dates) == segments.MOST_DATES + 1
    assert len(dates[None]) == 50


def test_a_source_larger_than_a_segment_is_saved_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "FLUSH_ROWS", 10)
    sources = [kept("a", *map(event, range(35))), kept("b", *map(event, range(35, 40)))]
    assert facts.save(tmp_path, "c1", sources) == Saved(2, 40, 0)
    assert sorted(ids(tmp_path)) == sorted(f"e{number}" for number in range(40))


def test_a_segment_that_vanished_before_it_was_registered_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = segments.write

    def write_and_lose(*arguments: object) -> segments.Segment:
        segment = write(*arguments)  # type: ignore[arg-type]
        (tmp_path / "facts" / segment.path).unlink()
        return segment

    monkeypatch.setattr(segments, "write", write_and_lose)
    with pytest.raises(StoreError, match="vanished before it was registered"):
        facts.save(tmp_path, "c1", [kept("a", event(1))])
    assert ids(tmp_path) == []


def test_a_store_of_a_newer_kernward_is_refused(tmp_path: Path) -> None:
    import sqlite3

    facts.save(tmp_path, "c1", [kept("a", event(1))])
    ledger = sqlite3.connect(tmp_path / "ledger.sqlite")
    ledger.execute("PRAGMA user_version = 99")
    ledger.close()
    with pytest.raises(StoreError, match="made by a newer kernward"):
        facts.save(tmp_path, "c1", [kept("b", event(2))])


def test_a_ledger_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database, " * 1000)
    with pytest.raises(StoreError, match="the ledger .* cannot be used"):
        facts.save(tmp_path, "c1", [kept("b", event(2))])


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        facts.save(tmp_path / "file" / "home", "c1", [kept("b", event(2))])


def test_two_processes_at_once_add_each_source_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), str(tmp_path), "c1", "0", "30"], stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    assert Counter(ids(tmp_path)) == Counter(f"e{number}" for number in range(30) for _ in range(1))


@pytest.mark.parametrize("rounds", [20])
def test_what_was_acknowledged_before_kill_minus_9_reads_back_exactly_once(
    tmp_path: Path, rounds: int
) -> None:
    acknowledged: set[str] = set()
    first = 0
    for number in range(rounds):
        with subprocess.Popen(
            [sys.executable, str(WRITER), str(tmp_path), f"c{number // 5}", str(first), "1000"],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            # The first acknowledgement says that it is at work; then it is killed at another point of
            # it in every round.
            acknowledged.add(writer.stdout.readline().strip())
            time.sleep(0.0017 * number)
            writer.kill()
            acknowledged.update(
                line.strip() for line in writer.stdout.read().splitlines(keepends=True) if "\n" in line
            )
        # Half of the next round's sources were saved before: by this catalogue, or by an older one.
        first = max(int(id[1:]) for id in acknowledged) - 2
    counts = Counter(ids(tmp_path))
    assert set(counts.values()) == {1}
    assert acknowledged <= set(counts)
    # Beyond what was acknowledged there is at most what was being committed when the process died.
    assert len(set(counts) - acknowledged) <= rounds
