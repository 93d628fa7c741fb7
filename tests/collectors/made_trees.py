"""Trees of files that a test writes itself, or has of a guest in one text."""

from collections.abc import Mapping
from pathlib import Path

from kernward.collectors.root import Root


def made(folder: Path, files: Mapping[str, str | bytes]) -> Root:
    """A tree with these files, by their paths on the machine: /proc/stat."""
    for path, text in files.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))
    return Root(folder)


def unpacked(folder: Path, packed: str) -> Root:
    """The files of a guest, which stand one after the other below `=== PATH`."""
    files = dict(part.split("\n", 1) for part in packed.split("=== ")[1:])
    return made(folder, files)
