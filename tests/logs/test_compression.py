"""Compressed, archived, damaged or hostile: the lines are the same, or a sentence says why not."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from kernward.logs import compression
from kernward.logs.sources import Buffer, open_sources
from kernward.records.errors import InputError, KernwardError
from tests.logs.reading import read_bytes, read_paths

LOG = b"".join(b"[%5d.%06d] message %d of a kernel\n" % (n, n, n * n) for n in range(5000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
PACKED = pytest.mark.parametrize("name", PACK)


def _tar(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1767323045
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@PACKED
def test_compression_does_not_matter(name: str) -> None:
    assert read_bytes(PACK[name](LOG)) == read_bytes(LOG)


@PACKED
def test_several_streams_in_a_row_are_one(name: str) -> None:
    pack = PACK[name]
    assert read_bytes(pack(LOG[:70000]) + pack(b"") + pack(LOG[70000:])) == read_bytes(LOG)


@PACKED
def test_padding_after_the_stream_is_left_out(name: str) -> None:
    assert read_bytes(PACK[name](LOG) + bytes(1024)) == read_bytes(LOG)


def test_compression_within_compression_has_an_end() -> None:
    data = LOG
    for _ in range(6):
        data = gzip.compress(data)
    assert read_bytes(data) == read_bytes(LOG)
    lines, (problem,), _ = read_bytes(gzip.compress(data))
    assert lines == []
    assert "more than 6 times" in problem


@PACKED
def test_what_comes_before_a_cut_is_read(name: str) -> None:
    packed = PACK[name](LOG * 8)
    lines, (problem,), _ = read_bytes(packed[: len(packed) * 3 // 4])
    whole, _, _ = read_bytes(LOG * 8)
    assert 1000 < len(lines) < len(whole)
    assert lines[:-1] == whole[: len(lines) - 1]
    assert "ends in the middle" in problem
    assert f"whole {name} stream was expected" in problem


@PACKED
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.integers(0, 10_000))
def test_damage_never_raises(name: str, at: int, bit: int, cut: int) -> None:
    packed = bytearray(PACK[name](LOG[:20000]))
    packed[at % len(packed)] ^= 1 << bit
    read_bytes(bytes(packed))
    read_bytes(bytes(packed[: cut % len(packed)]))


@given(data=st.binary(max_size=2000))
@example(b"")
@example(b"\n")
@example(b"\x1f\x8b\x08")
@example(b"\x28\xb5\x2f\xfd")
@example(b"BZh91AY&SY")
@example(b"\xfd7zXZ\0")
@example(bytes(100_000))
@example(bytes(range(256)) * 100)
@example(b"{" * 5000)
@example(b"__CURSOR=\n" * 100)
@example(b"__CURSOR=a\nMESSAGE\n" + b"\xff" * 8 + b"\n")
@example(b"6,1,1,-,ncfrag=999999999/999999999;x\n" * 100)
@example(b"Panic#1 Part1\n" * 100)
@example(b"Jan 99 99:99:99 a b: c\n" * 10)
@example(b"2026-99-99T99:99:99+99:99 a b: c\n" * 10)
@example(b"[Xyz Abc 99 99:99:99 0000] x\n" * 10)
@example(b'{"MESSAGE":[[[[1]]]],"PRIORITY":{"a":1},"__REALTIME_TIMESTAMP":"99999999999999999999"}\n')
def test_no_bytes_raise(data: bytes) -> None:
    lines, _, _ = read_bytes(data)
    for line in lines:
        assert 0 <= line.start <= line.end <= len(data)
    read_bytes(data, Buffer(chunk=16, kept=16, longest=32))


@given(data=st.binary(max_size=600), at=st.integers(0, 3000))
def test_no_broken_archive_raises(data: bytes, at: int) -> None:
    archive = bytearray(_tar({"a": LOG[:700], "b" * 150: LOG[:700]}))
    at %= len(archive)
    archive[at : at + len(data)] = data
    read_bytes(bytes(archive))


@PACKED
def test_what_grows_without_bounds_is_stopped(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BOMB_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(compression, "BOMB_RATIO", 100)
    bomb = PACK[name](b"[    1.000000] x\n" + b"a" * (32 << 20))
    lines, (problem,), _ = read_bytes(bomb)
    assert lines[0].monotonic_s == 1.0
    assert lines[-1].end < 32 << 20
    assert "more than 100 times its size" in problem


def test_a_window_larger_than_memory_is_refused() -> None:
    packed = (
        zstandard.ZstdCompressor(
            compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=False)
        )
        .compressobj()
        .compress(b"x")
    )
    header = b"\x28\xb5\x2f\xfd\x00\xa0" + packed[6:]
    lines, problems, _ = read_bytes(header + bytes(64))
    assert lines == []
    assert len(problems) == 1


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("name", [None, *PACK])
def test_members_of_an_archive_are_sources(form: int, name: str | None) -> None:
    long = "folder/" * 15 + "console.log"
    data = _tar({"a.log": LOG, long: LOG, "packed": gzip.compress(LOG), "inner.tar": _tar({"x": LOG})}, form)
    path_lines, problems, _ = _read_archive(PACK[name](data) if name else data)
    assert problems == []
    assert list(path_lines) == ["-!a.log", f"-!{long}", "-!packed", "-!inner.tar!x"]
    whole, _, _ = read_bytes(LOG)
    assert all(lines == whole for lines in path_lines.values())


def _read_archive(data: bytes) -> tuple[dict[str, list[object]], list[str], object]:
    from unittest.mock import patch

    with patch("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))):  # type: ignore[arg-type]
        return read_paths(["-"])  # type: ignore[return-value]


def test_names_in_an_archive_are_only_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(_tar({"../../etc/passwd": LOG[:100], "/etc/shadow": LOG[:100]}))
    lines, problems, _ = read_paths([path])
    assert list(lines) == [f"{path}!../../etc/passwd", f"{path}!/etc/shadow"]
    assert problems == []
    assert list(tmp_path.iterdir()) == [path]


def test_an_archive_cut_in_a_member_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(_tar({"a": LOG, "b": LOG})[: len(LOG) + 2000])
    lines, problems, _ = read_paths([path])
    assert len(lines[f"{path}!a"]) == 5000
    assert 1 <= len(lines[f"{path}!b"]) < 5000
    assert any("archive ends" in problem for problem in problems)


def test_links_and_folders_of_an_archive_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"kind{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("a")
        info.size = 100
        archive.addfile(info, io.BytesIO(LOG[:100]))
    lines, problems, _ = read_paths([path])
    assert list(lines) == [f"{path}!a"]
    assert problems == []


def test_a_member_must_be_read_in_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(_tar({"a": LOG, "b": LOG}))
    problems: list[KernwardError] = []
    sources = list(open_sources([path], problems=problems))
    for source in sources:
        list(source.chunks(None))
    assert all(isinstance(problem, InputError) for problem in problems)
    assert len(problems) == 2


def test_a_size_in_an_extended_header_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"size": "100"}
        archive.addfile(info)
        archive.fileobj.write(LOG[:100] + bytes(412))  # type: ignore[union-attr]
        info = tarfile.TarInfo("b")
        info.size = 36
        archive.addfile(info, io.BytesIO(LOG[:36]))
    lines, problems, _ = read_paths([path])
    assert {name: found[-1].end for name, found in lines.items()} == {f"{path}!a": 100, f"{path}!b": 36}
    assert problems == []
