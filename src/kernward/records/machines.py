"""What `kernward vm` prints about machines and about the host that runs them."""

from typing import Literal

import msgspec


class RunningMachine(msgspec.Struct, frozen=True):
    """A machine of the test bed that runs now. `cold`: booted, not restored from a snapshot."""

    id: str
    name: str
    kernel: str
    pid: int
    owner_pid: int
    since_unix_s: float
    memory_mb: int
    cold: bool


class Ability(msgspec.Struct, frozen=True):
    """One thing that the test bed can or cannot do on this host, and what to install if it cannot."""

    name: str
    state: Literal["works", "missing", "limited"]
    detail: str
    enables: str
    packages: tuple[str, ...] = ()


class Cleaned(msgspec.Struct, frozen=True):
    """What `kernward vm clean` removed."""

    machines: int
    snapshots: int
    images: int
    in_use: int
    size_bytes: int
