"""Unpacking a tree: nothing is written outside of it, or without bound, and damage costs only what it hits."""

import io
import tarfile
from pathlib import Path

import pytest

from kernward.collectors import unpacking
from kernward.collectors.copied import CopiedRoot
from kernward.collectors.unpacking import unpacked
from kernward.records.errors import InputError


def archive(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:xz" if path.suffix == ".xz" else "w") as tar:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            tar.addfile(info, io.BytesIO(data))
    return path


def written(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_what_is_read_is_unpacked_and_removed_again(tmp_path) -> None:
    files = {
        "sosreport-a/proc/meminfo": b"x",
        "sosreport-a/etc/shadow": b"x",
        "sosreport-a/sos_commands/kernel/dmesg": b"x",
    }
    with unpacked(archive(tmp_path / "a.tar.xz", files)) as (folder, notes):
        assert written(folder) == {"proc/meminfo", "sos_commands/kernel/dmesg"}
        assert (folder / "proc/meminfo").stat().st_mtime == 1_700_000_000
        assert notes == []
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["../proc/meminfo", "proc/../../meminfo", "/proc/../../x", "a/../proc/../../x"]
)
def test_nothing_is_written_outside(tmp_path, name) -> None:
    with unpacked(archive(tmp_path / "a.tar", {name: b"x", "proc/stat": b"y"})) as (folder, _):
        assert written(folder) == {"proc/stat"}


def test_no_file_is_written_through_a_link(tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    links = {"proc/self": str(outside), "sys": str(outside)}
    files = {"proc/self/stat": b"x", "sys/kernel/x": b"x", "proc/stat": b"y"}
    with unpacked(archive(tmp_path / "a.tar", files, links)) as (folder, _):
        assert not list(outside.iterdir())
        assert (folder / "proc/stat").read_bytes() == b"y"


def test_links_inside_the_tree_are_kept_and_others_lead_nowhere(tmp_path) -> None:
    links = {"s/proc/net": "self/net", "s/proc/evil": "/etc/passwd", "s/sys/up": "../../../../../etc/passwd"}
    with unpacked(archive(tmp_path / "a.tar", {"s/proc/self/net/dev": b"x"}, links)) as (folder, _):
        root = CopiedRoot(folder)
        assert root.text("/proc/net/dev") == "x"
        assert root.read_or_none("/proc/evil") is None
        assert root.read_or_none("/sys/up") is None


def test_what_is_too_large_or_too_much_is_left_out_with_a_word(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_MEMBER_BYTES", 10)
    monkeypatch.setattr(unpacking, "MOST_FILES", 2)
    files = {"proc/big": b"x" * 11, "proc/a": b"a", "proc/b": b"b", "proc/c": b"c"}
    with unpacked(archive(tmp_path / "a.tar", files)) as (folder, notes):
        assert written(folder) == {"proc/a", "proc/b"}
        assert "2 files were left out" in notes[0]


def test_a_cut_archive_gives_what_comes_before_the_cut(tmp_path) -> None:
    whole = archive(tmp_path / "a.tar", {"proc/a": b"a" * 600, "proc/b": b"b" * 4000}).read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:2600])
    with unpacked(tmp_path / "cut.tar") as (folder, notes):
        assert (folder / "proc/a").read_bytes() == b"a" * 600
        assert "after 1 files" in notes[0]


@pytest.mark.parametrize("data", [b"", b"hello", b"\xfd7zXZ\0damaged", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused_in_a_sentence(tmp_path, data) -> None:
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(InputError), unpacked(tmp_path / "a.tar"):
        pass


def test_an_archive_without_a_tree_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="no proc"), unpacked(archive(tmp_path / "a.tar", {"x/y": b"z"})):
        pass
