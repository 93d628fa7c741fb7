"""Rows and bytes that wait in a temporary file."""

from datetime import UTC, datetime

from kernward.operations.spool import Spool


def test_rows_of_any_size_come_back_as_they_were() -> None:
    rows = [
        [number, "x" * (number * 40_000), None, 1.5, True, datetime(2026, 1, 1, tzinfo=UTC)]
        for number in range(20)
    ]
    spool = Spool()
    spool.write(b"something else")
    start = spool.size
    for row in rows:
        spool.write_row(row)
    spool.flush()
    assert list(spool.rows(start, len(rows))) == rows
    assert list(spool.rows_at(start, 3)()) == rows[:3]
    spool.close()


def test_a_stretch_comes_back_piece_by_piece() -> None:
    spool = Spool()
    data = bytes(range(256)) * 10_000
    spool.write(data)
    spool.flush()
    pieces = list(spool.pieces(100, 1_000_000))
    assert len(pieces) > 1
    assert b"".join(pieces) == data[100:1_000_100]
    spool.close()
