"""A kernel's modules: which there are, what each needs, and their bytes.

Names are those of the kernel, with underscores; "snd-hda-intel" is taken for snd_hda_intel. What a
module needs is read from the module itself, so that neither depmod nor its files are needed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from kernward.kernels import modinfo
from kernward.kernels.decompress import decompressed
from kernward.kernels.kernel import Kernel
from kernward.kernels.modinfo import ModuleInfo, canonical
from kernward.records.errors import InputError

_SUFFIXES = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")

# Where modules lie whose algorithms others ask for by alias.
_ALGORITHMS = ("crypto/", "lib/", "arch/x86/crypto/", "arch/x86/lib/")


def load_order(kernel: Kernel, names: Sequence[str]) -> list[str]:
    """These modules and all they depend on, in the order in which they must be loaded.

    Soft dependencies ("pre") come along where the kernel has them; what is built in is left out.
    Raises InputError for a module that this kernel neither has nor has built in.
    """
    order: list[str] = []
    underway: set[str] = set()

    def add(name: str, wanted_by: str | None) -> None:
        if name in order or name in underway or name in _built_in(kernel):
            return
        if name not in files(kernel):
            needed = f", which {wanted_by} needs" if wanted_by else ""
            raise InputError(f"kernel {kernel.release} has no module {name}{needed}, and has it not built in")
        underway.add(name)
        about = info(kernel, name)
        for soft in about.soft_before:
            if known := _provider(kernel, soft):
                add(known, name)
        for needed_name in about.depends:
            add(needed_name, name)
        order.append(name)

    for name in names:
        add(canonical(name), None)
    return order


def present(kernel: Kernel, name: str) -> Literal["module", "builtin"] | None:
    """Whether the kernel has this as a module, built in, or not at all."""
    name = canonical(name)
    if name in files(kernel):
        return "module"
    return "builtin" if name in _built_in(kernel) else None


def read(kernel: Kernel, name: str) -> bytes:
    """A module's bytes, decompressed."""
    path = file_of(kernel, name)
    try:
        return decompressed(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: the module cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: the module cannot be decompressed: {error}") from error


def info(kernel: Kernel, name: str) -> ModuleInfo:
    """What a module says of itself."""
    path = file_of(kernel, name)
    return _info(path, _stamp(path))


def file_of(kernel: Kernel, name: str) -> Path:
    """The file of a module."""
    path = files(kernel).get(canonical(name))
    if path is None:
        raise InputError(f"kernel {kernel.release} has no module {canonical(name)}")
    return path


def files(kernel: Kernel) -> Mapping[str, Path]:
    """The module files of a kernel by name."""
    if kernel.modules is None:
        return {}
    return _files(kernel.modules, _stamp(kernel.modules), _stamp(kernel.modules / "modules.order"))


def _stamp(path: Path) -> int:
    """Changes when the file does: what was read of a build before must not be taken for this one."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4096)
def _info(path: Path, stamp: int) -> ModuleInfo:
    return modinfo.read(path)


@lru_cache(maxsize=32)
def _files(folder: Path, stamp: int, order_stamp: int) -> Mapping[str, Path]:
    if (folder / "include" / "generated").is_dir():
        return _files_of_tree(folder)
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.ko*")):
        name = path.name
        if name.endswith(_SUFFIXES):
            module = canonical(name[: name.rindex(".ko")])
            # depmod's default puts updates/ before kernel/.
            if module not in found or path.relative_to(folder).parts[0] == "updates":
                found[module] = path
    return found


def _files_of_tree(tree: Path) -> dict[str, Path]:
    """The modules of a built source tree, which modules.order lists (as .ko, since 6.2 as .o)."""
    found: dict[str, Path] = {}
    for line in _lines(tree / "modules.order"):
        listed = Path(line.strip())
        if listed.suffix not in (".ko", ".o") or listed.is_absolute() or ".." in listed.parts:
            continue
        path = tree / listed.with_suffix(".ko")
        if path.is_file():
            found[canonical(path.stem)] = path
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return []


def _built_in(kernel: Kernel) -> frozenset[str]:
    if kernel.modules is None:
        return frozenset()
    path = kernel.modules / "modules.builtin"
    return _names_of(path, _stamp(path))


@lru_cache(maxsize=32)
def _names_of(path: Path, stamp: int) -> frozenset[str]:
    return frozenset(canonical(Path(line).stem) for line in _lines(path) if line)


def _provider(kernel: Kernel, name: str) -> str | None:
    """The module behind a soft dependency, which may be an alias; None where nothing is to be loaded."""
    if name in files(kernel):
        return name
    if kernel.modules is None or name in _built_in(kernel):
        return None
    path = kernel.modules / "modules.builtin.modinfo"
    if name in _aliases_built_in(path, _stamp(path)):
        return None
    stamps = _stamp(kernel.modules), _stamp(kernel.modules / "modules.order")
    providers = _algorithms(kernel.modules, *stamps).get(name, ())
    # Of several that do the same, the one in C works on every processor.
    return next(
        (each for each in providers if each.endswith("_generic")), providers[0] if providers else None
    )


@lru_cache(maxsize=32)
def _aliases_built_in(path: Path, stamp: int) -> frozenset[str]:
    """The aliases of what is built in, which modules.builtin.modinfo lists as name.alias=text."""
    try:
        data = path.read_bytes()
    except OSError:
        return frozenset()
    return frozenset(canonical(value) for key, value in modinfo.entries(data) if key.endswith(".alias"))


@lru_cache(maxsize=32)
def _algorithms(folder: Path, stamp: int, order_stamp: int) -> Mapping[str, tuple[str, ...]]:
    """The modules of algorithms by alias: {"crc32c": ("crc32c_generic", "crc32c_intel")}."""
    found: dict[str, list[str]] = {}
    for name, path in _files(folder, stamp, order_stamp).items():
        # In a tree they lie at crypto/…, installed at kernel/crypto/….
        if path.relative_to(folder).as_posix().removeprefix("kernel/").startswith(_ALGORITHMS):
            for alias in _info(path, _stamp(path)).aliases:
                found.setdefault(canonical(alias), []).append(name)
    return {alias: tuple(names) for alias, names in found.items()}
