"""Folders that survive a crash of the machine: an entry is on the disk when its folder was fsynced."""

import os
from pathlib import Path


def make(folder: Path) -> None:
    """Make a folder and those above it, as far as they do not exist."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(folder: Path) -> None:
    """Make what was created, renamed or removed in the folder survive a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
