"""`vm clean` removes what can be made again, and nothing that is in use."""

from pathlib import Path

from kernward.vm import leftovers
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec


def test_what_is_not_in_use_goes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("snapshots/abc", "run/dead", "images", "kernels"):
        (home / "vm" / name).mkdir(parents=True)
    (home / "vm/snapshots/abc.lock").touch()
    (home / "vm/snapshots/abc/state").write_bytes(b"x" * 10_000)
    (home / "vm/run/dead/about.json").write_text(
        '{"id":"dead","name":"guest","kernel":"6.1","pid":4194303,"owner_pid":4194303,"since_unix_s":1,'
        '"memory_mb":256,"cold":true}'
    )
    (home / "vm/images/disk.img").write_bytes(b"x" * 10_000)
    done = leftovers.clean(home)
    assert (done.machines, done.snapshots, done.images, done.in_use) == (1, 1, 1, 0)
    assert done.size_bytes >= 20_000
    assert sorted(path.name for path in home.rglob("*") if path.is_file()) == ["abc.lock"]
    assert leftovers.clean(home).size_bytes == 0


def test_a_machine_that_runs_is_listed_and_left_alone(bed: Bed, spec: Spec) -> None:
    with bed.restore(spec, name="one of a test") as machine:
        mine = [each for each in leftovers.running(bed.home) if each.name == "one of a test"]
        assert [each.pid for each in mine] == [machine.process.pid]
        leftovers.stop(mine[0])
        assert machine.process.wait(10) is not None
    assert not [each for each in leftovers.running(bed.home) if each.name == "one of a test"]


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    assert leftovers.running(tmp_path) == []
    assert leftovers.clean(tmp_path).size_bytes == 0
