"""A kernel that could be used: the JSON of `kernward vm kernels`."""

from typing import Literal

import msgspec

Origin = Literal["installed", "package", "deb", "image", "folder", "tree", "built"]


class KernelListing(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel that is here, or that the archive offers.

    `wanted` is what `--kernel` takes for exactly this one. The parts (`has_…`) are those that are here,
    or come with what would be fetched; headers and debug information of Debian's kernels are packages
    of their own, and count once they were fetched.
    """

    wanted: str
    # As `uname -r` and `uname -v` print them; the second is known once the image is here.
    release: str
    version: str | None = None
    # Debian's: "cloud", "rt", or "" for the ordinary one; None for kernels of others.
    flavour: str | None = None
    origin: Origin
    package: str | None = None
    package_version: str | None = None
    # What would have to be fetched to use it; None where it is here.
    fetch_bytes: int | None = None
    has_modules: bool = False
    has_config: bool = False
    # One with addresses: Debian's comes with the debug information.
    has_system_map: bool = False
    # vmlinux with debug information.
    has_symbols: bool = False
    has_headers: bool = False
    # The image, or the package file that holds it; None where it is yet to be fetched.
    path: str | None = None
