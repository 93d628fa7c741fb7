"""Compaction of recordings: in a process of its own, behind whatever else the machine has to do.

`python -m kernward.operations.compacting HOME DAYS HOST` is what a recorder starts.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kernward.records.errors import StoreError
from kernward.store.home import home as default_home
from kernward.store.sample_compaction import Done, compact


def compact_recordings(
    home: Path | None = None, *, keep_days: int | None = None, host: str | None = None
) -> Done:
    """Bring finished journals into segments, merge small segments, and forget what is older than `keep_days`,
    of one host or of all."""
    with suppress(OSError):
        os.nice(19)
    return compact(home or default_home(), keep_days=keep_days, host=host)


def main(arguments: Sequence[str]) -> int:
    """Compact, and keep so many days of a host; errors are one sentence, for the recorder's log."""
    home, days, host = arguments
    try:
        notes = compact_recordings(Path(home), keep_days=int(days), host=host).notes
    except StoreError as error:
        notes = [str(error)]
    for note in notes:
        sys.stderr.write(f"kernward: {note.encode('ascii', 'backslashreplace').decode()!r}\n")
    return 2 if notes else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
