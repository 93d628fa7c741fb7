"""Debian package files (deb(5)): an ar archive with two tar archives in it, unpacked without dpkg.

A package file may be anybody's, so nothing in it reaches outside the folder it is unpacked into:
names with ".." are refused, no file is written through a link, absolute links become relative ones
within the folder. Growth, the number of files and the memory of decompression are bounded. Devices
and owners are left out, so an ordinary user can unpack everything.
"""

import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, Self, cast

import zstandard

from kernward.records.errors import InputError

_AR_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_MEMBERS = 16
_CHUNK_BYTES = 1 << 20
_WINDOW_BYTES = 256 << 20
_ENTRIES = 500_000
# Debug packages shrink to a sixth; nothing that is meant to be unpacked shrinks to a hundredth.
_GROWTH = 100
_GROWTH_FREE_BYTES = 256 << 20
_CONTROL_BYTES = 1 << 20
_NAME_BYTES = 1 << 16


class Damaged(ValueError):
    """A package file that is not whole or not a package; the message ends a sentence."""


def unpack(file: Path, into: Path) -> None:
    """Unpack the files of a package into a folder that does not exist yet. Raises InputError."""
    into.mkdir(parents=True)
    try:
        with _tar(file, "data.tar") as archive:
            limit_bytes = _GROWTH_FREE_BYTES + _GROWTH * file.stat().st_size
            _Unpacking(into, limit_bytes).run(archive)
    except _PROBLEMS as error:
        raise InputError(f"{file}: the package cannot be unpacked: {_reason(error)}") from error


def control(file: Path) -> dict[str, str]:
    """The fields of a package's control file ("Package", "Version", …). Raises InputError."""
    try:
        with _tar(file, "control.tar") as archive:
            for member in archive:
                if member.name.removeprefix("./") == "control" and member.isfile():
                    opened = archive.extractfile(member)
                    assert opened is not None
                    text = opened.read(_CONTROL_BYTES).decode("utf-8", "replace")
                    pairs = (line.partition(": ") for line in text.split("\n") if not line.startswith(" "))
                    return {key: value.strip() for key, colon, value in pairs if colon}
        raise Damaged("it has no control file")
    except _PROBLEMS as error:
        raise InputError(f"{file}: not a Debian package: {_reason(error)}") from error


_PROBLEMS = (OSError, EOFError, ValueError, tarfile.TarError, lzma.LZMAError, zlib.error, zstandard.ZstdError)


def _reason(error: Exception) -> str:
    if isinstance(error, Damaged):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"its data is damaged ({error})" if str(error) else "it ends early"


class _Entry(tarfile.TarInfo):
    """A tar header; one that says it has megabytes of names is refused before they are read."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _NAMES and entry.size > _NAME_BYTES:
            raise Damaged(f"it has a name of {entry.size} bytes")
        return entry


_NAMES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


class _Unpacking:
    """Writes the members of a tar archive under a folder, and nowhere else."""

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self.root = root
        self.limit_bytes = limit_bytes
        # The folders that are known to be folders, not links.
        self.folders: set[tuple[str, ...]] = {()}

    def run(self, archive: tarfile.TarFile) -> None:
        for number, member in enumerate(archive):
            if number >= _ENTRIES:
                raise Damaged(f"it has more than {_ENTRIES} files")
            parts = _parts(member.name)
            if not parts:
                continue
            if member.isdir():
                self._folder(parts)
            elif member.isfile():
                self._file(archive, member, parts)
            elif member.issym():
                self._fresh(parts).symlink_to(_inside(member.linkname, parts))
            elif member.islnk():
                source = _parts(member.linkname)
                self._folder(source[:-1])
                os.link(self.root.joinpath(*source), self._fresh(parts), follow_symlinks=False)

    def _file(self, archive: tarfile.TarFile, member: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
        self.limit_bytes -= member.size
        if self.limit_bytes < 0:
            raise Damaged("it grows beyond what packages do")
        source = archive.extractfile(member)
        assert source is not None
        target = self._fresh(parts)
        with target.open("xb") as out:
            while data := source.read(_CHUNK_BYTES):
                out.write(data)
            os.fchmod(out.fileno(), 0o755 if member.mode & 0o100 else 0o644)
        # make compares times; a time from beyond the file system's range is nobody's.
        when_s = min(max(int(member.mtime), 0), 1 << 33)
        os.utime(target, (when_s, when_s))

    def _fresh(self, parts: tuple[str, ...]) -> Path:
        """Where a file is to be made: its folder is there, and it is not."""
        self._folder(parts[:-1])
        target = self.root.joinpath(*parts)
        target.unlink(missing_ok=True)
        return target

    def _folder(self, parts: tuple[str, ...]) -> None:
        if parts in self.folders:
            return
        self._folder(parts[:-1])
        path = self.root.joinpath(*parts)
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise Damaged(f"{'/'.join(parts)!r} is a folder and is not")
        path.mkdir(exist_ok=True)
        self.folders.add(parts)


def _parts(name: str) -> tuple[str, ...]:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise Damaged(f"it names a file outside: {name[:100]!r}")
    return parts


def _inside(target: str, link: tuple[str, ...]) -> str:
    """The target of a link, as one that cannot lead out of the folder.

    Only leading ".." are accepted, and no more than the link is deep: one behind a name could climb
    out through another link.
    """
    depth = len(link) - 1
    if target.startswith("/"):
        return "/".join([".."] * depth + list(_parts(target))) or "."
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if up > depth or ".." in parts[up:]:
        raise Damaged(f"the link {'/'.join(link)[:100]!r} leads outside: {target[:100]!r}")
    return "/".join(parts) or "."


@contextmanager
def _tar(file: Path, name: str) -> Iterator[tarfile.TarFile]:
    """One of the two tar archives of a package, whatever it is compressed with."""
    with file.open("rb") as opened:
        member = _member(opened, name)
        with tarfile.open(
            fileobj=cast(BinaryIO, _Stream(member)), mode="r|", errorlevel=2, tarinfo=_Entry
        ) as archive:
            yield archive


class _Member:
    """A stretch of a file, read from its start to its end."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self.file = file
        self.left_bytes = size_bytes

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left_bytes))
        if not data and self.left_bytes and size:
            raise Damaged("it ends early")
        self.left_bytes -= len(data)
        return data


def _member(file: BinaryIO, prefix: str) -> _Member:
    """The member of an ar archive (ar(5)) whose name starts so; the file is left at its content."""
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise Damaged("it does not begin with !<arch>")
    for _ in range(_MEMBERS):
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            break
        size = header[48:58].strip()
        if header[58:] != b"`\n" or not size.isdigit():
            raise Damaged(f"there is no ar header at offset {file.tell() - _HEADER_BYTES}")
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        if name == prefix or name.startswith(prefix + "."):
            return _Member(file, int(size))
        file.seek(int(size) + int(size) % 2, os.SEEK_CUR)
    raise Damaged(f"it has no {prefix}")


class _Decompressor(Protocol):
    """What lzma and bz2 offer alike: no more output at once than asked for."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib with the interface of lzma."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class _Stream:
    """The decompressed content of a member, as tarfile reads it."""

    def __init__(self, member: _Member) -> None:
        self._member = member
        self._ready = bytearray(member.read(6))
        start = bytes(self._ready)
        self._decompressor: _Decompressor | None = None
        self._reader: zstandard.ZstdDecompressionReader | None = None
        if start == b"\xfd7zXZ\0":
            self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW_BYTES)
        elif start[:2] == b"\x1f\x8b":
            self._decompressor = _Gzip()
        elif start[:4] == b"\x28\xb5\x2f\xfd":
            source = cast(BinaryIO, _Rewound(start, member))
            self._reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(
                source, read_across_frames=True
            )
            self._ready.clear()
        if self._decompressor is not None:
            self._ready = bytearray(self._decompressor.decompress(start, _CHUNK_BYTES))

    def read(self, size: int) -> bytes:
        """As many bytes as asked for; fewer only at the end."""
        while len(self._ready) < size:
            data = self._more()
            if not data:
                break
            self._ready += data
        out = bytes(self._ready[:size])
        del self._ready[:size]
        return out

    def _more(self) -> bytes:
        if self._reader is not None:
            return self._reader.read(_CHUNK_BYTES)
        if self._decompressor is None:
            return self._member.read(_CHUNK_BYTES)
        while not self._decompressor.eof:
            data = b""
            if self._decompressor.needs_input:
                data = self._member.read(_CHUNK_BYTES)
                if not data:
                    raise Damaged("its compressed data ends early")
            if out := self._decompressor.decompress(data, _CHUNK_BYTES):
                return out
        return b""


class _Rewound:
    """A member whose first bytes were looked at already."""

    def __init__(self, start: bytes, member: _Member) -> None:
        self._start = start
        self._member = member

    def read(self, size: int) -> bytes:
        if self._start:
            data, self._start = self._start[:size], self._start[size:]
            return data
        return self._member.read(size)
