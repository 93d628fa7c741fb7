"""Reading lines in tests: from bytes, through the same door as everything else."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BufferedReader, BytesIO, TextIOWrapper
from pathlib import Path
from unittest.mock import patch

from kernward.logs.sources import Buffer, open_sources
from kernward.records.errors import KernwardError
from kernward.records.lines import Line

REFERENCE = datetime(2026, 3, 1, tzinfo=UTC)


def read_paths(
    paths: Iterable[Path | str], buffer: Buffer | None = None
) -> tuple[dict[str, list[Line]], list[str], dict[str, str | None]]:
    """The lines of each source, the problems, and each source's format."""
    problems: list[KernwardError] = []
    lines: dict[str, list[Line]] = {}
    formats: dict[str, str | None] = {}
    for source in open_sources(list(paths), problems=problems, reference=REFERENCE):
        found = lines.setdefault(source.name, [])
        for chunk in source.chunks(buffer):
            assert chunk.fresh <= chunk.size <= len(chunk.data)
            found += chunk.lines(chunk.fresh, chunk.size) if chunk.size > chunk.fresh else []
        formats[source.name] = source.format
    return lines, [str(problem) for problem in problems], formats


def read_bytes(data: bytes, buffer: Buffer | None = None) -> tuple[list[Line], list[str], str | None]:
    """What `-` gives when the data stands on standard input."""
    with patch("sys.stdin", TextIOWrapper(BufferedReader(BytesIO(data)))):  # type: ignore[arg-type]
        lines, problems, formats = read_paths(["-"], buffer)
    return lines.get("-", []), problems, formats.get("-")
