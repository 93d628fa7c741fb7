"""Samples in the store: what was recorded is read back, from journals and from segments alike, once."""

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kernward.records.errors import StoreError
from kernward.store import journal, sample_compaction
from kernward.store.sample_compaction import compact
from kernward.store.sample_reading import Recordings, Stored
from tests.store.recordings import FIELDS, START_US, heading, record, sample

ALWAYS = (0, 1 << 61)


def stored(home: Path, host: str = "web1", span: tuple[int, int] = ALWAYS, sources=None) -> list[Stored]:
    with Recordings(home) as found:
        samples = found.samples(host, *span, sources)
        assert found.notes == []
    return sorted(samples, key=lambda each: (each.at_us, each.boot_id))


def segments(home: Path) -> list[Path]:
    return sorted(home.glob("facts/samples/*/*.parquet"))


def test_a_segment_gives_what_the_journal_gave(tmp_path: Path) -> None:
    record(tmp_path, *(sample(number) for number in range(50)))
    before = stored(tmp_path)
    done = compact(tmp_path)
    assert (done.journals, len(segments(tmp_path)), journal.paths(tmp_path)) == (1, 1, [])
    assert stored(tmp_path) == before
    assert len(before) == 50
    assert before[7].read["disk"]["vda"]["by_kind"] == {"read": 7}


@pytest.mark.parametrize(
    "values",
    [
        [None, None, None, None],
        [0, 0.0, None, None],
        [2**63 - 1, 0.1 + 0.2, [1], {"a": 1}],
        [2**64 - 1, 1e300, ["x", "y"], {"b": 0.5}],
        [-1, -0.5, [[1], [2]], {"a": {"b": 1}}],
        [True, math.pi, [1.5, 2.25], {"[0]": 1, "[x]": 2}],
        [1, float(2**60), [7] * 300, {"\x1b[31m": 1, "'; drop table": 2}],
    ],
)
def test_values_of_every_form_come_back_as_they_were(tmp_path: Path, values) -> None:
    odd = sample(1, read={"disk": {"v\x1bda": values}, "load": [1, "ü"]})
    record(tmp_path, sample(0), odd, sample(2))
    before = stored(tmp_path)
    assert [*before[1].read["disk"]["v\x1bda"].values()] == [each for each in values if each is not None]
    compact(tmp_path)
    assert stored(tmp_path) == before


def test_what_holds_nothing_is_not_what_is_absent(tmp_path: Path) -> None:
    for number, parts in enumerate((None, [], [[]], [None])):
        record(tmp_path, sample(number, read={"disk": {"vda": [1, 1.0, parts, {}]}}))
    before = stored(tmp_path)
    compact(tmp_path)
    assert stored(tmp_path)[:3] == before[:3]
    assert stored(tmp_path)[0].read == {"disk": {"vda": {"reads": 1, "time_s": 1, "by_kind": {}}}}


def test_other_programs_read_the_table(tmp_path: Path) -> None:
    record(tmp_path, *(sample(number) for number in range(4)))
    compact(tmp_path)
    query = (
        "SELECT host, entity, kind, epoch_us(time), digits / 10 ** scale FROM read_parquet(?) "
        "WHERE source = 'disk' AND field = 'time_s' ORDER BY time"
    )
    rows = duckdb.sql(query, params=[str(segments(tmp_path)[0])]).fetchall()
    assert rows[3][:4] == ("web1", "vda", "counter", START_US + 3 * 5_000_123)
    assert rows[3][4] == pytest.approx(0.009)


def test_a_long_recording_takes_less_than_a_byte_a_value(tmp_path: Path) -> None:
    record(tmp_path, *(sample(number, at_us=START_US + 5_000_000 * number) for number in range(2000)))
    done = compact(tmp_path)
    assert done.size_bytes / done.values < 0.8


def test_hosts_and_times_are_kept_apart(tmp_path: Path) -> None:
    record(tmp_path, sample(0), sample(1), sample(2))
    record(tmp_path, sample(0), host="db1")
    for _ in range(2):
        assert len(stored(tmp_path, "db1")) == 1
        assert [each.at_s for each in stored(tmp_path, span=(START_US + 1, START_US + 6_000_000))] == [105.0]
        compact(tmp_path)


def test_sources_that_are_not_wanted_are_not_read(tmp_path: Path) -> None:
    record(tmp_path, sample(0), sample(1))
    for _ in range(2):
        assert {*stored(tmp_path, sources=["load"])[0].read} == {"load"}
        compact(tmp_path)


def test_a_journal_that_is_being_written_is_read_and_not_compacted(tmp_path: Path) -> None:
    made = record(tmp_path, sample(0), closed=False)
    assert compact(tmp_path).journals == 0
    assert len(stored(tmp_path)) == 1
    made.close()
    assert compact(tmp_path).journals == 1


def test_a_journal_that_was_compacted_counts_once_even_if_it_is_still_there(tmp_path: Path) -> None:
    path = record(tmp_path, sample(0), sample(1)).path
    shutil.copy(path, tmp_path / "kept")
    compact(tmp_path)
    shutil.copy(tmp_path / "kept", path)
    # As if the compaction had been killed between its commit and the removal.
    from kernward.store.facts import ledger_path
    from kernward.store.ledger import JOURNALS, Ledger

    ledger = Ledger(ledger_path(tmp_path))
    with ledger.writing() as connection:
        connection.execute(JOURNALS.delete())
        connection.execute(JOURNALS.insert().values(name=path.name))
    ledger.close()
    assert len(stored(tmp_path)) == 2
    compact(tmp_path)
    assert (len(stored(tmp_path)), path.exists(), len(segments(tmp_path))) == (2, False, 1)


def test_midnight_separates_segments_and_loses_nothing(tmp_path: Path) -> None:
    midnight = START_US + 86_400_000_000
    record(tmp_path, *(sample(number, midnight - 10_000_000) for number in range(6)))
    compact(tmp_path)
    assert [path.parent.name for path in segments(tmp_path)] == ["date=2026-01-02", "date=2026-01-03"]
    assert len(stored(tmp_path)) == 6


def test_a_clock_that_jumps_loses_nothing(tmp_path: Path) -> None:
    record(tmp_path, sample(3), sample(0), sample(2, -(10**15)), sample(1))
    for _ in range(2):
        with Recordings(tmp_path) as found:
            samples = found.samples("web1", -(10**17), 1 << 61)
        # In the order in which they were taken.
        assert [each.at_s for each in samples] == [100.0, 105.0, 110.0, 115.0]
        compact(tmp_path)


def test_small_segments_of_a_boot_become_one(tmp_path: Path) -> None:
    for number in range(4):
        record(tmp_path, sample(number), sample(number + 10))
    record(tmp_path, sample(0), boot="b2")
    before = stored(tmp_path)
    assert compact(tmp_path, many=4).merged == 4
    assert len(segments(tmp_path)) == 2
    assert stored(tmp_path) == before


def test_what_is_older_than_it_is_kept_goes(tmp_path: Path) -> None:
    import time

    now_us = time.time_ns() // 1000
    record(tmp_path, sample(0))
    record(tmp_path, sample(0, now_us))
    record(tmp_path, sample(0), host="db1")
    done = compact(tmp_path, keep_days=30, host="web1")
    assert done.removed == 1
    assert len(stored(tmp_path, "db1")) == 1
    assert compact(tmp_path, keep_days=30).removed == 1
    assert [each.at_us for each in stored(tmp_path)] == [now_us]
    assert len(segments(tmp_path)) == 1


def test_a_segment_that_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    record(tmp_path, sample(0))
    compact(tmp_path)
    segments(tmp_path)[0].write_bytes(b"PAR1")
    record(tmp_path, sample(1))
    with Recordings(tmp_path) as found:
        assert len(found.samples("web1", *ALWAYS)) == 1
        assert "cannot be read" in found.notes[0]


def test_a_journal_without_a_beginning_is_set_aside_and_said(tmp_path: Path) -> None:
    path = record(tmp_path, sample(0)).path
    path.write_bytes(b"x" * 100)
    record(tmp_path, sample(1))
    done = compact(tmp_path)
    assert done.journals == 1
    assert "unreadable" in done.notes[0]
    assert path.with_suffix(".unreadable").exists()


def test_a_recorder_killed_before_its_first_sample_leaves_nothing(tmp_path: Path) -> None:
    path = record(tmp_path).path
    path.write_bytes(b"")
    assert compact(tmp_path).notes == []
    assert not path.exists()


def test_records_that_do_not_fit_their_fields_are_left_out(tmp_path: Path) -> None:
    record(tmp_path, sample(0, read={"disk": {"vda": [1], "vdb": "no"}, "load": 7, "new": {}}))
    compact(tmp_path)
    assert stored(tmp_path)[0].read.get("disk", {}) == {}


def test_two_compactions_at_once_are_one(tmp_path: Path) -> None:
    record(tmp_path, sample(0))
    with sample_compaction._alone(tmp_path) as alone:
        assert alone
        assert compact(tmp_path).journals == 0
    assert compact(tmp_path).journals == 1


def test_a_segment_that_cannot_be_written_leaves_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, sample(0))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="No space left"):
        compact(tmp_path)
    monkeypatch.undo()
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize("moment", range(6))
def test_a_compaction_that_is_killed_loses_and_doubles_nothing(tmp_path: Path, moment: int) -> None:
    for number in range(3):
        record(tmp_path, sample(number), sample(number + 10))
    before = stored(tmp_path)
    # Ends the process, as kill -9 would, at one call of what makes a step lasting.
    script = (
        "import os, sys\n"
        f"sys.path[:0] = [{str(Path(__file__).parents[2])!r}]\n"
        "from pathlib import Path\n"
        "from kernward.store import sample_compaction as it, segments\n"
        f"left = [{moment}]\n"
        "def dying(call):\n"
        "    def once(*a, **k):\n"
        "        left[0] -= 1\n"
        "        if left[0] < 0: os._exit(9)\n"
        "        return call(*a, **k)\n"
        "    return once\n"
        "segments.sync = dying(segments.sync); it.remove = dying(it.remove)\n"
        "Path.unlink = dying(Path.unlink); Path.rename = dying(Path.rename)\n"
        f"it.compact(Path({str(tmp_path)!r}), many=2)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 9, run.stderr
    assert stored(tmp_path) == before
    compact(tmp_path, many=2)
    assert stored(tmp_path) == before
    assert len(segments(tmp_path)) >= 1


def test_the_heading_says_which_fields_there_are() -> None:
    assert heading().sources == FIELDS


def test_a_store_made_before_there_were_recordings_takes_them(tmp_path: Path) -> None:
    import sqlite3

    from kernward.records.filters import Filter
    from kernward.store import facts
    from kernward.store.reading import Facts
    from tests.store.made import event, kept

    facts.save(tmp_path, "c1", [kept("console", event(0))])
    with sqlite3.connect(facts.ledger_path(tmp_path)) as ledger:
        ledger.execute("DROP TABLE sample_segments")
        ledger.execute("DROP TABLE journals")
        ledger.execute("PRAGMA user_version = 1")
    ledger.close()
    record(tmp_path, sample(0))
    assert compact(tmp_path).journals == 1
    assert len(stored(tmp_path)) == 1
    with Facts(tmp_path) as found:
        assert [each.id for each in found.events(Filter())] == ["e0"]
