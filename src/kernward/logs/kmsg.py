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
# drivers/net/netconsole.c sends fragments of up to 1000 bytes (MAX_PRINT_CHUNK), header included.
_LONGEST_FRAGMENT = 1 << 13
_MOST_FRAGMENTS = 128


@dataclass
class _Message:
    # A message that comes in fragments; `total` is the length of its text and properties together.
    line: Line
    total: int
    parts: dict[int, bytes] = field(default_factory=dict)

    def text(self) -> tuple[bytes, bool]:
        # What has come of the text, and whether that is all of it. A newline at a fragment's end
        # cannot be told from the collector's own, so one byte may be missing between fragments.
        text, at, whole = b"", 0, True
        for offset, part in sorted(self.parts.items()):
            if offset == at + 1:
                text += b"\n"
            elif offset > at:
                whole = whole and b"\n" in text
            text += part[max(0, at - offset) :]
            at = max(at, offset + len(part))
        text, newline, _ = text.partition(b"\n")
        return text, whole and (at + 1 >= self.total or bool(newline))

    def complete(self) -> bool:
        return self.text()[1] and max(o + len(p) for o, p in self.parts.items()) + 1 >= self.total

    def joined(self) -> Line:
        text, whole = self.text()
        flaw = None if whole else "fragment missing"
        return msgspec.structs.replace(self.line, text=_plain(text), flaw=flaw)


def kmsg_lines(reader: ByteReader, context: Context) -> Iterator[Line]:
    """The lines of a stream of records; lines that are no records are read as a console's."""
    held: Line | None = None  # its flag says that it may be continued
    for line, flag in _records(reader, Clock(context.zone, context.reference)):
        if flag == b"+" and held is not None and held.host == line.host:
            held = msgspec.structs.replace(held, text=held.text + line.text, end=max(held.end, line.end))
            continue
        if held is not None:
            yield from spread(held)
        held = line if flag == b"c" else None
        if held is None:
            yield from spread(line)
    if held is not None:
        yield from spread(held)


def _records(reader: ByteReader, clock: Clock) -> Iterator[tuple[Line, bytes]]:
    # Each record as a line, and its flag; fragments are joined.
    waiting: dict[tuple[bytes | None, bytes], _Message] = {}
    growing: tuple[tuple[bytes | None, bytes], int, bytearray] | None = None  # may go on in further lines
    for start, raw, cut in raw_lines(reader):
        found = _RECORD.fullmatch(raw.rstrip(b"\r"))
        if found is None:
            if growing is not None and len(growing[2]) + len(raw) < _LONGEST_MESSAGE:
                growing[2].extend(b"\n" + raw)
            elif raw.strip() and raw[:1] != b" ":  # otherwise it is a property of the device
                for line in unusual(raw.decode("latin-1"), start):
                    yield line, b"-"
            continue
        if growing is not None:
            yield from _grown(growing, waiting)
            growing = None
        _, sender, _, sequence, _, flag, more, text = found.groups()
        line = _line(found, start, start + len(raw), clock)
        fragment = _FRAGMENT.search(more)
        if fragment:
            key = (sender, sequence)
            if key not in waiting:
                if fragment[1] != b"0" and not text:
                    continue  # only the newline that ends a message that was whole without it
                if len(waiting) >= _WAITING:
                    yield waiting.pop(next(iter(waiting))).joined(), b"-"
                waiting[key] = _Message(line, min(int(fragment[2]), _LONGEST_MESSAGE))
            growing = key, int(fragment[1]), bytearray(text)
        else:
            flaw = f"cut at {len(raw)} bytes" if cut else None
            yield msgspec.structs.replace(line, text=_plain(text), flaw=flaw), flag
    if growing is not None:
        yield from _grown(growing, waiting)
    for message in waiting.values():
        yield message.joined(), b"-"


def _grown(
    growing: tuple[tuple[bytes | None, bytes], int, bytearray],
    waiting: dict[tuple[bytes | None, bytes], _Message],
) -> Iterator[tuple[Line, bytes]]:
    # A fragment has come to its end: adds it to its message, which may be complete by that.
    key, offset, part = growing
    message = waiting[key]
    if offset < message.total and len(message.parts) < _MOST_FRAGMENTS:
        message.parts[offset] = bytes(part[: min(_LONGEST_FRAGMENT, message.total - offset)])
    if message.parts and message.complete():
        del waiting[key]
        yield message.joined(), b"-"


def _line(found: re.Match[bytes], start: int, end: int, clock: Clock) -> Line:
    when, sender, priority, _, microseconds, _, more, _ = found.groups()
    at: datetime | None = clock.iso(when.decode("ascii")) if when else None
    caller = _CALLER.search(more)
    number = int(priority)
    return Line(
        "",
        start,
        end,
        int(microseconds) / 1e6,
        at,
        None if sender is None else sender.decode("ascii", "replace"),
        None,
        number & 7,
        number >> 3,
        None if caller is None else caller[1].decode("ascii"),
    )


def _plain(text: bytes) -> str:
    if b"\\x" in text:
        text = _HEX.sub(lambda found: bytes([int(found[1], 16)]), text)
    return text.decode("utf-8", "backslashreplace")
