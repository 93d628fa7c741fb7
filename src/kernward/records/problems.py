"""A problem: all events with one function signature; and a triage: what a pile of logs holds.

These structs are the JSON of `kernward triage --format json` and `kernward problems --format json`,
and what the text and HTML renderings are made of. Lists that could grow with the input are capped,
and a count beside each says how many there were. All texts of titles, hosts, sources and reports
come from logs: whoever shows them escapes them.
"""

from datetime import datetime
from typing import Literal

import msgspec

from kernward.records.events import Event, EventClass, Severity


class Link(msgspec.Struct, frozen=True):
    """One other problem that caused this one, or was caused by it, and how often that was seen.

    `signature` and `title` are those of the other problem.
    """

    signature: str
    title: str
    reason: str
    count: int


class Sighting(msgspec.Struct, frozen=True):
    """Where one event of a problem was seen; `start` and `end` are bytes in the decompressed source."""

    source: str
    start: int
    end: int
    host: str | None
    boot: str | None
    kernel: str | None
    time: datetime | None
    monotonic_s: float | None


class TimeBin(msgspec.Struct, frozen=True):
    """How many events fell into the bin that begins here: UTC or seconds since boot, by the clock."""

    start_utc: datetime | None
    start_monotonic_s: float | None
    count: int


class Timeline(msgspec.Struct, frozen=True):
    """Events over time, at most 128 bins of `bin_s` seconds; bins without an event are left out.

    The clock is `utc` where the logs tell the date, else `monotonic`: seconds since boot, the boots
    laid over one another. Events of which only the other clock is known are in `undated`.
    """

    clock: Literal["utc", "monotonic"]
    bin_s: int
    bins: tuple[TimeBin, ...]
    undated: int


class Problem(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """All events with one function signature.

    `count` counts events, copies that a log holds of the same message left out. `hosts` are the first few by name, `sources` the first few
    in the order of reading; `host_count` and `source_count` say how many there were. Events whose host
    no log names are counted in `unknown_host_count`. `kernels` counts events by kernel release. `boots`
    counts distinct boots. `rate_per_hour` is the mean from the first to the last event, all hosts
    together: None for fewer than two events, and where the logs tell no common clock. `example` is the
    best report: not corrupted, the most complete. `meaning` and `next_steps` are the catalogue's words for the kind.
    """

    rank: int
    signature: str
    exact_signature_count: int
    kind: str
    class_: EventClass
    severity: Severity
    title: str
    alt_titles: tuple[str, ...]
    function: str | None
    file: str | None
    line: int | None
    subsystem: str | None
    count: int
    corrupted_count: int
    hosts: tuple[str, ...]
    host_count: int
    unknown_host_count: int
    boots: int
    kernels: dict[str, int]
    sources: tuple[str, ...]
    source_count: int
    first_seen: datetime | None
    last_seen: datetime | None
    first_monotonic_s: float | None
    last_monotonic_s: float | None
    rate_per_hour: float | None
    timeline: Timeline | None
    causes: tuple[Link, ...]
    consequences: tuple[Link, ...]
    sightings: tuple[Sighting, ...]
    example: Event
    meaning: str | None
    next_steps: tuple[str, ...]


class StateCount(msgspec.Struct, frozen=True):
    """Events that say how a machine stands rather than what went wrong: boots, taint, links up."""

    kind: str
    title: str
    count: int
    host_count: int


class Unseen(msgspec.Struct, frozen=True):
    """Evidence that is missing: `what` in a sentence, in how many sources, and one to look at."""

    what: str
    source_count: int
    example_source: str | None


class Totals(msgspec.Struct, frozen=True):
    """What was read, in numbers; `kernels` counts boots by kernel release.

    `sources_without_host` are those with events of which nothing tells the host. `bytes_read` counts
    decompressed bytes; None when facts were read instead of logs.
    """

    sources: int
    sources_without_host: int
    bytes_read: int | None
    events: int
    problems: int
    hosts: int
    boots: int
    kernels: dict[str, int]
    first_seen: datetime | None
    last_seen: datetime | None
    elapsed_s: float


class Triage(msgspec.Struct, frozen=True):
    """The answer of `kernward triage`: problems, ranked; what else was seen; what could not be seen.

    `unreadable` are sentences on inputs that could not be read; `unseen` is evidence that is missing
    from inputs that could. `catalogue` is the version (digest) of the catalogue that read the logs.
    """

    problems: tuple[Problem, ...]
    states: tuple[StateCount, ...]
    totals: Totals
    unreadable: tuple[str, ...]
    unseen: tuple[Unseen, ...]
    catalogue: str
    generated_at_utc: datetime
