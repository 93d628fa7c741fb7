"""Which events of the store are wanted."""

from datetime import datetime

import msgspec


class Filter(msgspec.Struct, frozen=True):
    """Which events are wanted. Each list holds alternatives; an empty one and None ask for nothing.

    `kinds`, `hosts` and `kernels` are shell patterns. `releases` are exact kernel releases.
    `signatures` match any layer; `but_signatures` leaves function signatures out. Events whose time
    is not known are not within `since` and `until`.
    """

    kinds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    releases: tuple[str, ...] | None = None
    signatures: tuple[str, ...] = ()
    but_signatures: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
