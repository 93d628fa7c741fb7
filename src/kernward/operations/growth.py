"""Whether a log that was read is one that was saved before, when it was shorter.

A file that is written to is read again and again, and its beginning must count once. That it bears
the same name says little; that it begins with exactly the bytes that were saved says all.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from kernward.logs.sources import open_sources
from kernward.records.errors import KernwardError


def outgrown(name: str, candidates: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Those of the candidates (digest and size of a source) that are the beginning of the file `name`.

    Nothing is known of what can be read only once, and of formats that are not read as they stand.
    """
    if not Path(name).is_file():
        return ()
    waiting = sorted(candidates, key=lambda candidate: candidate[1])
    found: list[str] = []
    total = sha256()
    position = 0
    problems: list[KernwardError] = []
    for source in open_sources([name], problems=problems):
        if source.name != name:
            return ()
        for chunk in source.chunks():
            with memoryview(chunk.data) as view:
                start = chunk.fresh
                while waiting and position + chunk.size - start >= waiting[0][1]:
                    digest, size_bytes = waiting.pop(0)
                    end = start + size_bytes - position
                    total.update(view[start:end])
                    start, position = end, size_bytes
                    if total.hexdigest() == digest:
                        found.append(digest)
                total.update(view[start : chunk.size])
                position += chunk.size - start
            if not waiting:
                return tuple(found)
    return tuple(found)
