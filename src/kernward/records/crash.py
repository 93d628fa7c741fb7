"""What a crash capture is: the manifest that lies beside its files."""

from datetime import datetime

import msgspec


class CapturedFile(msgspec.Struct, frozen=True):
    """One file of a capture, relative to its folder."""

    name: str
    what: str
    size_bytes: int
    sha256: str


class CrashManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was injected into one machine, and everything that was kept of it.

    `panic` is what the kernel's panic said, None where the machine lived on; `vmcoreinfo` says whether the
    dump holds the kernel's own note about itself, without which a debugger has to guess. `kinds` are the
    kinds of event that a log of it must hold. `missing` says, in a sentence each, what could not be kept.
    """

    fault: str
    values: dict[str, int | float | str]
    release: str
    version: str | None
    package: str | None
    package_version: str | None
    image_sha256: str
    command_line: str
    symbols: str | None
    accelerator: str
    started_at_utc: datetime
    shown_at_utc: datetime
    evidence: str
    panic: str | None
    pvpanic: bool
    vmcoreinfo: bool
    kinds: tuple[str, ...]
    cause: str
    mechanism: str
    files: tuple[CapturedFile, ...]
    missing: tuple[str, ...] = ()
