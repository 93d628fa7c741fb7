"""Making something aside, so that it appears under its own name at once and whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernward.records.errors import InputError


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """A folder beside `place` that does not exist yet, to be made and renamed to it; gone at the end.

    The lock of `place` must be held. Raises InputError where nothing can be written. What processes left that were killed is removed; since their
    children may still be writing there, no two use the same folder.
    """
    prefix = f".{place.name}."
    try:
        for left in place.parent.iterdir():
            if left.name.startswith(prefix) and left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        around = Path(tempfile.mkdtemp(prefix=prefix, dir=place.parent))
        try:
            yield around / "new"
        finally:
            shutil.rmtree(around, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{place}: it cannot be made: {error.strerror or error}") from error


def write_whole(place: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that others see whole or not at all; several processes may do so at once."""
    place.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with open(number, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise
