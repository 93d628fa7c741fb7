"""Debian packages, fetched with apt-get and unpacked without installing them.

Everything a guest runs comes from the archive: the kernels, their modules, and the programs whose
output the examples hold. Nothing is installed, so an ordinary user can do this.
"""

import subprocess
from functools import cache
from pathlib import Path


class Unavailable(Exception):
    """A package could not be had; the message is one sentence for a person."""


def fetch(name: str, cache: Path) -> Path:
    """The .deb of this package in the cache, downloaded when it is not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    found = sorted(cache.glob(f"{name}_*.deb"))
    if not found:
        result = subprocess.run(
            ["apt-get", "download", "-q", name], cwd=cache, capture_output=True, text=True, check=False
        )
        found = sorted(cache.glob(f"{name}_*.deb"))
        if not found:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"apt-get download {name}: {reason}")
    return found[-1]


def unpack(name: str, cache: Path) -> Path:
    """The folder that holds this package's files."""
    folder = cache / name
    if not folder.exists():
        partial = cache / (name + ".partial")
        subprocess.run(["dpkg-deb", "-x", fetch(name, cache), partial], check=True)
        partial.rename(folder)
    return folder


def libraries(program: Path, folders: list[Path]) -> dict[str, Path]:
    """The shared libraries that `program` loads, by the path where it expects them.

    `folders` are unpacked packages that may hold some of them; the rest are this machine's.
    """
    places = [str(place) for folder in folders for place in (folder / "usr/lib/x86_64-linux-gnu",)]
    printed = subprocess.run(
        ["ldd", program],
        capture_output=True,
        text=True,
        check=True,
        env={"LD_LIBRARY_PATH": ":".join(places)},
    ).stdout
    found: dict[str, Path] = {}
    for line in printed.splitlines():
        words = line.split()
        if "=>" in words and words[2].startswith("/"):
            found["/lib/x86_64-linux-gnu/" + words[0]] = Path(words[2])
        elif words[0].startswith("/"):
            found[words[0]] = Path(words[0])
    return found


class Kernel:
    """One unpacked kernel package: its image and its modules."""

    def __init__(self, release: str, cache: Path) -> None:
        self.release = release
        self.folder = unpack(f"linux-image-{release}", cache)
        self.image = self.folder / "boot" / f"vmlinuz-{release}"
        self._tree = self.folder / "lib/modules" / release

    @cache  # noqa: B019 - a handful of kernels live as long as the program
    def modules(self) -> dict[str, Path]:
        """Module files by name, with underscores as the kernel writes them."""
        return {
            path.name.split(".ko")[0].replace("-", "_"): path
            for path in self._tree.rglob("*.ko*")
            if ".ko" in path.name
        }

    @cache  # noqa: B019
    def builtin(self) -> frozenset[str]:
        """Names of what other configurations build as modules and this one has built in."""
        lines = (self._tree / "modules.builtin").read_text().splitlines()
        return frozenset(Path(line).name.split(".ko")[0].replace("-", "_") for line in lines)

    def load_order(self, wanted: list[str]) -> list[str]:
        """`wanted` and what they depend on, in the order in which they must be loaded."""
        order: list[str] = []

        def add(name: str) -> None:
            name = name.replace("-", "_")
            if name in order or name in self.builtin():
                return
            if name not in self.modules():
                raise Unavailable(f"kernel {self.release} has no module {name}")
            for needed in self.depends(name):
                add(needed)
            order.append(name)

        for name in wanted:
            add(name)
        return order

    def depends(self, name: str) -> list[str]:
        """What a module says it depends on, soft dependencies included."""
        info = self.module(name)
        found: list[str] = []
        start = info.find(b"depends=")
        if start >= 0:
            text = info[start + 8 : info.index(b"\0", start)].decode()
            found += [each for each in text.split(",") if each]
        start = info.find(b"softdep=pre: ")
        if start >= 0:
            text = info[start + 13 : info.index(b"\0", start)].decode()
            names = [each.replace("-", "_") for each in text.split()]
            found += [each for each in names if each in self.modules()]
        return found

    def module(self, name: str) -> bytes:
        """The bytes of a module, decompressed."""
        import lzma

        path = self.modules()[name]
        return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
