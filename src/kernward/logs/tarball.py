"""Reading a tar archive member by member from a stream, without seeking and without extracting.

The header blocks are read by the standard library; the walk is done here, because `tarfile` reads
extended headers of any claimed size into memory and calls itself for each one in a row.
"""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kernward.logs.streams import Damage, Stream

_BLOCK = 512
_LONGEST_NAME = 1 << 16
_EXTENDED_IN_A_ROW = 8
_WITHOUT_DATA = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)


@dataclass
class Member:
    """A regular file of an archive. Its bytes are read before the next member is asked for."""

    name: str
    mtime_s: float
    size: int
    _stream: Stream
    passed: bool = False

    def readinto(self, view: memoryview) -> int:
        if self.passed:
            raise Damage("the archive was read on before this member was")
        if not self.size:
            return 0
        count = self._stream.readinto(view[: self.size])
        if not count:
            raise Damage(f"the archive ends {self.size} bytes before the member does")
        self.size -= count
        return count


def is_tar(head: bytes) -> bool:
    """Whether a stream that begins so is a tar archive."""
    if len(head) < _BLOCK or head[257:262] != b"ustar" and not head[:1].isascii():
        return False
    try:
        return bool(tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "backslashreplace").name)
    except (tarfile.TarError, ValueError):
        return False


def members(stream: Stream, link: Callable[[str, str], None] | None = None) -> Iterator[Member]:
    """The regular files of an archive, in order; raises Damage where it cannot be walked on.

    `link` is called with the name and the target of each symbolic link whose target is not too long to
    stand in its own header.
    """
    name: str | None = None
    size: int | None = None
    extended = position = 0
    long_target = False
    while True:
        block = _exactly(stream, _BLOCK)
        position += _BLOCK
        if not block.strip(b"\0"):
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "backslashreplace")
        except (tarfile.TarError, ValueError) as error:
            raise Damage(
                f"at byte {position - _BLOCK} of the archive a tar header was expected ({error})"
            ) from error
        if info.size < 0:
            raise Damage(f"at byte {position} of the archive a member has a negative size")
        if info.type not in _WITHOUT_DATA:
            position += -(-info.size // _BLOCK) * _BLOCK
        if info.type in (b"L", b"x", b"K", b"g", b"X"):
            extended += 1
            if extended > _EXTENDED_IN_A_ROW or info.size > _LONGEST_NAME:
                raise Damage(f"at byte {position} of the archive its extended headers are too large")
            body = _exactly(stream, -(-info.size // _BLOCK) * _BLOCK)[: info.size]
            long_target = long_target or info.type == b"K"
            if info.type == b"L":
                name = body.rstrip(b"\0").decode("utf-8", "backslashreplace")
            elif info.type in b"xX":
                records = _pax(body)
                if b"path" in records:
                    name = records[b"path"].decode("utf-8", "backslashreplace")
                if records.get(b"size", b"").isdigit():
                    size = int(records[b"size"][:18])
                long_target = long_target or b"linkpath" in records
            continue
        if info.type in _WITHOUT_DATA:
            if link is not None and info.type == tarfile.SYMTYPE and not long_target:
                link(name or info.name, info.linkname)
            name, size, extended, long_target = None, None, 0, False
            continue
        # Members of 8 GB and more have their size in an extended header only.
        member = Member(name or info.name, info.mtime, info.size if size is None else size, stream)
        padding = -member.size % _BLOCK
        if info.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE):
            yield member
        _skip(member, member.size)
        member.passed = True
        _exactly(stream, padding)
        name, size, extended, long_target = None, None, 0, False


def _pax(body: bytes) -> dict[bytes, bytes]:
    # Records are `LENGTH key=value\n`; the length is of the whole record.
    records = {}
    while body:
        length, _, _ = body.partition(b" ")
        if not length.isdigit() or not len(length) < int(length[:9]) <= len(body):
            break
        key, _, value = body[len(length) + 1 : int(length[:9]) - 1].partition(b"=")
        records[key] = value
        body = body[int(length[:9]) :]
    return records


def _exactly(stream: Stream, size: int) -> bytes:
    block = bytearray(size)
    filled = 0
    while filled < size:
        count = stream.readinto(memoryview(block)[filled:])
        if not count:
            break
        filled += count
    if 0 < filled < size:
        raise Damage("the archive ends within a header")
    return bytes(block)


def _skip(stream: Stream, size: int) -> None:
    scrap = memoryview(bytearray(min(size, 1 << 16)))
    while size > 0:
        size -= stream.readinto(scrap[: min(size, len(scrap))])
