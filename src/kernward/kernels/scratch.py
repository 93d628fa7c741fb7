"""A folder to make something in, which then appears under its own name at once."""

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
