"""Parts of a Debian kernel that come in packages of their own: headers, and debug information.

The headers are three packages that refer to each other by absolute paths under /usr/src. Here they
are unpacked into one folder in which those paths are relative, so that nothing needs installing and
the folder may be moved.
"""

import re
import shutil
from pathlib import Path

from kernward.kernels import archive, packages
from kernward.kernels.archive import Package
from kernward.kernels.kernel import Kernel
from kernward.kernels.lock import locked
from kernward.records.errors import InputError

_INCLUDE = re.compile(r"^include\s+(?:\S*/)?usr/src/(?P<rest>\S+)$", re.MULTILINE)
# What the headers' package depends on that is needed for building.
_NEEDED = re.compile(r"linux-(?:headers|kbuild)-\S+")


def headers(kernel: Kernel, home: Path) -> Path:
    """The folder that `make -C … M=…` takes, for a kernel of Debian's archive."""
    name = f"linux-headers-{kernel.release}"
    ready = _ready(kernel.release, kernel.package_version, home)
    if ready:
        return ready
    package = archive.newest(name, kernel.package_version) or archive.newest(name)
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


def symbols(kernel: Kernel, home: Path) -> tuple[Path, Path | None]:
    """vmlinux with debug information and the System.map with addresses, from the -dbg package."""
    name = f"linux-image-{kernel.release}-dbg"
    package: Package | None
    for package, _ in packages.unpacked(home):
        if package.name == name and kernel.package_version in (None, package.version):
            break
    else:
        package = archive.newest(name, kernel.package_version)
    if package is None:
        version = f" of version {kernel.package_version}" if kernel.package_version else ""
        raise InputError(
            f"no debug information for kernel {kernel.release}: apt's lists offer no {name}{version}"
        )
    content = packages.obtain(package, home)
    vmlinux = content / "usr/lib/debug/boot" / f"vmlinux-{kernel.release}"
    if not vmlinux.is_file():
        raise InputError(f"{name} {package.version} holds no {vmlinux.relative_to(content)}")
    system_map = vmlinux.with_name(f"System.map-{kernel.release}")
    return vmlinux, system_map if system_map.is_file() else None


def _folder(release: str, version: str, home: Path) -> Path:
    return home / "kernels" / "headers" / f"{release}_{version.replace(':', '%3a')}"


def _ready(release: str, version: str | None, home: Path) -> Path | None:
    if version is None:
        return None
    path = _folder(release, version, home) / "usr/src" / f"linux-headers-{release}"
    return path if path.is_dir() else None


def _join(contents: list[Path], place: Path, release: str) -> None:
    """Put the packages' files into one folder, with links and includes that stay inside it."""
    partial = place.with_name(f".{place.name}.joining")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for content in contents:
            # Hard links: the packages stay as they were unpacked, and nothing is stored twice.
            shutil.copytree(content, partial, symlinks=True, dirs_exist_ok=True, copy_function=_link)
        source = partial / "usr/src"
        build = source / f"linux-headers-{release}"
        makefile = build / "Makefile"
        text = makefile.read_text()
        makefile.unlink()
        makefile.write_text(_INCLUDE.sub(r"include $(dir $(lastword $(MAKEFILE_LIST)))../\g<rest>", text))
        # It is there for the type information of modules (BTF), which would need pahole.
        (build / "vmlinux").unlink(missing_ok=True)
        partial.rename(place)
    except OSError as error:
        raise InputError(f"the headers of {release} cannot be put together: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
