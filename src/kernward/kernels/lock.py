"""One process at a time: a lock file that the kernel releases when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernward.records.errors import InputError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the lock, hold it, release it. The empty file stays: removing it would race."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise InputError(f"{path.parent}: the cache cannot be written: {error.strerror or error}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
