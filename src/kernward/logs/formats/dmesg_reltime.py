"""`dmesg -e` (`--reltime`): now and then the minute of a day, and between them what passed since.

The lines' times are the sum of both, so such a source is read from its start on. The year is found
as for syslog.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from kernward.logs.clock import Clock
from kernward.logs.console import ESCAPES, unusual
from kernward.logs.decoding import raw_lines
from kernward.logs.format import ByteReader, Context, Format
from kernward.logs.printk import CALLER, DECODED, FACILITIES, LEVELS, decoded
from kernward.logs.sniffing import share
from kernward.records.lines import Line

# Groups: facility, level, month, day and time, or seconds since the line before; caller; text.
_LINE = re.compile(
    rf"{DECODED}?\[(?:([A-Z][a-z]{{2}})([ \d]\d \d\d:\d\d)| *\+(\d{{1,9}}\.\d{{1,9}}))\]"
    rf"(?: ?{CALLER})? ?(.*)",
    re.DOTALL | re.ASCII,
)
_HEADER = re.compile(
    rf"^{DECODED}?\[(?:[A-Z][a-z]{{2}}[ \d]\d \d\d:\d\d| *\+\d{{1,9}}\.\d{{6}})\] ".encode(), re.MULTILINE
)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    clock = Clock(context.zone, context.reference)
    at: datetime | None = None
    for start, raw, cut in raw_lines(reader):
        flaw = f"cut at {len(raw)} bytes" if cut else None
        view = ESCAPES.sub(b"", raw).rstrip(b"\r").decode("latin-1")
        found = _LINE.fullmatch(view)
        if not found:
            yield from unusual(view, start)
            continue
        facility, level, month, day, passed, caller, text = found.groups()
        if month:
            at = clock.read(f"{month} {day}")
        elif at is not None:
            try:
                at += timedelta(seconds=float(passed))
            except OverflowError:
                at = None
        yield Line(
            decoded(text),
            start,
            start + len(raw),
            at_utc=at,
            level=None if level is None else LEVELS.get(level),
            facility=None if facility is None else FACILITIES.get(facility),
            caller=caller,
            flaw=flaw,
        )


FORMAT = Format(
    name="dmesg-reltime",
    summary="dmesg -e, --reltime",
    example=b"[Jan 2 03:04] Linux version 6.8.0\n[  +0.000012] BIOS-provided physical RAM map:\n",
    sniff=_sniff,
    decode=_decode,
)
