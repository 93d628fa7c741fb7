"""The initramfs of a guest: busybox, a few real programs, the modules and the faults of one host.

The archive is written here, byte by byte in cpio's newc form, because device nodes and root's
ownership then need no privileges.
"""

from pathlib import Path

from .packages import Kernel, libraries

DIRECTORY, FILE, LINK, DEVICE = 0o040755, 0o100644, 0o120777, 0o020600


class Archive:
    """A cpio archive (newc) that is being filled."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._known: set[str] = set()
        self._inode = 1

    def _entry(self, path: str, mode: int, data: bytes = b"", major: int = 0, minor: int = 0) -> None:
        path = path.strip("/")
        if path in self._known:
            return
        parent = path.rpartition("/")[0]
        if parent and parent not in self._known:
            self._entry(parent, DIRECTORY)
        self._known.add(path)
        name = path.encode() + b"\0"
        self._inode += 1
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        head = header + name
        self._parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def directory(self, path: str) -> None:
        self._entry(path, DIRECTORY)

    def device(self, path: str, major: int, minor: int) -> None:
        self._entry(path, DEVICE, b"", major, minor)

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._entry(path, 0o100000 | mode, data)

    def link(self, path: str, target: str) -> None:
        self._entry(path, LINK, target.encode())

    def program(self, path: str, source: Path, folders: list[Path]) -> None:
        """A dynamically linked program with all it loads."""
        self.file(path, source.read_bytes(), 0o755)
        for place, library in libraries(source, folders).items():
            self.file(place, library.read_bytes(), 0o755)

    def finished(self) -> bytes:
        self._entry("TRAILER!!!", 0)
        return b"".join(self._parts)


def add_modules(archive: Archive, kernel: Kernel, wanted: list[str]) -> list[str]:
    """Put modules and what they need under /modules; the order in which to load them."""
    order = kernel.load_order(wanted)
    for name in order:
        archive.file(f"modules/{name}.ko", kernel.module(name))
    return order
