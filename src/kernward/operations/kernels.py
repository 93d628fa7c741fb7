"""Which kernels can be used here: installed, in the cache, built, in folders, and in the archive."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from kernward.kernels import archive as debian_archive
from kernward.kernels import deb, debian, elf, find, folders, packages
from kernward.kernels.archive import ImagePackage
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError, UsageError
from kernward.records.kernels import KernelListing, Origin
from kernward.store.home import home as default_home


def list_kernels(
    home: Path | None = None, *, archive: bool = True, every: bool = False, places: Sequence[Path] = ()
) -> tuple[KernelListing, ...]:
    """The kernels that can be used, the newest first; nothing is fetched.

    `archive` adds those that would have to be fetched: the newest of each series and flavour, or with
    `every` all of them. `places` are looked at besides: images, folders of images and package files,
    kernel trees. Raises UsageError for a place that does not exist.
    """
    home = home or default_home()
    listed = [_here(kernel, kernel.release, home) for kernel in _once(find.installed() + find.in_cache(home))]
    listed += [_here(kernel, str(kernel.image), home) for kernel in find.from_files(home)]
    listed += [_here(kernel, f"built:{name}", home) for name, kernel in find.all_built(home).items()]
    for place in places:
        listed += _at(place, home)
    if archive:
        here = {each.release for each in listed if each.origin in ("installed", "package")}
        offers = debian_archive.image_packages(home)
        chosen = offers if every else _newest_of_each(offers)
        listed += [_offered(offer, home) for offer in chosen if offer.release not in here]
    return tuple(sorted(listed, key=lambda each: debian_archive.newness(each.release), reverse=True))


def _once(kernels: Iterable[Kernel]) -> list[Kernel]:
    """Of the same release, the first: that is the one its release stands for."""
    found: dict[str, Kernel] = {}
    for kernel in kernels:
        found.setdefault(kernel.release, kernel)
    return list(found.values())


def _newest_of_each(offers: Iterable[ImagePackage]) -> list[ImagePackage]:
    found: dict[tuple[str, str], ImagePackage] = {}
    for offer in offers:
        series = ".".join(offer.release.split(".")[:2])
        found.setdefault((series, offer.flavour), offer)
    return list(found.values())


def _here(kernel: Kernel, wanted: str, home: Path) -> KernelListing:
    return KernelListing(
        wanted=wanted,
        release=kernel.release,
        version=kernel.version,
        flavour=debian_archive.flavour_of(kernel.release),
        origin=cast(Origin, kernel.origin),
        package=kernel.package,
        package_version=kernel.package_version,
        has_modules=kernel.modules is not None,
        has_config=kernel.config is not None,
        has_system_map=kernel.system_map is not None,
        has_symbols=_has_symbols(kernel, home),
        has_headers=kernel.headers is not None or debian.headers_here(kernel, home) is not None,
        path=str(kernel.image),
    )


def _has_symbols(kernel: Kernel, home: Path) -> bool:
    if kernel.symbols is not None:
        return elf.has_debug_information(kernel.symbols)
    return debian.symbols_here(kernel, home) is not None


def _offered(offer: ImagePackage, home: Path) -> KernelListing:
    return KernelListing(
        wanted=offer.release if offer.signed else f"{offer.release}-unsigned",
        release=offer.release,
        flavour=offer.flavour,
        origin="package",
        package=offer.package.name,
        package_version=offer.package.version,
        fetch_bytes=None if packages.is_here(offer.package, home) else offer.package.size_bytes,
        has_modules=True,
        has_config=True,
    )


def _at(place: Path, home: Path) -> list[KernelListing]:
    if not place.exists():
        raise UsageError(f"{place}: no such file or folder")
    if not place.is_dir():
        return (
            [_package_file(place)]
            if place.suffix == ".deb"
            else [_here(find.at_path(place, home), str(place), home)]
        )
    if folders.is_tree(place):
        return [_here(folders.of_tree(place), str(place), home)]
    listed = [_here(kernel, str(kernel.image), home) for kernel in folders.in_folder(place, "folder")]
    listed += [
        _package_file(file) for file in sorted(place.glob("linux-image-*.deb")) if "-dbg_" not in file.name
    ]
    listed += [_here(folders.of_tree(tree), str(tree), home) for tree in folders.built_trees(place)]
    return listed


def _package_file(file: Path) -> KernelListing:
    fields = deb.control(file)
    name = fields.get("Package", "")
    if not name.startswith("linux-image-"):
        raise InputError(f"{file}: the package {name or 'without a name'} holds no kernel image")
    release = name.removeprefix("linux-image-").removeprefix("unsigned-").removesuffix("-unsigned")
    return KernelListing(
        wanted=str(file),
        release=release,
        flavour=debian_archive.flavour_of(release),
        origin="deb",
        package=name,
        package_version=fields.get("Version"),
        has_modules=True,
        has_config=True,
        path=str(file),
    )
