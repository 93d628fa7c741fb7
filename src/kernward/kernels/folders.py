"""The parts of a kernel in a folder: an unpacked package, what somebody copied together, a built tree."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from kernward.kernels import config, image
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError

# Where packages and people put modules; Debian moves them from the first to the second (usr-merge).
_MODULES = ("lib/modules", "usr/lib/modules", "modules")
_BOOT = ("boot", "usr/lib/kernel", "")
# A tree without a single module has only the second, and one with CONFIG_MODULES off none.
_MODULE_LISTS = ("modules.order", "modules.builtin")
_STAND_IN_BYTES = 1000
_TREE_IMAGE = "arch/x86/boot/bzImage"


def of_image(path: Path, origin: str = "image") -> Kernel:
    """A kernel from its image, with what lies beside it under the usual names."""
    if path.match(_TREE_IMAGE) and is_tree(path.parents[3]):
        return of_tree(path.parents[3])
    header = image.read_header(path)
    # boot/vmlinuz-… has its modules in lib/modules beside boot/.
    around = path.parents[1] if path.parent.name == "boot" else path.parent
    return Kernel(
        release=header.release,
        version=header.version,
        image=path,
        origin=origin,
        config=config.path_beside(path, header.release),
        system_map=_system_map(path.parent / f"System.map-{header.release}", path.parent / "System.map"),
        modules=modules_of(around, header.release),
    )


def in_folder(folder: Path, origin: str) -> list[Kernel]:
    """The kernels in a folder that is laid out like a package, or holds image, modules and config."""
    found = []
    for path in images(folder):
        try:
            kernel = of_image(path, origin)
        except InputError:
            continue
        found.append(
            msgspec.structs.replace(
                kernel,
                modules=modules_of(folder, kernel.release),
                symbols=_first(folder / f"usr/lib/debug/boot/vmlinux-{kernel.release}", folder / "vmlinux"),
                headers=_headers(folder, kernel.release),
            )
        )
    return found


def images(folder: Path) -> Iterator[Path]:
    """The kernel images in a folder."""
    # /vmlinuz is a link to what lies in /boot.
    seen: set[Path] = set()
    for place in _BOOT:
        for pattern in ("vmlinuz*", "bzImage*"):
            for path in sorted((folder / place).glob(pattern)):
                if path.is_file() and path.resolve() not in seen and image.is_image(path):
                    seen.add(path.resolve())
                    yield path
    # Fedora and others keep the image with the modules.
    for place in _MODULES:
        for path in sorted((folder / place).glob("*/vmlinuz")):
            if path.is_file() and image.is_image(path):
                yield path


def modules_of(folder: Path, release: str) -> Path | None:
    """The folder of a release's modules."""
    return next((path for place in _MODULES if (path := folder / place / release).is_dir()), None)


def is_tree(folder: Path) -> bool:
    """Whether this is a kernel source tree, or the folder of a build (make O=)."""
    return (folder / "Makefile").is_file() and (
        (folder / "Kconfig").is_file() or (folder / "include" / "generated").is_dir()
    )


def built_trees(folder: Path) -> list[Path]:
    """The kernel trees right inside a folder in which an image was built."""
    return [path for path in sorted(folder.iterdir()) if (path / _TREE_IMAGE).is_file() and is_tree(path)]


def of_tree(tree: Path, origin: str = "tree") -> Kernel:
    """The kernel that was built in a tree."""
    path = tree / _TREE_IMAGE
    if not path.is_file():
        raise InputError(f"{tree}: the kernel tree is not built: {_TREE_IMAGE} is missing")
    header = image.read_header(path)
    return Kernel(
        release=header.release,
        version=header.version,
        image=path,
        origin=origin,
        config=_first(tree / ".config"),
        system_map=_first(tree / "System.map"),
        modules=tree if any((tree / name).is_file() for name in _MODULE_LISTS) else None,
        symbols=_first(tree / "vmlinux"),
        headers=tree if (tree / "include/generated").is_dir() else None,
    )


def _system_map(*paths: Path) -> Path | None:
    """A System.map with addresses. Debian's packages hold one of a single line, which says where it is."""
    path = _first(*paths)
    return path if path and path.stat().st_size > _STAND_IN_BYTES else None


def _headers(folder: Path, release: str) -> Path | None:
    build = folder / "build"
    return _folder(build) or _folder(folder / f"usr/src/linux-headers-{release}")


def _folder(path: Path) -> Path | None:
    return path if (path / "include" / "generated").is_dir() and (path / "Makefile").is_file() else None


def _first(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
