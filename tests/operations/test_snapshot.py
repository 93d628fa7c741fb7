"""`kernward record --once`: a snapshot of this machine that can be read elsewhere."""

from pathlib import Path

from kernward.cli.main import main
from kernward.collectors import snapshot_file
from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.window import Window
from kernward.operations.snapshot import samples


class Fast(Clock):
    """Nobody waits."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def monotonic_s(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds


def test_a_snapshot_of_this_machine_is_a_window_with_rates(tmp_path: Path, capsys) -> None:
    file = tmp_path / "here.snapshot"
    assert main(["record", "--once", str(file), "--seconds", "1"]) == 0
    assert str(file) in capsys.readouterr().out
    found = snapshot_file.read(file)
    window = Window(found.samples)
    assert not window.since_boot
    assert 0.8 < window.seconds < 3
    assert "loadavg" in found.samples[-1].read
    assert found.notes == ()


def test_samples_cover_the_time_and_end_with_details() -> None:
    taken = list(samples(Root("/"), Fast(), 10.0))
    assert 9 <= taken[-1].at_s - taken[0].at_s <= 11
    assert len(taken) >= 8
    assert set(taken[1].read) < set(taken[-1].read)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path, capsys) -> None:
    assert main(["record", "--once", str(tmp_path / "none" / "x"), "--seconds", "1"]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_snapshot_goes_to_standard_output(tmp_path: Path, capfdbinary) -> None:
    assert main(["record", "--once", "-", "--seconds", "1"]) == 0
    (tmp_path / "s").write_bytes(capfdbinary.readouterr().out)
    assert snapshot_file.is_snapshot(tmp_path / "s")
    assert len(snapshot_file.read(tmp_path / "s").samples) >= 2
