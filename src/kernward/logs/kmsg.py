"""Records in the form of /dev/kmsg, which extended netconsole sends too, one or more to a message.

A record is `priority,sequence,microseconds,flags[,key=value…];text`, then lines with a leading space
that hold the device's properties. Control characters and non-ASCII bytes of the text are `\\xNN`.
Kernel documentation: Documentation/ABI/testing/dev-kmsg and Documentation/networking/netconsole.rst.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from kernward.logs.clock import Clock
from kernward.logs.console import unusual
from kernward.logs.decoding import raw_lines, spread
from kernward.logs.format import ByteReader, Context
from kernward.records.lines import Line

# What a collector may have put before a record: a time, the sender's name or address.
SENDER = (
    rb"(?:\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]? )?"
    rb"(?:([A-Za-z0-9][\w.-]{0,252})(?::\d{1,5})?(?:: ?| ))?"
)
# Groups: priority, sequence number, microseconds, flag, and what else there is, a comma before each.
# Extended netconsole may have the kernel's release first.
RECORD = rb"(?:[\w.+~-]{1,64},)?(\d{1,4}),(\d{1,20}),(\d{1,20}),([-c+])((?:,[^,;\n]{0,512})*);"

_RECORD = re.compile(rb"%b%b(.*)" % (SENDER, RECORD), re.DOTALL)
_HEX = re.compile(rb"\\x([0-9a-fA-F]{2})")
_CALLER = re.compile(rb",caller=([TC]\d{1,10})")
_FRAGMENT = re.compile(rb",ncfrag=(\d{1,9})/(\d{1,9})")

# Of fragments (of messages from many senders, in any order) this much is waited for at a time.
_WAITING = 64
_LONGEST_MESSAGE = 1 << 16


@dataclass
class _Fragments:
    # A message of which not all fragments have come.
    line: Line  # with the text still missing
    total: int
    parts: dict[int, bytes] = field(default_factory=dict)

    def add(self, offset: int, part: bytes) -> bool:
        self.parts[offset] = part[: max(0, self.total - offset)]
        return sum(map(len, self.parts.values())) >= self.total

    def text(self) -> tuple[bytes, bool]:
        # What there is, and whether it is all.
        whole, at = b"", 0
        for offset, part in sorted(self.parts.items()):
            if offset > at:
                return whole + b"".join(p for o, p in sorted(self.parts.items()) if o >= offset), False
            whole += part[at - offset:]
            at = max(at, offset + len(part))
        return whole, at >= self.total


def kmsg_lines(reader: ByteReader, context: Context) -> Iterator[Line]:
    """The lines of a stream of records; lines that are no records are read as a console's."""
    clock = Clock(context.zone, context.reference)
    waiting: dict[tuple[bytes | None, bytes], _Fragments] = {}
    collecting: _Fragments | None = None  # a fragment whose bytes go on in the next lines
    held: Line | None = None  # it may yet be continued
    for start, raw, cut in raw_lines(reader):
        found = _RECORD.fullmatch(raw.rstrip(b"\r"))
        if found is None:
            if raw[:1] == b" ":
                continue  # a property of the device
            if collecting is not None and _continues(collecting, raw):
                continue
            if held is not None:
                yield from spread(held)
                held = None
            yield from unusual(raw.decode("latin-1"), start)
            continue
        collecting = None
        when, sender, priority, sequence, microseconds, flag, more, text = found.groups()
        line = _line(found, start, start + len(raw), clock)
        if cut:
            line = msgspec.structs.replace(line, flaw=f"cut at {len(raw)} bytes")
        fragment = _FRAGMENT.search(more)
        if fragment:
            offset, total = int(fragment[1]), min(int(fragment[2]), _LONGEST_MESSAGE)
            key = (sender, sequence)
            if key not in waiting:
                if len(waiting) >= _WAITING:
                    yield from _joined(waiting.pop(next(iter(waiting))))
                waiting[key] = _Fragments(line, total)
            message = waiting[key]
            if not message.add(offset, text):
                collecting = message
                continue
            del waiting[key]
            lines = _joined(message)
        else:
            lines = [msgspec.structs.replace(line, text=_plain(text))]
        if flag == b"+" and held is not None and held.host == line.host:
            held = msgspec.structs.replace(
                held, text=held.text + lines[0].text, end=max(held.end, lines[0].end)
            )
            continue
        if held is not None:
            yield from spread(held)
        held = None
        if flag == b"c" and len(lines) == 1:
            held = lines[0]
        else:
            for each in lines:
                yield from spread(each)
    if held is not None:
        yield from spread(held)
    for message in waiting.values():
        yield from _joined(message)


def _line(found: re.Match[bytes], start: int, end: int, clock: Clock) -> Line:
    when, sender, priority, _, microseconds, _, more, _ = found.groups()
    at: datetime | None = clock.iso(when.decode("ascii")) if when else None
    caller = _CALLER.search(more)
    number = int(priority)
    return Line(
        "", start, end, int(microseconds) / 1e6, at,
        None if sender is None else sender.decode("ascii", "replace"), None, number & 7, number >> 3,
        None if caller is None else caller[1].decode("ascii"),
    )


def _plain(text: bytes) -> str:
    if b"\\x" in text:
        text = _HEX.sub(lambda found: bytes([int(found[1], 16)]), text)
    return text.decode("utf-8", "backslashreplace")


def _continues(message: _Fragments, raw: bytes) -> bool:
    # Fragments are cut anywhere, also within the properties that follow a message.
    return message.total > sum(map(len, message.parts.values())) and b"=" in raw


def _joined(message: _Fragments) -> list[Line]:
    text, whole = message.text()
    flaw = None if whole or b"\n" in text else "fragment missing"
    text = text.partition(b"\n")[0]
    return [msgspec.structs.replace(message.line, text=_plain(text), flaw=flaw)]
