"""Chunks: whole lines, a kept tail, bounded memory, and lines of any part of them."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.logs.buffer import Buffer, BufferChunk, buffer_chunks
from kernward.logs.console import parse_console
from kernward.records.lines import Line


def _chunks(data: bytes, buffer: Buffer) -> Iterator[BufferChunk]:
    return buffer_chunks(buffer, BytesIO(data).readinto, parse_console)


def _lines(data: bytes, buffer: Buffer) -> list[Line]:
    return [
        line for chunk in _chunks(data, buffer) if chunk.size for line in chunk.lines(chunk.fresh, chunk.size)
    ]


LOGS = st.lists(
    st.sampled_from(
        [b"[    1.000000] a line", b"", b"x", b"\r", b"[    2.000000][   T1] " + b"y" * 60, b"z" * 200]
    ),
    max_size=30,
).map(b"\n".join)


@given(log=LOGS, chunk=st.integers(1, 200), end=st.booleans())
def test_all_bytes_are_handed_out_once_and_lines_are_whole(log: bytes, chunk: int, end: bool) -> None:
    log += b"\n" if end else b""
    seen = b""
    for each in _chunks(log, Buffer(chunk=chunk, kept=64, longest=512)):
        assert each.fresh == 0
        assert each.last or bytes(each.data[: each.size]).endswith(b"\n")
        seen += bytes(each.data[: each.size])
    assert seen == log


@given(log=LOGS, chunk=st.integers(1, 100))
def test_what_is_kept_stands_at_the_front_of_the_next_chunk(log: bytes, chunk: int) -> None:
    kept = b""
    for each in _chunks(log, Buffer(chunk=chunk, kept=1000, longest=512)):
        assert bytes(each.data[: each.fresh]) == kept
        data = bytes(each.data[: each.size])
        each.keep = each.size // 2
        start = data.rfind(b"\n", 0, each.keep) + 1
        kept = data[start:] if each.size - start <= 1000 else b""
        if each.size - start > 1000:
            break


@given(log=LOGS, size=st.integers(20, 100))
def test_of_what_is_kept_only_so_much_stays(log: bytes, size: int) -> None:
    seen = 0
    for each in _chunks(log * 5, Buffer(chunk=50, kept=size, longest=300)):
        assert each.fresh <= size
        seen += each.size - each.fresh
        each.keep = 0
    assert seen == len(log * 5)


@given(log=LOGS, start=st.integers(0, 500), length=st.integers(0, 300))
def test_lines_of_a_part_are_those_that_touch_it(log: bytes, start: int, length: int) -> None:
    for chunk in _chunks(log, Buffer()):
        everything = chunk.lines(0, chunk.size)
        start = min(start, chunk.size - 1)
        end = min(max(start + 1, start + length), chunk.size)

        # A line reaches up to and including its newline.
        def reach(line: Line) -> int:
            newline = log.find(b"\n", line.end)
            return len(log) if newline < 0 else newline + 1

        expected = [
            line for line in everything if log.rfind(b"\n", 0, line.start) + 1 < end and reach(line) > start
        ]
        assert chunk.lines(start, end) == expected
        assert chunk.lines(start, end, 1) == expected[:1]
        for line in everything:
            assert chunk.offset(line) == line.start


@given(
    log=st.lists(st.integers(0, 400).map(lambda n: b"v" * n), max_size=12).map(b"\n".join),
    chunk=st.integers(1, 300),
)
def test_overlong_lines_are_cut_at_the_same_places_whatever_the_chunks(log: bytes, chunk: int) -> None:
    found = _lines(log, Buffer(chunk=chunk, kept=64, longest=100))
    assert found == _lines(log, Buffer(longest=100))
    assert "".join(line.text for line in found).encode() == log.replace(b"\n", b"")
    for line in found:
        long = len(log[log.rfind(b"\n", 0, line.start) + 1 :].partition(b"\n")[0]) > 100
        assert (line.flaw == "cut at 100 bytes") == long


def test_a_line_of_many_megabytes_takes_bounded_memory() -> None:
    buffer = Buffer()
    before = len(buffer.data)
    found = _lines(b"[    1.000000] " + b"m" * (5 << 20) + b"\n[    2.000000] after\n", buffer)
    assert len(buffer.data) == before
    assert all(line.end - line.start <= buffer.longest for line in found)
    assert found[0].monotonic_s == 1.0
    assert found[0].flaw == "cut at 262144 bytes"
    assert found[-1].text == "after"
    assert found[-1].flaw is None


@pytest.mark.parametrize("log", [b"a", b"a\n", b"a\nb", b"\n"])
def test_the_last_chunk_says_so(log: bytes) -> None:
    assert [chunk.last for chunk in _chunks(log, Buffer())] == [True]
    assert [chunk.last for chunk in _chunks(log, Buffer(chunk=1))][-1] is True


def test_an_empty_source_has_no_chunk() -> None:
    assert list(_chunks(b"", Buffer())) == []
