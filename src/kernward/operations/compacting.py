"""Compaction of recordings: in a process of its own, behind whatever else the machine has to do."""

import os
from contextlib import suppress
from pathlib import Path

from kernward.store.home import home as default_home
from kernward.store.sample_compaction import Done, compact


def compact_recordings(home: Path | None = None, *, keep_days: int | None = None) -> Done:
    """Bring finished journals into segments, merge small segments, forget what is older than `keep_days`."""
    with suppress(OSError):
        os.nice(19)
    return compact(home or default_home(), keep_days=keep_days)
