"""The kernel that a person means.

"6.1" is the newest of a series, "6.1-rt" the newest of a flavour of it, "6.12.117" and
"6.1.0-56-cloud-amd64" are releases, "built:kasan" is a build of ours; everything else is a path: a
package file, an image, a folder, a kernel tree. What is asked for and not here is fetched from the
archive; offline, what is here is used.
"""

import re
from contextlib import suppress
from pathlib import Path

import msgspec

from kernward.kernels import archive, debian, elf, folders, packages
from kernward.kernels.archive import ImagePackage, Package
from kernward.kernels.kernel import Kernel
from kernward.records import kernel_release
from kernward.records.errors import InputError, UsageError

_UNSIGNED = "-unsigned"
_SERIES = re.compile(r"v?(\d+\.\d+)(?:-([a-z][a-z0-9]*))?")
_RELEASE = re.compile(r"v?(\d+\.\d+[A-Za-z0-9._+~-]*)")
# Smaller and quicker to boot first.
_FLAVOURS = ("cloud", "", "rt")


def find(wanted: str, home: Path, *, fetch: bool = True) -> Kernel:
    """The kernel of this name; see the module's text for what names are known.

    A series prefers the cloud flavour, and takes what is installed or in the cache only where it is
    as new as what the archive offers, or the archive cannot be reached. Raises UsageError for a name
    that means nothing, InputError for a kernel that cannot be had or read.
    """
    if wanted.startswith("built:"):
        return built(wanted.removeprefix("built:"), home)
    if "/" not in wanted and not wanted.endswith((".deb", ".rpm")):
        name = wanted.removeprefix("linux-image-")
        if (match := _SERIES.fullmatch(name)) and (match[2] is None or match[2] in ("amd64", *_FLAVOURS)):
            return _newest(match[1], match[2], home, fetch)
        if _RELEASE.fullmatch(name) and not Path(wanted).exists():
            return _release(name.removeprefix("v"), home, fetch)
    return at_path(Path(wanted).expanduser(), home)


def at_path(path: Path, home: Path) -> Kernel:
    """The kernel in a package file, an image, a folder or a kernel tree."""
    if path.suffix == ".rpm":
        raise UsageError(
            f"{path}: packages of the RPM kind are not read; unpack it (rpm2cpio) and name the folder"
        )
    if not path.exists():
        raise UsageError(
            f"{path}: neither a kernel release or series (6.1, 6.1.0-56-cloud-amd64), nor a file or folder"
        )
    path = path.absolute()
    if path.is_dir():
        if folders.is_tree(path):
            return folders.of_tree(path)
        return _only(folders.in_folder(path, "folder"), path)
    if path.suffix == ".deb":
        return of_package_file(path, home)
    return folders.of_image(path)


def of_package_file(path: Path, home: Path) -> Kernel:
    """The kernel in a .deb file, unpacked into the cache."""
    content = packages.unpack_file(path, home)
    package = packages.receipt(content)
    return _of_package(_only(folders.in_folder(content, "deb"), path), package)


def built(name: str, home: Path) -> Kernel:
    """A kernel that `kernward vm build` made."""
    names = built_names(home)
    if name not in names:
        there = f"there are {', '.join(names)}" if names else "none was built yet (kernward vm build)"
        raise UsageError(f"built:{name}: no such build; {there}")
    return of_built(_built_folder(home) / name)


def built_names(home: Path) -> list[str]:
    """The names of the kernels that `kernward vm build` made."""
    return sorted(path.parent.name for path in _built_folder(home).glob("[!.]*/image"))


def all_built(home: Path) -> dict[str, Kernel]:
    """The kernels that `kernward vm build` made, by name; one that was damaged since is left out."""
    found = {}
    for name in built_names(home):
        with suppress(InputError):
            found[name] = built(name, home)
    return found


def of_built(folder: Path) -> Kernel:
    """The kernel in a folder of `kernward vm build`: image, config, System.map, vmlinux, modules, build."""
    kernel = folders.of_image(folder / "image", "built")
    vmlinux = folder / "vmlinux"
    build = folder / "build"
    return msgspec.structs.replace(
        kernel,
        symbols=vmlinux if vmlinux.is_file() else None,
        headers=build if (build / "Makefile").is_file() else None,
    )


def _built_folder(home: Path) -> Path:
    return home / "kernels" / "built"


def with_headers(kernel: Kernel, home: Path) -> Kernel:
    """The kernel with what out-of-tree modules are built against, fetched where it is Debian's."""
    if kernel.headers is not None:
        return kernel
    return msgspec.structs.replace(kernel, headers=debian.headers(kernel, home))


def with_symbols(kernel: Kernel, home: Path) -> Kernel:
    """The kernel with its debug information and a System.map with addresses.

    Debian's is a package of its own, of 280 MB and more. Raises InputError where there is none.
    """
    if kernel.symbols is not None:
        if not elf.has_debug_information(kernel.symbols):
            raise InputError(f"{kernel.symbols} has no debug information: its config lacks CONFIG_DEBUG_INFO")
        return kernel
    vmlinux, system_map = debian.symbols(kernel, home)
    return msgspec.structs.replace(kernel, symbols=vmlinux, system_map=system_map or kernel.system_map)


def installed(root: Path = Path("/")) -> list[Kernel]:
    """The kernels that are installed on this machine and may be read."""
    found = []
    for kernel in folders.in_folder(root, "installed"):
        build = root / "lib/modules" / kernel.release / "build"
        headers = build if (build / "Makefile").is_file() else None
        found.append(msgspec.structs.replace(kernel, headers=headers))
    return found


def in_cache(home: Path) -> list[Kernel]:
    """The kernels of the archive's packages that are unpacked in the cache."""
    return _unpacked(packages.unpacked(home), "package")


def from_files(home: Path) -> list[Kernel]:
    """The kernels of package files that somebody named before, which are unpacked in the cache too."""
    return _unpacked(packages.unpacked_files(home), "deb")


def _unpacked(contents: list[tuple[Package, Path]], origin: str) -> list[Kernel]:
    return [
        _of_package(kernel, package)
        for package, content in contents
        if not package.name.endswith("-dbg")
        for kernel in folders.in_folder(content, origin)
    ]


def _of_package(kernel: Kernel, package: Package) -> Kernel:
    return msgspec.structs.replace(kernel, package=package.name, package_version=package.version)


def of_archive(offer: ImagePackage, home: Path, *, fetch: bool = True) -> Kernel:
    """A kernel that the archive offers, from the cache or fetched now."""
    content = packages.obtain(offer.package, home, fetch=fetch)
    return _of_package(_only(folders.in_folder(content, "package"), content), offer.package)


def _newest(series: str, flavour: str | None, home: Path, fetch: bool) -> Kernel:
    flavour = "" if flavour == "amd64" else flavour

    def fits(release: str, of_flavour: str | None) -> bool:
        # PREEMPT_RT is another kernel in all but name: it is taken only where it is asked for.
        named = of_flavour != "rt" if flavour is None else of_flavour == flavour
        return named and release.startswith(f"{series}.")

    here = [
        each for each in installed() + in_cache(home) if fits(each.release, archive.flavour_of(each.release))
    ]
    # Debian's numbers and those of others cannot be compared: 6.1.0-56 is 6.1.192.
    debian_here = [each for each in here if archive.flavour_of(each.release) is not None]
    offers = [each for each in archive.image_packages(home) if fits(each.release, each.flavour)]
    offer = max(offers, key=_rank_of_offer, default=None)
    best_here = max(debian_here or here, key=_rank_of, default=None)
    if offer is None:
        if best_here is None:
            what = f"{series} kernel" + (f" of flavour {flavour or 'amd64'}" if flavour is not None else "")
            raise InputError(f"no {what} is here, and apt's lists offer none (apt-get update?)")
        return best_here
    if best_here in debian_here and _rank_of(best_here) >= _rank_of_offer(offer):
        return best_here
    try:
        return of_archive(offer, home, fetch=fetch)
    except InputError:
        # Offline, an older one is better than none.
        if best_here is None:
            raise
        return best_here


_Rank = tuple[kernel_release.Order, int, bool, tuple[tuple[int, ...], ...]]


def _rank(release: str, flavour: str | None, signed: bool, version: str | None) -> _Rank:
    """Sorts from the worst to the best kernel of a series: by release, flavour, signature and rebuild."""
    preference = _FLAVOURS.index(flavour) if flavour in _FLAVOURS else len(_FLAVOURS)
    return archive.newness(release), -preference, signed, archive.version_key(version or "")


def _rank_of(kernel: Kernel) -> _Rank:
    return _rank(
        kernel.release, archive.flavour_of(kernel.release), _is_signed(kernel), debian.package_version(kernel)
    )


def _rank_of_offer(offer: ImagePackage) -> _Rank:
    return _rank(offer.release, offer.flavour, offer.signed, offer.package.version)


def _is_signed(kernel: Kernel) -> bool:
    return not (kernel.package or "").endswith(_UNSIGNED)


def _release(release: str, home: Path, fetch: bool) -> Kernel:
    here = installed() + in_cache(home)
    offers = archive.image_packages(home)
    # What has both a signed and an unsigned package is the signed one, unless the other is named.
    signed = not release.endswith(_UNSIGNED)
    release = release.removesuffix(_UNSIGNED)
    for kernel in here:
        if kernel.release == release and _is_signed(kernel) == signed:
            return kernel
    if not signed:
        offers = [each for each in offers if not each.signed]
    for offer in offers:
        if offer.release == release:
            return of_archive(offer, home, fetch=fetch)
    # Last, what came in a file of somebody's: it must not stand in for the archive's of that name.
    for kernel in here + from_files(home):
        if kernel.release == release:
            return kernel
    # "6.12.117" and "6.1.192" are upstream's names for what Debian calls otherwise.
    upstream = re.compile(re.escape(release) + r"(?![0-9.])")
    for flavour in _FLAVOURS:
        for kernel in here:
            if archive.flavour_of(kernel.release) == flavour and upstream.match(kernel.package_version or ""):
                return kernel
        for offer in offers:
            if offer.flavour == flavour and upstream.match(offer.package.version):
                return of_archive(offer, home, fetch=fetch)
    raise InputError(
        f"no kernel {release} is here, and apt's lists offer none"
        + (f"; the newest is {offers[0].release}" if offers else " (apt-get update?)")
    )


def _only(kernels: list[Kernel], where: Path) -> Kernel:
    if not kernels:
        raise InputError(f"{where}: no x86 kernel image (vmlinuz or bzImage) is in it")
    if len({kernel.release for kernel in kernels}) > 1:
        releases = ", ".join(sorted(kernel.release for kernel in kernels))
        raise UsageError(f"{where}: more than one kernel is in it ({releases}): name the image")
    # Of the same kernel's images, the one with most parts.
    return max(kernels, key=lambda each: sum(part is not None for part in (each.modules, each.config)))
