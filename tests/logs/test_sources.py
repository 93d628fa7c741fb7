"""Files, folders and standard input as sources: their order, names, hosts, times and digests."""

import hashlib
import os
import socket
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from kernward.logs.sources import Buffer, open_sources
from kernward.records.errors import InputError, KernwardError
from tests.logs.reading import read_bytes, read_paths

LOG = b"[    1.000000] first\n[    2.000000] second\n"


def _write(root: Path, *names: str, data: bytes = LOG) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _hints(root: Path) -> dict[str, str | None]:
    problems: list[KernwardError] = []
    return {
        str(Path(source.name).relative_to(root)): source.host_hint
        for source in open_sources([root], problems=problems)
    }


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    _write(tmp_path, "b", "a/z", "a/b", "c/d/e")
    lines, problems, _ = read_paths([tmp_path])
    assert [Path(name).relative_to(tmp_path).as_posix() for name in lines] == ["a/b", "a/z", "b", "c/d/e"]
    assert problems == []


def test_paths_are_read_in_the_order_given(tmp_path: Path) -> None:
    _write(tmp_path, "b", "a")
    lines, _, _ = read_paths([tmp_path / "b", tmp_path / "a"])
    assert [Path(name).name for name in lines] == ["b", "a"]


def test_what_is_not_there_is_one_sentence_and_the_rest_is_read(tmp_path: Path) -> None:
    _write(tmp_path, "a")
    problems: list[KernwardError] = []
    names = [source.name for source in open_sources([tmp_path / "no", tmp_path / "a"], problems=problems)]
    assert names == [str(tmp_path / "a")]
    (problem,) = problems
    assert isinstance(problem, InputError)
    assert str(problem) == f"{tmp_path / 'no'}: no such file or directory; a file or folder was expected"


def test_links_are_followed_to_files_only_and_no_file_is_read_twice(tmp_path: Path) -> None:
    _write(tmp_path, "folder/a", "outside")
    folder = tmp_path / "folder"
    (folder / "again").symlink_to(folder / "a")
    (folder / "loop").symlink_to(folder)
    (folder / "other").symlink_to(tmp_path / "outside")
    os.link(folder / "a", folder / "hard")
    lines, problems, _ = read_paths([folder])
    assert [Path(name).name for name in lines] == ["a", "other"]
    assert problems == []
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    _, (problem,), _ = read_paths([folder])
    assert "dangling" in problem


def test_what_is_no_file_in_a_folder_is_skipped_with_a_reason(tmp_path: Path) -> None:
    _write(tmp_path, "a")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        lines, problems, _ = read_paths([tmp_path])
    assert len(lines) == 1
    assert [problem.partition(": ")[2] for problem in problems] == [
        "it is a named pipe; a regular file was expected",
        "it is a socket; a regular file was expected",
    ]


def test_other_data_is_an_error_only_where_it_was_named(tmp_path: Path) -> None:
    _write(tmp_path, "wtmp", data=os.urandom(5000))
    _write(tmp_path, "zero", data=bytes(5000))
    _write(tmp_path, "empty", data=b"")
    _, problems, formats = read_paths([tmp_path])
    assert problems == []
    assert set(formats.values()) <= {None, "console"}
    _, (problem,), _ = read_paths([tmp_path / "wtmp"])
    assert problem.endswith("it holds no text; a log was expected")
    assert read_paths([tmp_path / "empty"])[1] == []


def test_a_document_about_logs_is_read_only_where_it_was_named(tmp_path: Path) -> None:
    told = b'{\n  "evidence": "[    1.000000] checkout-api[9]: segfault at 8",\n  "shown": true\n}\n'
    _write(tmp_path, "truth.json", data=told)
    _write(
        tmp_path,
        "dmesg.json",
        data=b'{\n   "dmesg": [\n      {\n         "pri": 5,\n         "time": 1.0,\n         "msg": "first"\n      }\n   ]\n}\n',
    )
    _, problems, formats = read_paths([tmp_path])
    assert problems == []
    assert {Path(name).name: form for name, form in formats.items()} == {
        "truth.json": None,
        "dmesg.json": "dmesg-json",
    }
    assert set(read_paths([tmp_path / "truth.json"])[2].values()) == {"console"}


def test_a_journal_file_is_always_told(tmp_path: Path) -> None:
    _write(tmp_path, "system.journal", data=b"LPKSHHRH" + bytes(4000))
    _, (problem,), _ = read_paths([tmp_path])
    assert "journalctl" in problem


def test_a_list_of_sources_of_files_can_be_read_later(tmp_path: Path) -> None:
    _write(tmp_path, "a", "b")
    problems: list[KernwardError] = []
    sources = list(open_sources([tmp_path], problems=problems))
    assert [sum(len(c.lines(0, c.size)) for c in source.chunks(None)) for source in sources] == [2, 2]
    assert problems == []


def test_a_buffer_serves_many_sources(tmp_path: Path) -> None:
    _write(tmp_path, "a", "b", "c")
    buffer = Buffer()
    assert read_paths([tmp_path], buffer)[0] == read_paths([tmp_path])[0]


@pytest.mark.parametrize("data", [LOG, LOG * 50000, b"", bytes(range(256)) * 100])
def test_the_digest_is_of_the_decompressed_bytes(tmp_path: Path, data: bytes) -> None:
    _write(tmp_path, "a", data=zlib.compress(data, wbits=31))
    for source in open_sources([tmp_path / "a"], problems=[]):
        source.hashing = True
        list(source.chunks(None))
        assert source.digest() == hashlib.sha256(data).hexdigest()


def test_a_digest_that_was_not_asked_for_is_not_there(tmp_path: Path) -> None:
    _write(tmp_path, "a")
    (source,) = open_sources([tmp_path], problems=[])
    list(source.chunks(None))
    with pytest.raises(ValueError, match="hashing"):
        source.digest()


def test_the_time_of_a_file_is_known(tmp_path: Path) -> None:
    _write(tmp_path, "a")
    os.utime(tmp_path / "a", (1767323045, 1767323045))
    (source,) = open_sources([tmp_path], problems=[])
    assert source.mtime == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_year_is_taken_from_when_the_file_was_written(tmp_path: Path) -> None:
    _write(tmp_path, "a", data=b"Feb 29 03:04:05 web1 kernel: a leap day\nDec 31 00:00:00 web1 kernel: x\n")
    os.utime(tmp_path / "a", (1767323045, 1767323045))
    (source,) = open_sources([tmp_path], problems=[])
    years = [line.at_utc for chunk in source.chunks(None) for line in chunk.lines(0, chunk.size)]
    assert years == [
        datetime(2024, 2, 29, 3, 4, 5, tzinfo=UTC),
        datetime(2025, 12, 31, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"[Fri Jan  2 03:04:05 2026] x\n",
        b"Jan  2 03:04:05 web1 kernel: x\n",
        b"2026-01-02T03:04:05 web1 kernel: x\n",
        b"[Jan 2 03:04] x\n",
    ],
)
def test_local_times_are_in_the_zone_given(tmp_path: Path, line: bytes) -> None:
    _write(tmp_path, "a", data=line)
    zone = timezone(timedelta(hours=2))
    reference = datetime(2026, 2, 1, tzinfo=UTC)
    (source,) = open_sources([tmp_path], problems=[], zone=zone, reference=reference)
    (found,) = [line for chunk in source.chunks(None) for line in chunk.lines(0, chunk.size)]
    assert found.at_utc is not None
    assert found.at_utc.tzinfo is UTC
    assert (found.at_utc.hour, found.at_utc.minute) == (1, 4)


def test_a_folder_for_each_host_names_the_hosts(tmp_path: Path) -> None:
    _write(tmp_path, "web1/console.log", "web2/console.log", "web2/dmesg", "db/console.log")
    assert _hints(tmp_path) == {
        "web1/console.log": "web1",
        "web2/console.log": "web2",
        "web2/dmesg": "web2",
        "db/console.log": "db",
    }


def test_a_folder_for_each_host_may_hold_folders(tmp_path: Path) -> None:
    _write(tmp_path, "a1.example.com/var/log/kern.log", "b1.example.com/var/log/kern.log")
    assert set(_hints(tmp_path).values()) == {"a1.example.com", "b1.example.com"}


def test_all_in_a_hosts_folder_is_of_that_host(tmp_path: Path) -> None:
    names = (
        "web1/pstore/dmesg-efi-1",
        "web2/pstore/dmesg-efi-1",
        "web2/pstore/dmesg-efi-2",
        "web2/old/kern.log",
    )
    _write(tmp_path, *names)
    assert _hints(tmp_path) == {name: name.partition("/")[0] for name in names}


def test_a_file_for_each_host_names_the_hosts(tmp_path: Path) -> None:
    _write(tmp_path, "console-web1.log", "console-web2.log.gz", "notes.txt")
    assert _hints(tmp_path) == {
        "console-web1.log": "web1",
        "console-web2.log.gz": "web2",
        "notes.txt": None,
    }


@pytest.mark.parametrize(
    "names",
    [
        ["messages", "kern.log", "syslog", "auth.log", "dmesg.0"],
        ["kern.log", "kern.log.1", "kern.log.2.gz"],
        ["2026-01-01/kern.log", "2026-01-02/kern.log"],
        ["boot1.log", "boot2.log"],
        ["boot-1/console.log", "boot-2/console.log"],
        ["web1/console.log"],
        ["old/messages", "log/messages"],
    ],
)
def test_layouts_that_tell_no_host(tmp_path: Path, names: list[str]) -> None:
    _write(tmp_path, *names)
    assert set(_hints(tmp_path).values()) == {None}


def test_the_parts_of_a_pstore_dump_are_one_source(tmp_path: Path) -> None:
    # As /var/lib/systemd/pstore holds them: time, two digits of part, three of count.
    for dump, count in ((1699999999, 1), (1699999999, 2)):
        for part, text in ((1, b"newest"), (2, b"older"), (3, b"oldest")):
            data = b"Panic#%d Part%d\n<6>[%5d.000000] %b\n" % (count, part, 10 - part, text)
            name = f"dmesg-efi-{dump}{part:02}{count:03}"
            if part == 2:
                deflate = zlib.compressobj(wbits=-15)
                data, name = deflate.compress(data) + deflate.flush(), f"{name}.enc.z"
            _write(tmp_path, name, data=data)
    _write(tmp_path, "dmesg-ramoops-0", "dmesg-ramoops-1", data=b"Oops#1 Part1\n<6>[    1.000000] x\n")
    lines, problems, formats = read_paths([tmp_path])
    assert problems == []
    assert set(formats.values()) == {"pstore"}
    texts = {Path(name).name: [line.text for line in found] for name, found in lines.items()}
    assert texts == {
        "dmesg-efi-1699999999??001": ["Panic#1 Part3", "oldest", "older", "newest"],
        "dmesg-efi-1699999999??002": ["Panic#2 Part3", "oldest", "older", "newest"],
        "dmesg-ramoops-0": ["Oops#1 Part1", "x"],
        "dmesg-ramoops-1": ["Oops#1 Part1", "x"],
    }


def test_a_pstore_part_that_cannot_be_decompressed_is_told(tmp_path: Path) -> None:
    _write(tmp_path, "dmesg-efi-169999999901001.enc.z", data=b"\xff\xff\xff\xff not deflate")
    lines, (problem,), _ = read_paths([tmp_path])
    assert list(lines.values()) == [[]]
    assert "deflate" in problem


def test_lines_know_where_they_are_in_decoded_chunks() -> None:
    data = b"".join(b"6,%d,%d,-;message %d\n" % (n, n, n) for n in range(100))
    lines, _, form = read_bytes(data)
    assert form == "kmsg"
    assert [data[line.start : line.end].partition(b";")[2].decode() for line in lines] == [
        line.text for line in lines
    ]


def test_decoded_chunks_keep_what_is_asked_for(tmp_path: Path) -> None:
    _write(tmp_path, "a", data=b"".join(b"6,%d,%d,-;message %d\n" % (n, n, n) for n in range(300)))
    (source,) = open_sources([tmp_path], problems=[])
    kept = b""
    seen = []
    for chunk in source.chunks(Buffer(chunk=200, kept=100)):
        assert bytes(chunk.data[: chunk.fresh]) == kept
        found = chunk.lines(0, chunk.size)
        for line in found:
            at = chunk.offset(line)
            assert bytes(chunk.data[at:]).startswith(line.text.encode() + b"\n")
            assert chunk.lines(at, at + 1) == [line]
        seen += chunk.lines(chunk.fresh, chunk.size)
        chunk.keep = chunk.offset(found[-2]) + 3
        kept = b"".join(line.text.encode() + b"\n" for line in found[-2:])
    assert [line.text for line in seen] == [f"message {n}" for n in range(300)]


@pytest.mark.skipif(not os.access("/dev/kmsg", os.R_OK), reason="/dev/kmsg cannot be read here")
def test_the_kernels_own_log_is_read_up_to_its_end() -> None:
    lines, problems, formats = read_paths(["/dev/kmsg"])
    assert formats == {"/dev/kmsg": "kmsg"}
    assert problems == []
    assert all(line.monotonic_s is not None for line in lines["/dev/kmsg"])
