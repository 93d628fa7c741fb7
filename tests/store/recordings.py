"""Recordings for the tests of the store."""

from pathlib import Path
from typing import Any

from kernward.store.journal import Journal
from kernward.store.recorded import Field, Heading, Recorded, encode

START_US = 1_767_312_000_000_000  # 2026-01-02 00:00:00 UTC
FIELDS = {
    "load": (Field("one", "gauge", ""), Field("name", "fact", "")),
    "disk": (
        Field("reads", "counter", ""),
        Field("time_s", "counter", "s"),
        Field("parts", "counter", ""),
        Field("by_kind", "counter", ""),
    ),
}


def heading(host: str = "web1", boot: str | None = "b1") -> Heading:
    return Heading(made_by="0.1.0", host=host, boot_id=boot, kernel="6.1.0", sources=FIELDS, single=("load",))


def sample(number: int, start_us: int = START_US, **changes: Any) -> Recorded:
    values: dict[str, Any] = {
        "at_us": start_us + number * 5_000_123,
        "at_s": 100.0 + 5 * number,
        "cost_s": 0.01,
        "read": {
            "load": [0.25 + number / 100, "a"],
            "disk": {"vda": [1000 + number, 3 * number / 1000, [1, number], {"read": number}]},
        },
        "after_s": {"load": 0.001, "disk": 0.002},
        "absent": {"swaps": "/proc/swaps: permission denied"},
        "missing": {"/proc/x": "there is no such file"},
        "cut": ("disk",),
    } | changes
    return Recorded(**values)


def record(
    home: Path, *samples: Recorded, host: str = "web1", boot: str | None = "b1", closed: bool = True
) -> Journal:
    made = Journal(home)
    made.append(encode(heading(host, boot)))
    for each in samples:
        made.append(encode(each))
    if closed:
        made.close()
    return made
