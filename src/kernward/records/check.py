"""What a check of a machine found: causes with their evidence, what was ruled out, what could not be seen."""

from datetime import datetime
from typing import Literal

import msgspec

ScopeKind = Literal["host", "cgroup", "device", "process", "interface", "cpu", "filesystem"]


class Scope(msgspec.Struct, frozen=True):
    """What something was measured of, or what is at fault. `name` is "" for the host.

    A process is `comm[pid]`, a cgroup its path as /proc/PID/cgroup shows it, a device as the kernel calls
    it (vda, dm-0), a file system its mount point.
    """

    kind: ScopeKind = "host"
    name: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One value that speaks for or against a cause. `source` is the file or the probe it was read from.

    `window_s` is set when the value is a change or a rate over so many seconds that ended at `at_utc`.
    `says` is what it means, in words, for a person.
    """

    signal: str
    value: float | int | str
    unit: str
    source: str
    at_utc: datetime
    scope: Scope = Scope()
    window_s: float | None = None
    says: str = ""


class Action(msgspec.Struct, frozen=True):
    """What to do, now or for good, and what that risks. `command` can be copied; it may be ""."""

    when: Literal["now", "for good"]
    text: str
    risk: str
    command: str = ""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A deciding signal over the window: one point for each `at_utc`."""

    signal: str
    unit: str
    scope: Scope
    at_utc: tuple[datetime, ...]
    values: tuple[float, ...]


class Consequence(msgspec.Struct, frozen=True):
    """Another confirmed hypothesis that this one brings about."""

    id: str
    title: str
    scope: Scope


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed hypothesis. `confidence` and `impact` lie between 0 and 1.

    `impact` is the part of time, or of work, that is lost to it where it strikes. `chain` goes from the
    cause to the symptom. `victims` are what suffers, where that is not the scope itself.
    """

    id: str
    title: str
    confidence: float
    impact: float
    scope: Scope
    mechanism: str
    evidence: tuple[Evidence, ...]
    actions: tuple[Action, ...]
    chain: tuple[str, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    victims: tuple[Scope, ...] = ()
    plots: tuple[Plot, ...] = ()


class Refuted(msgspec.Struct, frozen=True, kw_only=True):
    """A hypothesis that the evidence speaks against."""

    id: str
    title: str
    reason: str
    evidence: tuple[Evidence, ...] = ()


class Undecided(msgspec.Struct, frozen=True, kw_only=True):
    """A hypothesis that could not be decided: what could not be seen, and why."""

    id: str
    title: str
    reason: str
    evidence: tuple[Evidence, ...] = ()


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement beyond what procfs tells. `tier` is how it was taken, None when it could not be.

    `reason` says why not, or why no better tier; `cost_percent` is of one CPU, `lost` counts events that
    were not recorded.
    """

    name: str
    tier: str | None
    reason: str = ""
    cost_percent: float | None = None
    lost: int | None = None


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """When in a recording a cause was there: from the first to the last of its parts that confirm it."""

    id: str
    title: str
    scope: Scope
    first_utc: datetime
    last_utc: datetime
    parts: int


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at instead of a running machine. `worst` is from when to when the answer is about.

    `notes` are sentences on what of it could not be used.
    """

    source: str
    first_utc: datetime
    last_utc: datetime
    samples: int
    parts: int = 1
    worst: tuple[datetime, datetime] | None = None
    episodes: tuple[Episode, ...] = ()
    notes: tuple[str, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `kernward check`. `findings` are ranked, the most likely cause first.

    `about` is what was asked about. `elsewhere` are causes that were found and do not reach it.
    `overhead_percent` is the processor time that reading took, of one CPU.
    """

    host: str
    kernel: str | None
    boot_id: str | None
    at_utc: datetime
    seconds: float
    findings: tuple[Finding, ...]
    refuted: tuple[Refuted, ...]
    unknown: tuple[Undecided, ...]
    about: Scope = Scope()
    elsewhere: tuple[Finding, ...] = ()
    measured: tuple[Measured, ...] = ()
    unreadable: dict[str, str] = {}
    overhead_percent: float | None = None
    recording: Recording | None = None
