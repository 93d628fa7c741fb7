"""Debian packages, fetched with apt-get and unpacked without installing them.

Everything a guest runs comes from the archive: the kernels, their modules, and the programs whose
output the examples hold. Nothing is installed, so an ordinary user can do this.
"""

import subprocess
from functools import cache
from pathlib import Path

LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")


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
    places = [str(folder / place) for folder in folders for place in LIBRARIES]
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
        if line.endswith("not found"):
            raise Unavailable(f"{program.name} needs {words[0]}, which is not installed here")
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


def build_module(source: Path, release: str, cache: Path) -> Path:
    """A module of our own, built against Debian's headers for this kernel; needs make and gcc-12."""
    folder = cache / f"{source.stem}-{release}"
    built = folder / f"{source.stem}.ko"
    if built.exists() and built.stat().st_mtime > source.stat().st_mtime:
        return built
    common = release.removesuffix("-cloud-amd64").removesuffix("-amd64") + "-common"
    kbuild = (
        "linux-kbuild-6.1" if release.startswith("6.1.") else "linux-kbuild-" + common.removesuffix("-common")
    )
    # The three packages refer to each other by relative links, so they share one tree.
    tree = cache / f"headers-{release}"
    if not tree.exists():
        partial = cache / (tree.name + ".partial")
        for package in (f"linux-headers-{release}", f"linux-headers-{common}", kbuild):
            subprocess.run(["dpkg-deb", "-x", fetch(package, cache), partial], check=True)
        makefile = partial / f"usr/src/linux-headers-{release}/Makefile"
        makefile.write_text(makefile.read_text().replace("/usr/src/", f"{tree}/usr/src/"))
        # Type information would need pahole, and the examples need none.
        (partial / f"usr/src/linux-headers-{release}/vmlinux").unlink(missing_ok=True)
        partial.rename(tree)
    folder.mkdir(exist_ok=True)
    (folder / source.name).write_bytes(source.read_bytes())
    (folder / "Makefile").write_text(
        f"obj-m := {source.stem}.o\n"
        # WARN() and BUG() print the path of their source: let it be the same wherever this is built.
        f"ccflags-y := -fno-optimize-sibling-calls -fmacro-prefix-map={folder}/=extra/\n"
    )
    subprocess.run(
        ["make", "-s", "-C", tree / f"usr/src/linux-headers-{release}", f"M={folder}", "modules"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return built
