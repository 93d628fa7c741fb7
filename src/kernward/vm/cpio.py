"""Archives of cpio's newc form, which is what the kernel unpacks as an initramfs.

They are written byte by byte, because device nodes and root's ownership then need no privileges. The
form is described in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from collections.abc import Iterable

from kernward.vm.spec import File

DIRECTORY, REGULAR, LINK, CHARACTERS = 0o040755, 0o100000, 0o120777, 0o020600


class Archive:
    """An archive that is being filled; what is put in a second time is left as it was."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._known: set[str] = set()

    def _entry(self, path: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        path = path.strip("/")
        if path in self._known:
            return
        parent = path.rpartition("/")[0]
        if parent and parent not in self._known:
            self._entry(parent, DIRECTORY)
        self._known.add(path)
        name = path.encode() + b"\0"
        fields = (len(self._known), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def directory(self, path: str) -> None:
        self._entry(path, DIRECTORY)

    def device(self, path: str, major: int, minor: int) -> None:
        self._entry(path, CHARACTERS, b"", (major, minor))

    def add(self, files: Iterable[File]) -> None:
        for file in files:
            if file.target is not None:
                self._entry(file.path, LINK, file.target.encode())
            else:
                self._entry(file.path, REGULAR | file.mode, file.data)

    def finished(self) -> bytes:
        """The archive, padded so that another may follow it."""
        self._entry("TRAILER!!!", 0)
        whole = b"".join(self._parts)
        return whole + bytes(-len(whole) % 512)
