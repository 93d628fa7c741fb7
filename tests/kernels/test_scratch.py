"""What is made appears whole, and what was left is cleared."""

from pathlib import Path

import pytest

from kernward.kernels.lock import locked
from kernward.kernels.scratch import scratch
from kernward.records.errors import InputError


def test_a_folder_appears_when_it_is_renamed(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with scratch(place) as new:
        new.mkdir()
        (new / "a").write_text("whole")
        assert not place.exists()
        new.rename(place)
    assert (place / "a").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> None:
        with scratch(tmp_path / "place") as new:
            new.mkdir()
            raise KeyError

    pytest.raises(KeyError, failing)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_never_used(tmp_path: Path) -> None:
    left = tmp_path / ".place.abc" / "new"
    left.mkdir(parents=True)
    (tmp_path / ".place.lock").touch()
    (tmp_path / ".places.abc").mkdir()
    with scratch(tmp_path / "place") as new:
        assert new != left
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".place.lock", ".places.abc"]


def test_a_disk_that_takes_nothing_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"place: it cannot be made: No space left"),
        scratch(tmp_path / "place"),
    ):
        Path("/dev/full").write_text("x" * 100_000)


def test_a_lock_is_let_go_when_its_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "a/.lock"):
        raise KeyError
    with locked(tmp_path / "a/.lock"):
        pass
