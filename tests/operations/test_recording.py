"""The recorder: bounded in cost, alive through kill -9, full disks and rotation; read back as it was sampled."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from kernward.cli.main import main
from kernward.collectors.clock import Clock
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import AnySource, EntitySource, Source
from kernward.collectors.sources import sources
from kernward.collectors.window import Window
from kernward.operations import recording as recorder
from kernward.operations.playback import Restoring, extents, recording
from kernward.operations.recording import SLOW, Recorder
from kernward.records.errors import InputError, UsageError
from kernward.store import journal
from kernward.store.sample_compaction import compact
from kernward.store.sample_reading import Recordings


class Made(Clock):
    """A clock that goes as it is told, and a machine that costs as much as it is told."""

    def __init__(self) -> None:
        self.at_s = 1000.0
        self.skew_s = 0.0

    def monotonic_s(self) -> float:
        return self.at_s

    def utc(self) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=self.at_s + self.skew_s)


class Load(msgspec.Struct, frozen=True):
    one: Annotated[float | None, gauge("", "load")] = None


class Task(msgspec.Struct, frozen=True):
    comm: Annotated[str, fact("name")]
    used_s: Annotated[float | None, counter("s", "time")] = None
    by_cpu: Annotated[tuple[int, ...] | None, counter("", "by CPU")] = None


def known(tasks: dict[str, Task]) -> dict[str, AnySource]:
    def absent(root: Root) -> Load:
        raise Unavailable("/proc/gone", "there is no such file")

    return {
        "gone": Source(name="gone", doc="", files=("/proc/gone",), record=Load, read=absent),
        "load": Source(name="load", doc="", files=("/proc/load",), record=Load, read=lambda root: Load(0.5)),
        "tasks": EntitySource(
            name="tasks",
            doc="",
            files=("/proc",),
            record=Task,
            read=lambda r, s: dict(tasks),
            scope="process",
        ),
    }


def made(home: Path, clock: Made, tasks: dict[str, Task], **options: object) -> Recorder:
    return Recorder(home, clock=clock, known=known(tasks), compact=lambda home: None, **options)  # type: ignore[arg-type]


def restored(home: Path, tasks: dict[str, Task]) -> list:
    with Recordings(home) as recordings:
        stored = recordings.samples(recordings.spans()[0].host, 0, 1 << 61)
    restoring = Restoring(known(tasks))
    samples = [restoring.sample(each) for each in stored]
    assert restoring.notes() == []
    return samples


def test_a_recording_gives_the_records_that_were_sampled(tmp_path: Path) -> None:
    tasks = {"1": Task("init", 1.25, (1, 2)), "2": Task("\x1b[31m\udcff", None)}
    clock = Made()
    one = made(tmp_path, clock, tasks)
    assert one.once()
    clock.at_s += 5
    tasks["1"] = Task("init", 1.5, (3, 4))
    assert one.once()
    one.close()
    for _ in range(2):
        samples = restored(tmp_path, tasks)
        assert [each.read["tasks"]["1"].used_s for each in samples] == [1.25, 1.5]
        assert samples[0].read["tasks"]["1"].by_cpu == (1, 2)
        assert samples[0].read["tasks"]["2"].comm == "\x1b[31m\\xff"
        assert samples[0].read["load"] == Load(0.5)
        assert samples[0].absent == {"gone": "/proc/gone: there is no such file"}
        assert samples[1].at_s - samples[0].at_s == 5
        compact(tmp_path)


def test_this_machine_is_recorded_and_read_back_with_every_source(tmp_path: Path) -> None:
    one = Recorder(tmp_path, compact=lambda home: None)
    assert one.once()
    assert one.once()
    one.close()
    journals = recording(tmp_path)
    compact(tmp_path)
    segments = recording(tmp_path)
    assert journals.notes == segments.notes == ()
    assert segments.samples == journals.samples
    every = {name for name, each in sources().items() if each.when == "sample"}
    first, second = segments.samples
    assert {*first.read, *first.absent} == {name for name, each in sources().items() if each.when != "asked"}
    assert {*second.read, *second.absent} == every - SLOW
    assert Window(segments.samples).seconds >= 0


def test_of_too_many_entities_the_busiest_are_kept_and_the_others_are_not_taken_for_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recorder.MOST_ENTITIES, "process", 3)
    tasks = {str(pid): Task("x", 100.0) for pid in range(10)}
    clock = Made()
    one = made(tmp_path, clock, tasks)
    one.once()
    clock.at_s += 5
    tasks["7"] = Task("x", 103.0)
    one.once()
    one.close()
    for _ in range(2):
        samples = restored(tmp_path, tasks)
        assert [len(each.read["tasks"]) for each in samples] == [3, 3]
        window = Window(samples)
        source = known(tasks)["tasks"]
        # Not in the sample before, which kept only some: how much it used since then is not known.
        assert window.each_over(source)["7"].used_s is None  # type: ignore[arg-type]
        compact(tmp_path)


def test_all_sources_of_processes_keep_the_same_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recorder.MOST_ENTITIES, "process", 3)
    monkeypatch.setattr(recorder, "LEADING", frozenset({"tasks"}))
    tasks = {str(pid): Task("x", 100.0) for pid in range(10)}
    every = known(tasks)
    # Read before the one that knows who is busy, and with nothing of its own to choose by.
    names = {str(pid): Load(0.0) for pid in range(12)}
    every["groups"] = EntitySource(
        name="groups", doc="", files=("/x",), record=Load, read=lambda r, s: names, scope="process"
    )
    clock = Made()
    one = Recorder(tmp_path, clock=clock, known=every, compact=lambda home: None)
    one.once()
    clock.at_s += 5
    tasks |= {"7": Task("x", 103.0), "9": Task("x", 102.0), "4": Task("x", 101.0)}
    one.once()
    one.close()
    with Recordings(tmp_path) as recordings:
        found = recordings.samples(recordings.spans()[0].host, 0, 1 << 61)[-1]
    assert {*found.read["tasks"]} == {*found.read["groups"]} == {"4", "7", "9"}


def test_a_source_that_costs_too_much_is_read_less_often_and_the_recording_says_so(tmp_path: Path) -> None:
    clock = Made()
    said: list[str] = []
    one = made(tmp_path, clock, {"1": Task("x", 1.0)}, tell=said.append, max_overhead_percent=1.0)
    one._costs["tasks"] = 0.3
    one._review()
    assert one._every == {"gone": 1, "load": 1, "tasks": 8}
    assert "tasks is read in every 8 samples" in said[0]
    for _ in range(8):
        one.once()
        clock.at_s += 5
    one.close()
    samples = restored(tmp_path, {})
    assert sum("tasks" in each.read for each in samples) == 1
    assert "every 8 samples" in samples[3].absent["tasks"]


def test_what_a_source_costs_is_the_processor_time_of_reading_it(tmp_path: Path) -> None:
    every = known({})

    def busy(root: Root) -> Load:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
        return Load(1.0)

    def asleep(root: Root) -> Load:
        time.sleep(0.03)
        return Load(1.0)

    for name, read in (("busy", busy), ("load", asleep)):
        every[name] = Source(name=name, doc="", files=("/x",), record=Load, read=read)
    clock = Made()
    one = Recorder(tmp_path, clock=clock, known=every, compact=lambda home: None, max_overhead_percent=0.1)
    for _ in range(3):
        one.once()
        clock.at_s += 5
    one._review()
    one.close()
    assert one._every["busy"] >= 4
    assert one._every["load"] == 1
    assert one._costs["load"] < 0.02


def test_a_source_that_became_cheap_is_read_in_every_sample_again(tmp_path: Path) -> None:
    one = made(tmp_path, Made(), {})
    one._every["tasks"] = 8
    one._costs = {"tasks": 0.001, "load": 0.001}
    one._review()
    one._review()
    one._review()
    assert one._every["tasks"] == 1


def test_a_full_journal_is_followed_by_another_and_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Made()
    begun: list[Path] = []
    one = Recorder(tmp_path, clock=clock, known=known({}), compact=lambda home: begun.append(home))
    one.once()
    clock.at_s += recorder.JOURNAL_S
    one.once()
    assert len(journal.paths(tmp_path)) == 2
    clock.at_s += 5
    clock.skew_s += 86400
    one.once()
    assert len(journal.paths(tmp_path)) == 3
    monkeypatch.setattr(recorder, "JOURNAL_RAW_BYTES", 1)
    one.once()
    one.close()
    assert len(journal.paths(tmp_path)) == 4
    assert begun == [tmp_path] * 3
    assert len(restored(tmp_path, {})) == 4


def test_a_journal_that_is_removed_under_the_recorder_is_followed_by_another(tmp_path: Path) -> None:
    clock = Made()
    one = made(tmp_path, clock, {})
    one.once()
    journal.paths(tmp_path)[0].unlink()
    clock.at_s += 5
    assert one.once()
    one.close()
    assert len(restored(tmp_path, {})) == 1


def test_a_full_disk_costs_samples_and_not_the_recorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    one = made(tmp_path, Made(), {}, tell=said.append)
    assert one.once()

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert not one.once()
    assert not one.once()
    monkeypatch.undo()
    assert one.once()
    one.close()
    assert len(restored(tmp_path, {})) == 2
    assert len(said) == 2
    assert "No space left" in said[0]
    assert said[1] == "samples are written again"


def test_two_recorders_do_not_share_a_store(tmp_path: Path) -> None:
    one = made(tmp_path, Made(), {})
    lock = one._alone()
    with pytest.raises(UsageError, match="another process records"):
        made(tmp_path, Made(), {}).run(1)
    os.close(lock)


def test_the_recorder_loads_nothing_that_is_heavy() -> None:
    heavy = "duckdb pyarrow sqlalchemy numpy rich jinja2 kernward.store.facts kernward.diagnosis subprocess"
    script = (
        "import sys\n"
        "from kernward.operations.recording import Recorder\n"
        "from pathlib import Path\n"
        "one = Recorder(Path(sys.argv[1]), compact=lambda home: None)\n"
        "one.once(); one.close()\n"
        f"print(*(name for name in {heavy.split()!r} if name in sys.modules))\n"
    )
    folder = os.environ["KERNWARD_HOME"]
    run = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("", "")


def started(home: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "record", "--interval", "0.1", *options],
        env={**os.environ, "KERNWARD_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition, seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


def count(home: Path) -> int:
    with Recordings(home) as recordings:
        assert recordings.notes == []
        return sum(each.samples for each in recordings.spans())


def test_a_recorder_killed_at_any_moment_loses_nothing_that_was_sampled(tmp_path: Path) -> None:
    before = 0
    for round_ in range(3):
        process = started(tmp_path)
        wait_for(lambda least=before + 3 + round_: count(tmp_path) >= least)
        seen = count(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        assert count(tmp_path) >= seen
        before = count(tmp_path)
        # A recorder that begins again has what the killed one left compacted; so does an operator.
        assert main(["record", "--compact"]) == 0
    # The recorders that were killed have begun compactions that may still be at it.
    wait_for(lambda: compact(tmp_path).notes == [] and not journal.paths(tmp_path))
    assert count(tmp_path) >= before
    times = [each.at_utc for each in recording(tmp_path).samples]
    assert times == sorted(set(times))
    assert len(times) >= before


def test_a_recorder_that_is_told_to_stop_stops_cleanly(tmp_path: Path) -> None:
    process = started(tmp_path)
    wait_for(lambda: count(tmp_path) >= 2)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "recorded" in said.splitlines()[-1]


def test_a_hangup_begins_a_new_journal(tmp_path: Path) -> None:
    process = started(tmp_path)
    wait_for(lambda: count(tmp_path) >= 2)
    first = journal.paths(tmp_path)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: journal.paths(tmp_path)[-1:] != first)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_it_ends_after_the_seconds_it_was_told(tmp_path: Path) -> None:
    process = started(tmp_path, "--seconds", "1")
    process.communicate(timeout=60)
    assert process.returncode == 0
    # On a machine that is busy with other things some moments pass by.
    assert 2 <= count(tmp_path) <= 12


def test_the_last_sample_is_taken_when_the_time_is_over(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, interval_s=5, compact=lambda home: None)
    assert recorder.run(0.3) == 2
    (there,) = extents(tmp_path)
    assert (there.last_utc - there.first_utc).total_seconds() >= 0.3


def test_what_a_store_holds_is_told_by_host_and_time(tmp_path: Path) -> None:
    one = Recorder(tmp_path, compact=lambda home: None)
    one.once()
    one.close()
    (there,) = extents(tmp_path)
    assert (there.samples, there.first_utc) == (1, there.last_utc)
    assert recording(tmp_path, host=there.host).host == there.host
    with pytest.raises(InputError, match="no recording of elsewhere"):
        recording(tmp_path, host="elsewhere")
    with pytest.raises(InputError, match="it goes from"):
        recording(tmp_path, since=there.last_utc + timedelta(seconds=1))


def test_an_empty_store_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no recording"):
        recording(tmp_path)


def test_a_part_of_a_recording_has_what_was_read_shortly_before_it(tmp_path: Path) -> None:
    clock = Made()
    one = Recorder(tmp_path, clock=clock, compact=lambda home: None)
    for _ in range(3):
        one.once()
        clock.at_s += 5
    one.close()
    for _ in range(2):
        part = recording(tmp_path, since=datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=1004))
        assert [round(each.at_s) for each in part.samples] == [1005, 1010]
        # Settings are read every five minutes: here in the sample at 1000 s.
        first, second = part.samples
        assert "memory_settings" in first.read
        assert round(first.read_at_s["memory_settings"]) == 1000
        assert "memory_settings" not in second.read
        compact(tmp_path)


def test_what_was_read_in_an_earlier_boot_is_not_taken_over(tmp_path: Path) -> None:
    from kernward.operations.playback import _with_earlier

    clock = Made()
    one = Recorder(tmp_path, clock=clock, compact=lambda home: None)
    one.once()
    clock.at_s += 5
    one.once()
    one.close()
    with Recordings(tmp_path) as recordings:
        first, second = recordings.samples(recordings.spans()[0].host, 0, 1 << 61)
    assert "memory_settings" in _with_earlier(second, [first]).read
    other = msgspec.structs.replace(first, boot_id="another")
    assert "memory_settings" not in _with_earlier(second, [other]).read


def test_many_processes_and_cgroups_are_recorded_within_bounds(tmp_path: Path) -> None:
    tasks = {str(pid): Task("x" * 15, float(pid), (1, 2, 3, 4)) for pid in range(5000)}
    groups = {f"/system.slice/{number}.service": Task("g") for number in range(2000)}
    every = known(tasks)
    every["groups"] = EntitySource(
        name="groups", doc="", files=("/x",), record=Task, read=lambda r, s: dict(groups), scope="cgroup"
    )
    one = Recorder(tmp_path, clock=Made(), known=every, compact=lambda home: None)
    for _ in range(3):
        one.once()
    one.close()
    with Recordings(tmp_path) as recordings:
        found = recordings.samples(recordings.spans()[0].host, 0, 1 << 61)
    assert [(len(each.read["tasks"]), len(each.read["groups"])) for each in found] == [(150, 400)] * 3
    assert found[0].cut == {"tasks", "groups"}
