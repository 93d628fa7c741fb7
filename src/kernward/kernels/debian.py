"""Parts of a Debian kernel that come in packages of their own: headers, and debug information.

The headers are three packages that refer to each other by absolute paths under /usr/src. Here they
are unpacked into one folder in which those paths are relative, so that nothing needs installing and
the folder may be moved.
"""

import re
import shutil
from pathlib import Path

from kernward.kernels import archive, packages
from kernward.kernels.kernel import Kernel
from kernward.kernels.lock import locked
from kernward.kernels.scratch import scratch
from kernward.records.errors import InputError

_INCLUDE = re.compile(r"^include\s+(?:\S*/)?usr/src/(?P<rest>\S+)$", re.MULTILINE)
# What the headers' package depends on that is needed for building.
# "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
_VERSION = re.compile(r" Debian (\S+)")
_NEEDED = re.compile(r"linux-(?:headers|kbuild)-\S+")


def package_version(kernel: Kernel) -> str | None:
    """The version of the package that a kernel came from, which Debian's kernels say in `uname -v`."""
    if kernel.package_version is not None:
        return kernel.package_version
    match = _VERSION.search(kernel.version or "")
    return match and match[1]


def headers_here(kernel: Kernel, home: Path) -> Path | None:
    """The folder that `make -C … M=…` takes, where it was put together before."""
    version = package_version(kernel)
    if version is None:
        return None
    path = _folder(kernel.release, version, home) / "usr/src" / f"linux-headers-{kernel.release}"
    return path if path.is_dir() else None


def headers(kernel: Kernel, home: Path) -> Path:
    """The folder that `make -C … M=…` takes, for a kernel of Debian's archive."""
    if ready := headers_here(kernel, home):
        return ready
    name = f"linux-headers-{kernel.release}"
    package = archive.newest(name, package_version(kernel)) or archive.newest(name)
    if package is None:
        raise InputError(
            f"no headers for kernel {kernel.release}: it is no built tree, and apt's lists offer no {name}"
        )
    needed = [package]
    for dependency, relation, version in archive.dependencies(package):
        if _NEEDED.fullmatch(dependency):
            found = archive.newest(dependency, version if relation == "=" else None)
            if found is None:
                raise InputError(f"{name} needs {dependency} {version or ''}, which apt's lists do not offer")
            needed.append(found)
    place = _folder(kernel.release, package.version, home)
    with locked(place.with_name(f".{place.name}.lock")):
        if not place.is_dir():
            _join([packages.obtain(each, home) for each in needed], place, kernel.release)
    return place / "usr/src" / name


def symbols_here(kernel: Kernel, home: Path) -> tuple[Path, Path | None] | None:
    """vmlinux with debug information and System.map, where their package is in the cache."""
    name = f"linux-image-{kernel.release}-dbg"
    version = package_version(kernel)
    for package, content in packages.unpacked(home):
        if package.name == name and version in (None, package.version):
            return _symbols_in(content, kernel.release)
    return None


def symbols(kernel: Kernel, home: Path) -> tuple[Path, Path | None]:
    """vmlinux with debug information and the System.map with addresses, from the -dbg package."""
    if here := symbols_here(kernel, home):
        return here
    name = f"linux-image-{kernel.release}-dbg"
    version = package_version(kernel)
    package = archive.newest(name, version)
    if package is None:
        of_version = f" of version {version}" if version else ""
        raise InputError(
            f"no debug information for kernel {kernel.release}: apt's lists offer no {name}{of_version}"
        )
    return _symbols_in(packages.obtain(package, home), kernel.release)


def _symbols_in(content: Path, release: str) -> tuple[Path, Path | None]:
    vmlinux = content / "usr/lib/debug/boot" / f"vmlinux-{release}"
    if not vmlinux.is_file():
        raise InputError(f"{content.parent.name} holds no {vmlinux.relative_to(content)}")
    system_map = vmlinux.with_name(f"System.map-{release}")
    return vmlinux, system_map if system_map.is_file() else None


def _folder(release: str, version: str, home: Path) -> Path:
    return home / "kernels" / "headers" / f"{release}_{version.replace(':', '%3a')}"


def _join(contents: list[Path], place: Path, release: str) -> None:
    """Put the packages' files into one folder, with links and includes that stay inside it."""
    with scratch(place) as new:
        for content in contents:
            # Hard links: the packages stay as they were unpacked, and nothing is stored twice.
            shutil.copytree(content, new, symlinks=True, dirs_exist_ok=True, copy_function=_link)
        build = new / "usr/src" / f"linux-headers-{release}"
        makefile = build / "Makefile"
        text = makefile.read_text()
        makefile.unlink()
        makefile.write_text(_INCLUDE.sub(r"include $(dir $(lastword $(MAKEFILE_LIST)))../\g<rest>", text))
        # It is there for the type information of modules (BTF), which would need pahole.
        (build / "vmlinux").unlink(missing_ok=True)
        new.rename(place)


def _link(source: str, target: str) -> str:
    path = Path(source)
    if path.is_symlink():
        Path(target).symlink_to(path.readlink())
    else:
        try:
            Path(target).hardlink_to(path)
        except OSError:
            # Some file systems have no hard links, and some allow only so many of one file.
            shutil.copy2(path, target)
    return target
