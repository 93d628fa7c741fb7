"""Triage of real log text: what is read, by how many processes, what is saved and read back."""

import gzip
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kernward.operations import reading
from kernward.operations.recall import events, problems
from kernward.operations.triage import Done, triage
from kernward.records.errors import KernwardError, UsageError
from kernward.records.events import Event
from kernward.records.filters import Filter
from kernward.records.problems import Triage

BANNER = "[    0.000000] Linux version {} (builder@example) (gcc 12.2.0) #1 SMP Debian 6.1.170-1\n"
EXT4 = (
    "[  100.500000] EXT4-fs error (device sda1): {}:1785: inode #2: comm ls: deleted inode referenced: 12\n"
    "[  101.500000] EXT4-fs (sda1): Remounting filesystem read-only\n"
)
DROPPED = "[  200.000000] ** 1377 printk messages dropped **\n"


def log(function: str = "ext4_lookup", kernel: str = "6.1.0-47-cloud-amd64", more: str = "") -> str:
    return BANNER.format(kernel) + "[    1.000000] all is quiet\n" + EXT4.format(function) + more


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A folder for each of eight hosts, one kernel newer than the others."""
    folder = tmp_path / "fleet"
    for number in range(8):
        host = folder / f"web{number}"
        host.mkdir(parents=True)
        kernel = "6.12.107+deb12-amd64" if number == 7 else "6.1.0-47-cloud-amd64"
        function = "ext4_iget" if number == 7 else "ext4_lookup"
        (host / "console.log").write_text(log(function, kernel, f"[  300.000000] host {number}\n"))
    (folder / "web3" / "broken.log.gz").write_bytes(gzip.compress(b"x" * 100_000)[:50])
    return folder


def comparable(result: Triage) -> bytes:
    totals = msgspec.structs.replace(result.totals, elapsed_s=0.0)
    fixed = msgspec.structs.replace(result, totals=totals, generated_at_utc=datetime(2026, 1, 1, tzinfo=UTC))
    return msgspec.json.encode(fixed)


def read(*paths: Path, home: Path, **options: object) -> Done:
    return triage(list(paths), home=home, **options)  # type: ignore[arg-type]


def recalled(home: Path, **wanted: object) -> list[Event]:
    found: list[Event] = []
    events(Filter(**wanted), found.append, home=home)  # type: ignore[arg-type]
    return found


def test_problems_over_a_fleet_are_grouped_counted_and_linked(fleet: Path, tmp_path: Path) -> None:
    result = read(fleet, home=tmp_path / "home").triage
    assert [(each.title, each.count, each.host_count) for each in result.problems] == [
        ("EXT4-fs error in ext4_lookup", 7, 7),
        ("EXT4-fs error in ext4_iget", 1, 1),
        ("EXT4-fs: remounted read-only after an error", 8, 8),
    ]
    assert [(each.title, each.count) for each in result.problems[2].causes] == [
        ("EXT4-fs error in ext4_lookup", 7),
        ("EXT4-fs error in ext4_iget", 1),
    ]
    assert result.problems[0].next_steps
    totals = result.totals
    assert (totals.sources, totals.hosts, totals.boots) == (9, 8, 8)
    assert totals.kernels == {"6.1.0-47-cloud-amd64": 7, "6.12.107+deb12-amd64": 1}
    assert totals.bytes_read is not None
    assert totals.bytes_read >= sum(len(path.read_bytes()) for path in fleet.glob("*/console.log"))
    assert len(result.unreadable) == 1
    assert "broken.log.gz" in result.unreadable[0]


@pytest.mark.parametrize("jobs", [2, 3])
def test_several_processes_give_the_same_as_one(fleet: Path, tmp_path: Path, jobs: int) -> None:
    lines: dict[int, list[bytes]] = {1: [], jobs: []}
    results = [
        read(fleet, home=tmp_path / str(number), jobs=number, each=lines[number].append).triage
        for number in (1, jobs)
    ]
    assert comparable(results[0]) == comparable(results[1])
    assert b"".join(lines[1]) == b"".join(lines[jobs])
    assert recalled(tmp_path / "1") == recalled(tmp_path / str(jobs))


def test_a_reading_process_that_dies_is_one_sentence(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import signal

    parent = os.getpid()

    def die(*_: object, **__: object) -> None:
        assert os.getpid() != parent
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(reading, "recognise", die)
    with pytest.raises(KernwardError, match="ended before it was done"):
        triage([fleet], save=False, jobs=2)


def test_a_fault_in_a_reading_process_is_one_sentence(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("something unforeseen")

    monkeypatch.setattr(reading, "recognise", fail)
    with pytest.raises(
        KernwardError, match=r"fault of kernward itself \(LookupError: something unforeseen\)"
    ):
        triage([fleet], save=False, jobs=2)
    assert capfd.readouterr().err == ""


def test_every_event_is_a_line_of_json_in_the_order_of_the_log(fleet: Path, tmp_path: Path) -> None:
    lines: list[bytes] = []
    read(fleet / "web0", home=tmp_path, each=lines.append)
    kinds = [msgspec.json.decode(line)["kind"] for line in lines]
    assert kinds == ["boot", "ext4-error", "ext4-remount-read-only"]
    event = msgspec.json.decode(lines[2])
    assert {"class", "signature", "source", "start", "end", "fields"} <= event.keys()
    assert event["caused_by"][0]["event"] == msgspec.json.decode(lines[1])["id"]


def test_what_was_saved_reads_back_as_it_was_printed(fleet: Path, tmp_path: Path) -> None:
    lines: list[bytes] = []
    read(fleet, home=tmp_path / "home", each=lines.append)
    printed = sorted(lines)
    assert sorted(msgspec.json.encode(each) + b"\n" for each in recalled(tmp_path / "home")) == printed


def test_reading_the_same_logs_again_adds_nothing(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = read(fleet, home=home)
    again = read(fleet, home=home, jobs=2)
    assert first.saved is not None
    assert again.saved is not None
    assert (first.saved.events, again.saved.events, again.saved.sources) == (24, 0, 0)
    assert len(recalled(home)) == 24


def test_a_log_that_grows_and_is_read_again_counts_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = tmp_path / "kern.log"
    path.write_text(log())
    read(path, home=home)
    first = path.read_text()
    for more in ("[  300.000000] nothing known\n", EXT4.format("ext4_iget").replace("  10", "  40")):
        path.write_text(path.read_text() + more)
        read(path, home=home)
    assert [each.function for each in recalled(home)] == [None, "ext4_lookup", None, "ext4_iget", None]
    path.write_text(first)
    read(path, home=home)
    assert len(recalled(home)) == 5


def test_a_log_that_was_rotated_after_it_was_read_counts_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    stamp = "2026-11-01T12:00:00.123456+00:00 web1 kernel: "
    lines = [stamp + line + "\n" for line in log().splitlines()]
    path = tmp_path / "kern.log"
    path.write_text("".join(lines))
    read(path, home=home)
    path.write_text(
        "".join(lines) + stamp + EXT4.format("ext4_iget").replace("  10", "  40").splitlines()[0] + "\n"
    )
    rotated = path.rename(tmp_path / "kern.log.1")
    path.write_text(stamp.replace("12:00", "13:00") + "[  900.000000] nothing known\n")
    read(path, rotated, home=home)
    assert [each.function for each in recalled(home)] == [None, "ext4_lookup", None, "ext4_iget"]


def test_another_log_under_the_same_name_replaces_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = tmp_path / "kern.log"
    path.write_text(log())
    read(path, home=home)
    path.write_text(log("ext4_iget", more="[  300.000000] it was rotated meanwhile\n"))
    read(path, home=home)
    assert len(recalled(home)) == 6


def test_a_copy_compressed_or_in_an_archive_is_the_same_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plain = tmp_path / "console.log"
    plain.write_text(log())
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        archive.add(plain, "somewhere/console.log")
    read(plain, packed, tmp_path / "all.tar", home=home)
    assert len(recalled(home)) == 3


def test_without_saving_no_store_is_made(fleet: Path, tmp_path: Path) -> None:
    done = read(fleet, home=tmp_path / "home", save=False)
    assert done.saved is None
    assert not (tmp_path / "home").exists()


def test_a_store_that_cannot_be_written_to_does_not_cost_the_answer(fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = read(fleet, home=tmp_path / "file" / "home")
    assert done.not_saved is not None
    assert "cannot be made" in done.not_saved
    assert done.triage.problems


def test_the_answer_comes_before_saving(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    there: list[bool] = []
    read(fleet, home=home, answer=lambda _: there.append(home.exists()))
    assert there == [False]


def test_what_could_not_be_seen_is_said(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text(log(more=DROPPED))
    (tmp_path / "two.log").write_text(log(more=DROPPED * 2))
    what = [each.what for each in read(tmp_path, home=tmp_path / "home").triage.unseen]
    assert any("the kernel dropped messages" in each for each in what)
    assert any("have no date" in each for each in what)
    assert any("which host" in each for each in what)


def test_a_file_name_that_is_no_utf8_is_shown_by_its_bytes(tmp_path: Path) -> None:
    import os

    path = os.fsdecode(os.fsencode(tmp_path) + b"/console-\xff.log")
    Path(path).write_text(log())
    result = triage([path], home=tmp_path / "home").triage
    assert result.problems[0].sources[0].endswith("console-\\xff.log")


def test_problems_from_the_store_are_those_of_the_triage(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    result = read(fleet, home=home).triage
    again, notes = problems(Filter(), home=home)
    assert notes == []
    assert [
        (each.signature, each.count, each.hosts, each.kernels, each.causes) for each in again.problems
    ] == [(each.signature, each.count, each.hosts, each.kernels, each.causes) for each in result.problems]
    assert all(each.example.text for each in again.problems)
    assert again.states == result.states
    # The log without an event is no part of what the store can count.
    same = msgspec.structs.replace(
        result.totals, bytes_read=None, sources=8, elapsed_s=again.totals.elapsed_s
    )
    assert again.totals == same
    assert again.unseen == result.unseen


def test_a_state_that_caused_a_problem_is_named_as_its_cause(tmp_path: Path) -> None:
    home = tmp_path / "home"
    text = BANNER.format("6.1.0") + (
        "[   90.000000] sysrq: Show Blocked State\n"
        "[   92.000100] Kernel panic - not syncing: sysrq triggered crash\n"
        "[   92.000200] CPU: 0 PID: 162 Comm: sh Not tainted 6.1.0 #1\n"
    )
    (tmp_path / "a.log").write_text(text)
    result = read(tmp_path / "a.log", home=home).triage
    again, _ = problems(Filter(), home=home)
    assert [each.causes for each in again.problems] == [each.causes for each in result.problems]
    assert any(each.causes for each in again.problems)


def test_problems_are_filtered(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    read(fleet, home=home)
    found, _ = problems(Filter(hosts=("web7",), kinds=("ext4-error",)), home=home)
    assert [(each.function, each.count) for each in found.problems] == [("ext4_iget", 1)]


def test_what_a_kernel_brought_was_seen_on_no_earlier_one(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    read(fleet, home=home)
    found, notes = problems(Filter(), new_since="6.1.0-47", home=home)
    assert [each.function for each in found.problems] == ["ext4_iget"]
    assert "1 kernel later than 6.1.0-47 with 1 kernel up to it" in notes[0]


def test_without_facts_of_earlier_kernels_it_is_said_that_nothing_tells(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    read(fleet, home=home)
    found, notes = problems(Filter(), new_since="5.10", home=home)
    assert len(found.problems) == 3
    assert "no facts of kernels up to 5.10" in notes[0]


def test_without_facts_of_later_kernels_nothing_new_can_be_seen(fleet: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    read(fleet, home=home)
    found, notes = problems(Filter(), new_since="7.0", home=home)
    assert found.problems == ()
    assert "no facts of kernels later than 7.0" in notes[0]


def test_a_release_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no kernel release"):
        problems(Filter(), new_since="newest", home=tmp_path)


def test_an_empty_store_is_said_to_be_empty(tmp_path: Path) -> None:
    found, notes = problems(Filter(), home=tmp_path)
    assert found.problems == ()
    assert "is empty: nothing was saved yet" in notes[0]
