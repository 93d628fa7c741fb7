"""`kernward triage`, `problems` and `events` as a user sees them."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kernward.cli.main import main
from kernward.records.problems import Triage

LOG = """\
[    0.000000] Linux version 6.1.0-47-cloud-amd64 (builder@example) (gcc 12.2.0) #1 SMP Debian 6.1.170-1
[  100.500000] EXT4-fs error (device sda1): ext4_lookup:1785: inode #2: comm {comm}: deleted inode referenced: 12
[  101.500000] EXT4-fs (sda1): Remounting filesystem read-only
[  200.000000] ** 1377 printk messages dropped **
"""
QUIET = "[    1.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 3

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERNWARD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "console.log"
    path.write_text(LOG.format(comm="ls"))
    return str(path)


def run(*arguments: str, stdin: bytes = b"", **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "kernward.cli.main", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def test_text_says_what_was_read_which_problems_there_are_and_what_to_do(log: str, capsys: Output) -> None:
    assert main(["triage", log]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Read 1 log (")
    assert "1 boot, 1 kernel (6.1.0-47-cloud-amd64)" in text
    assert "3 distinct problems in 3 events." in text
    assert re.search(r"^1 +error +EXT4-fs error in ext4_lookup ", text, re.MULTILINE)
    assert "Led to: #2 EXT4-fs: remounted read-only after an error: the file system stops writing" in text
    assert "Caused by: #1 EXT4-fs error in ext4_lookup" in text
    assert "> EXT4-fs error (device sda1): ext4_lookup:1785" in text
    assert "Next:\n     1. " in text
    assert "What could not be seen:" in text
    assert "the kernel dropped messages" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_where_nothing_is_recognised_it_is_not_said_that_all_is_well(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "quiet.log").write_text(QUIET)
    assert main(["triage", "--exit-code", str(tmp_path / "quiet.log")]) == 0
    text = capsys.readouterr().out
    assert "No known problem was recognised in it." in text
    assert "not that the machines are well" in text


def test_json_is_the_record(log: str, capsys: Output) -> None:
    assert main(["triage", "--format", "json", log]) == 0
    result = msgspec.json.decode(capsys.readouterr().out, type=Triage)
    assert [each.kind for each in result.problems] == [
        "ext4-error",
        "ext4-remount-read-only",
        "messages-dropped",
    ]


def test_jsonl_is_one_event_a_line_with_every_promised_field(log: str, capsys: Output) -> None:
    assert main(["triage", "--format", "jsonl", log]) == 0
    events = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["kind"] for each in events] == [
        "boot",
        "ext4-error",
        "ext4-remount-read-only",
        "messages-dropped",
    ]
    promised = (
        "kind class severity title alt_titles function file line subsystem corrupted corrupted_reason signature "
        "host boot kernel time source start end fields caused_by"
    )
    assert all(set(promised.split()) <= each.keys() for each in events)
    assert events[1]["signature"].keys() == {"exact", "function", "subsystem"}
    text = Path(log).read_bytes()
    assert text[events[1]["start"] : events[1]["end"]].startswith(b"[  100.500000] EXT4-fs error")


def test_html_is_one_document(log: str, capsys: Output) -> None:
    assert main(["triage", "--format", "html", log]) == 0
    assert capsys.readouterr().out.lower().startswith("<!doctype html>")


@pytest.mark.parametrize("arguments", [["-"], []])
def test_standard_input_is_read(arguments: list[str]) -> None:
    done = run("triage", *arguments, stdin=LOG.format(comm="ls").encode())
    assert done.returncode == 0
    assert b"EXT4-fs error in ext4_lookup" in done.stdout


def test_without_a_log_on_a_terminal_it_is_said_what_to_give() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "kernward.cli.main", "triage"], stdin=theirs, capture_output=True, timeout=60
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert b"no LOG was given: name files, folders or archives" in done.stderr


def test_exit_code_is_one_only_when_asked_for_and_something_was_found(log: str) -> None:
    assert main(["triage", log]) == 0
    assert main(["triage", "--exit-code", log]) == 1


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "html"])
def test_an_input_that_cannot_be_read_is_named_and_the_rest_is_read(
    log: str, capsys: Output, form: str
) -> None:
    assert main(["triage", "--format", form, "--exit-code", "/nowhere/a.log", log]) == 2
    captured = capsys.readouterr()
    assert "ext4_lookup" in captured.out
    where = captured.out if form == "text" else captured.err
    assert "/nowhere/a.log: no such file or directory" in where
    assert "Traceback" not in captured.err


def test_a_process_name_cannot_act_on_the_terminal(tmp_path: Path, capsys: Output) -> None:
    evil = tmp_path / "evil\x1b]0;title\x07.log"
    evil.write_text(LOG.format(comm="\x1b[2J\x1b]52;c;aGk=\x07\x9b31m[bold]"))
    for arguments in (["triage"], ["problems"], ["events"]):
        logs = [str(evil)] if arguments == ["triage"] else []
        assert main([*arguments, *logs]) == 0
        captured = capsys.readouterr()
        both = captured.out + captured.err
        assert not [character for character in both if character != "\n" and not character.isprintable()]
    assert "\\x1b" in both


def test_markup_of_our_own_library_is_not_taken_from_a_log(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.log").write_text(LOG.format(comm="[red]x[/red]"))
    assert main(["triage", str(tmp_path / "a.log")]) == 0
    assert "comm [red]x[/red]" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_reader_that_leaves_early_hears_no_complaint(tmp_path: Path, form: str) -> None:
    path = tmp_path / "many.log"
    path.write_text(LOG.format(comm="ls") * 3000)
    command = f"{sys.executable} -m kernward.cli.main triage --format {form} {path} | head -c 10 >/dev/null"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=60)
    assert done.stderr == b""


def test_output_goes_to_a_file(log: str, tmp_path: Path, capsys: Output) -> None:
    for form in ("text", "json", "jsonl", "html"):
        path = tmp_path / f"out.{form}"
        assert main(["triage", "--format", form, "--output", str(path), log]) == 0
        assert b"ext4_lookup" in path.read_bytes()
    assert capsys.readouterr().out == ""


def test_a_limit_shows_the_first_problems_and_says_that_there_are_more(log: str, capsys: Output) -> None:
    assert main(["triage", "--limit", "1", log]) == 0
    text = capsys.readouterr().out
    assert "2 more problems not shown" in text
    assert "\n1. EXT4-fs error" in text
    assert "\n2. " not in text


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_fits_the_terminal(log: str, columns: int) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "triage", log],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    os.close(ours)
    assert process.returncode == 0
    # NO_COLOR leaves bold and dim.
    text = re.sub("\x1b\\[[0-2;]*m", "", shown.decode())
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= columns


def test_nothing_is_saved_when_that_is_asked_for(log: str, home: Path) -> None:
    assert main(["triage", "--no-save", log]) == 0
    assert not home.exists()


def test_what_was_saved_is_listed_again(log: str, capsys: Output) -> None:
    main(["triage", log])
    capsys.readouterr()
    assert main(["problems", "--class", "storage"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("From 1 saved log: ")
    assert "EXT4-fs error in ext4_lookup" in text
    assert main(["events", "--kind", "ext4-error"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("100.500000 s up      error    EXT4-fs error in ext4_lookup")


def test_saved_events_are_printed_as_triage_printed_them(log: str, capsys: Output) -> None:
    main(["triage", "--format", "jsonl", log])
    lines = capsys.readouterr().out.splitlines()
    main(["events", "--format", "jsonl"])
    assert capsys.readouterr().out.splitlines() == lines
    main(["events", "--format", "json"])
    assert msgspec.json.decode(capsys.readouterr().out) == [msgspec.json.decode(line) for line in lines]


def test_problems_as_json_and_jsonl(log: str, capsys: Output) -> None:
    main(["triage", log])
    capsys.readouterr()
    main(["problems", "--format", "json"])
    result = msgspec.json.decode(capsys.readouterr().out, type=Triage)
    main(["problems", "--format", "jsonl", "--limit", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert [msgspec.json.decode(line)["signature"] for line in lines] == [
        each.signature for each in result.problems[:2]
    ]


@pytest.mark.parametrize("command", ["problems", "events"])
def test_an_empty_store_is_said_to_be_empty(command: str, capsys: Output) -> None:
    assert main([command, "--exit-code"]) == 0
    captured = capsys.readouterr()
    assert re.search("No saved (problem|event) matches", captured.out)
    assert "is empty: nothing was saved yet by kernward triage" in captured.err


def test_exit_code_of_problems_and_events(log: str) -> None:
    main(["triage", log])
    assert main(["problems", "--exit-code"]) == 1
    assert main(["events", "--exit-code"]) == 1
    assert main(["events", "--exit-code", "--host", "nobody"]) == 0


def test_a_damaged_segment_is_named_and_the_exit_status_says_so(log: str, home: Path, capsys: Output) -> None:
    main(["triage", log])
    (segment,) = home.glob("facts/events/*/*.parquet")
    segment.write_bytes(b"PAR1 damaged")
    capsys.readouterr()
    assert main(["problems"]) == 2
    assert f"the segment {segment} with 4 events could not be read" in capsys.readouterr().out.replace(
        "\n", " "
    )
    assert main(["events"]) == 2
    assert str(segment) in capsys.readouterr().err


def test_a_kernel_that_brought_nothing_known_is_explained(log: str, capsys: Output) -> None:
    main(["triage", log])
    capsys.readouterr()
    assert main(["problems", "--new-since", "6.12"]) == 0
    assert "no facts of kernels later than 6.12" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused_with_what_was_expected(capsys: Output) -> None:
    assert main(["events", "--since", "yesterday"]) == 2
    assert "2026-11-21T08:30, 7d or 24h was expected" in capsys.readouterr().err
