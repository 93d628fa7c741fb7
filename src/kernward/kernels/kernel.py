"""What a kernel is to the rest of kernward: its release, and where each of its parts lies."""

from pathlib import Path

import msgspec


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """One build of a kernel. A part that is not here is None; `find.with_headers` and
    `find.with_symbols` fetch two of them."""

    # As `uname -r` prints it: "6.1.0-56-cloud-amd64".
    release: str
    # The bzImage.
    image: Path
    # "installed", "package" (of the archive), "deb" (a package file), "image", "folder", "tree" (a
    # built source tree) or "built" (by `kernward vm build`).
    origin: str
    # As `uname -v` prints it: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)".
    version: str | None
    config: Path | None = None
    system_map: Path | None = None
    # The folder of the modules, …/lib/modules/<release>, or a built tree; None: nothing but what is built in.
    modules: Path | None = None
    # vmlinux; that of a build has debug information where the config says so.
    symbols: Path | None = None
    # What `make -C … M=…` takes.
    headers: Path | None = None
    # The Debian package that it comes from, and the package's version.
    package: str | None = None
    package_version: str | None = None
