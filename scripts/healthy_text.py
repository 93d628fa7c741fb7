"""Make src/kernward/events/healthy.zst: the distinct lines that healthy kernels print.

Reads the logs of tests/healthy/, takes prefixes and numbers' differences off, and keeps each line
once. The scan avoids texts that stand in it. Run it after tests/healthy/ has changed.
"""

import re
import sys
from pathlib import Path

import zstandard

from kernward.logs.sources import open_sources
from kernward.records.errors import KernwardError

ROOT = Path(__file__).parent.parent
FOLDERS = sorted(path for path in (ROOT / "tests" / "healthy").glob("*-*") if path.is_dir())


def main() -> int:
    """Write the file; the lines' order is that of the logs."""
    problems: list[KernwardError] = []
    lines: dict[str, str] = {}
    for source in open_sources(FOLDERS, problems=problems):
        for chunk in source.chunks(None):
            for line in chunk.lines(chunk.fresh, chunk.size):
                lines.setdefault(re.sub(r"\d+|0x[0-9a-f]+", "0", line.text), line.text)
    text = "\n".join(lines.values()).encode()
    target = ROOT / "src" / "kernward" / "events" / "healthy.zst"
    target.write_bytes(zstandard.ZstdCompressor(level=19).compress(text))
    sys.stdout.write(f"{len(lines)} lines, {len(text)} bytes, {target.stat().st_size} compressed\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
