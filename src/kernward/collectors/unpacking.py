"""Unpacking what a check reads of an archive of a machine's files: a sosreport, or a tree in a tarball.

Only what is below the folders that are read is written, to a folder of our own, as plain files with bounded
sizes; nothing of a name leads out of it. Links are made last, so that no file is written through one, and the
root that reads them refuses what leads out.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from kernward.logs.compression import Decompressed, compression, unread_compression
from kernward.logs.streams import Damage, Peeked, Stream, open_file
from kernward.logs.tarball import Member, is_tar, members
from kernward.records.errors import InputError

# Of the tree, what sources read.
READ = ("proc", "sys", "etc/hostname", "var/log", "dev/kmsg", "sos_commands", "hostname", "date")
# What an archive of a large machine has of it is far less.
MOST_BYTES = 1 << 30
MOST_FILES = 400_000
MOST_MEMBER_BYTES = 64 << 20
# Of an archive no more is read, unpacked: what a check reads stands near its beginning or is small.
MOST_ARCHIVE_BYTES = 16 << 30
_NESTING = 3
_HEAD_BYTES = 512
_PIECE = 1 << 18


@contextmanager
def unpacked(archive: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder with the archive's tree, and sentences on what is missing of it; removed in the end."""
    with TemporaryDirectory(prefix="kernward-") as folder:
        notes: list[str] = []
        _unpack(archive, Path(folder), notes)
        yield Path(folder), notes


def _unpack(archive: Path, into: Path, notes: list[str]) -> None:
    try:
        stream: Stream = _Bounded(_decompressed(archive))
    except (OSError, Damage) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{archive}: it cannot be read: {reason}") from error
    written = files = left_out = 0
    links: dict[str, str] = {}

    def link(name: str, target: str) -> None:
        place = _place(name)
        if place and len(links) < MOST_FILES:
            links[place] = target

    try:
        for member in members(stream, link):
            place = _place(member.name)
            if place is None:
                continue
            too_much = written + member.size > MOST_BYTES or files >= MOST_FILES
            if too_much or member.size > MOST_MEMBER_BYTES:
                left_out += 1
                continue
            written += _write(member, into / place)
            files += 1
    except Damage as damage:
        if not files:
            raise InputError(f"{archive}: {damage}") from damage
        notes.append(f"{archive}: after {files} files it cannot be read on: {damage}")
    if left_out:
        notes.append(f"{archive}: {left_out} files were left out because they are too large or too many")
    if not files:
        raise InputError(f"{archive}: it holds no proc, no sys and no sos_commands")
    for place, target in links.items():
        _link(into, place, target)


def _decompressed(archive: Path) -> Peeked:
    stream = Peeked(open_file(archive), _HEAD_BYTES)
    for _ in range(_NESTING):
        name = compression(stream.head)
        if name is None:
            break
        stream = Peeked(Decompressed(stream, name), _HEAD_BYTES)
    if not is_tar(stream.head):
        packed = unread_compression(stream.head)
        raise Damage(
            f"it is compressed with {packed}, which is not read here" if packed else "it is no tar archive"
        )
    return stream


class _Bounded:
    """Ends a stream with Damage when there is more of it than anything that is waited for."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = MOST_ARCHIVE_BYTES

    def readinto(self, view: memoryview) -> int:
        count = self._stream.readinto(view)
        self._left -= count
        if self._left < 0:
            raise Damage(f"it has more than {MOST_ARCHIVE_BYTES >> 30} GB")
        return count


def _place(name: str) -> str | None:
    """Where a member belongs below the root of the tree; None for what is not read, or leads elsewhere."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if (
        ".." in parts
        or any("\0" in part or len(os.fsencode(part)) > 255 for part in parts)
        or len(name) > 2048
    ):
        return None
    # sosreport-web-1-2026-01-02-abcdefg/proc/meminfo
    for place in ("/".join(parts), "/".join(parts[1:])):
        if any(place == each or place.startswith(f"{each}/") for each in READ):
            return place
    return None


def _write(member: Member, path: Path) -> int:
    size = 0
    view = memoryview(bytearray(_PIECE))
    file = None
    # A name that is a folder elsewhere in the archive, or a file where a folder should be, is left out.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    if file is None:
        return 0
    with file:
        while count := member.readinto(view):
            file.write(view[:count])
            size += count
    os.utime(path, (member.mtime_s, member.mtime_s))
    return size


def _link(into: Path, place: str, target: str) -> None:
    path = into / place
    with suppress(OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Its parent may be a link that was made before this one.
        if path.parent.resolve().is_relative_to(into.resolve()):
            path.symlink_to(target)
