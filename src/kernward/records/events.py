"""An event: one thing the kernel reported, named, with everything its report says.

These structs are what `kernward triage --format jsonl` prints, one `Event` a line, and what the
store keeps. JSON names equal the attribute names, but for `class_`, which is `class` in JSON.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

EventClass = Literal["crash", "resource", "hardware", "storage", "network", "state"]
Severity = Literal["fatal", "error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("fatal", "error", "warning", "info")


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One entry of a stack trace.

    `function` has its compiler suffixes; `offset` and `size` are bytes within the function.
    `reliable` is False for entries the unwinder marked `?`. `inline` entries exist only in
    symbolised logs. `context` is the stack it stands on (`IRQ`, `NMI`, `TASK`, …) where marked.
    """

    function: str
    offset: int | None = None
    size: int | None = None
    module: str | None = None
    reliable: bool = True
    inline: bool = False
    file: str | None = None
    line: int | None = None
    context: str | None = None


class Stack(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One stack trace of a report. `role` says whose: `crash`, `allocated`, `freed`, `cpu 1`, …"""

    role: str
    frames: tuple[Frame, ...]


class SkippedFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame that was passed over in the search for the responsible function, and why."""

    function: str
    reason: str


class TaintFlag(msgspec.Struct, frozen=True, gc=False):
    """One letter of a taint string and what it means."""

    letter: str
    meaning: str


class Report(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a crash report says besides its title. Absent is None or an empty collection."""

    cpu: int | None = None
    pid: int | None = None
    comm: str | None = None
    uid: int | None = None
    kernel: str | None = None
    build: str | None = None
    taint: tuple[TaintFlag, ...] = ()
    hardware: str | None = None
    workqueue: str | None = None
    ip: str | None = None
    registers: dict[str, str] = {}
    code: str | None = None
    modules: tuple[str, ...] = ()
    stacks: tuple[Stack, ...] = ()
    held_locks: tuple[str, ...] = ()
    lock_chain: tuple[str, ...] = ()


class Signature(msgspec.Struct, frozen=True, gc=False):
    """Three layers of sameness, from fine to coarse; each starts with the kind's id.

    None of them depends on CPU, pid, address, offset, time, comm, compiler suffixes, log format or
    printk caller.
    """

    exact: str
    function: str
    subsystem: str


class Cause(msgspec.Struct, frozen=True, gc=False):
    """A link to the event that caused this one. `event` is the other event's id."""

    event: str
    kind: str
    reason: str


class Event(msgspec.Struct, frozen=True, omit_defaults=False, rename={"class_": "class"}):
    """One event. `start` and `end` are the byte span of its report in the decompressed `source`.

    `time` is UTC where the log tells it; `monotonic_s` is seconds since boot. `boot` names the boot
    within the host: journald's boot id where there is one, else `<source>#<n>`. `fields` are the
    kind's own typed fields. `text` is the report as it was printed, without line prefixes, bounded.
    """

    id: str
    kind: str
    class_: EventClass
    severity: Severity
    title: str
    alt_titles: tuple[str, ...]
    function: str | None
    function_reason: str | None
    skipped: tuple[SkippedFrame, ...]
    file: str | None
    line: int | None
    subsystem: str | None
    corrupted: bool
    corrupted_reason: str | None
    signature: Signature
    host: str | None
    boot: str | None
    kernel: str | None
    build: str | None
    time: datetime | None
    monotonic_s: float | None
    source: str
    start: int
    end: int
    fields: dict[str, Any]
    report: Report | None
    caused_by: tuple[Cause, ...]
    text: str
