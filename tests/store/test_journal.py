"""The recorder's journal: whole frames are read, whatever became of the end."""

import os
from pathlib import Path

import pytest

from kernward.records.errors import StoreError
from kernward.store import journal

FRAMES = [b"first", b"second" * 100, b"third" * 7]


def written(home: Path) -> Path:
    made = journal.Journal(home)
    for frame in FRAMES:
        made.append(frame)
    made.close()
    return made.path


def frames(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return list(journal.frames(file))


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    assert frames(written(tmp_path)) == FRAMES


def test_what_was_appended_is_read_while_the_journal_is_open(tmp_path: Path) -> None:
    made = journal.Journal(tmp_path)
    made.append(b"one")
    assert frames(made.path) == [b"one"]
    made.append(b"two")
    assert frames(made.path) == [b"one", b"two"]
    made.close()


def test_a_journal_cut_anywhere_gives_the_whole_frames_before_the_cut(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    counts = []
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        found = frames(path)
        assert found == FRAMES[: len(found)]
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[-1] == len(FRAMES)


def test_a_journal_damaged_anywhere_gives_frames_that_were_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        found = frames(path)
        assert found == FRAMES[: len(found)]
        assert len(found) < len(FRAMES)


def test_a_tail_of_zeros_as_a_crash_of_the_machine_leaves_it_is_no_frame(tmp_path: Path) -> None:
    path = written(tmp_path)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert frames(path) == FRAMES


def test_a_repeated_sample_costs_little(tmp_path: Path) -> None:
    made = journal.Journal(tmp_path)
    made.append(os.urandom(20_000))
    before = made.size_bytes
    data = os.urandom(20_000)
    made.append(data)
    first = made.size_bytes - before
    made.append(data)
    assert made.size_bytes - before - first < 200
    made.close()


def test_a_full_disk_is_one_sentence_and_leaves_whole_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal.Journal(tmp_path)
    made.append(b"one")
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    with pytest.raises(StoreError, match="the disk is full"):
        made.append(b"two")
    monkeypatch.undo()
    made.close()
    assert frames(made.path) == [b"one"]
    assert made.path.stat().st_size == made.size_bytes


def test_a_journal_is_held_as_long_as_it_is_written(tmp_path: Path) -> None:
    made = journal.Journal(tmp_path)
    with made.path.open("rb") as file:
        assert journal.held(file)
    made.close()
    with made.path.open("rb") as file:
        assert not journal.held(file)


def test_a_journal_that_was_moved_away_is_noticed(tmp_path: Path) -> None:
    made = journal.Journal(tmp_path)
    assert made.there
    made.path.rename(tmp_path / "elsewhere")
    assert not made.there
    made.close()


def test_names_sort_by_time() -> None:
    names = [journal.ulid() for _ in range(50)]
    assert len(set(names)) == 50
    assert [name[:10] for name in names] == sorted(name[:10] for name in names)


def test_a_frame_that_unpacks_to_too_much_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = journal.Journal(tmp_path)
    made.append(b"one")
    made.append(bytes(1 << 20))
    made.close()
    assert len(frames(made.path)) == 2
    monkeypatch.setattr(journal, "MOST_FRAME_BYTES", 1 << 19)
    assert frames(made.path) == [b"one"]
