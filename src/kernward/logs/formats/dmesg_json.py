"""`dmesg --json` (util-linux 2.38 and newer), with or without `-x`."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from kernward.logs.clock import Clock
from kernward.logs.decoding import spread
from kernward.logs.format import ByteReader, Context, Format
from kernward.logs.journal import Skipped
from kernward.logs.objects import decode_object, json_objects
from kernward.logs.printk import FACILITIES, LEVELS
from kernward.records.lines import Line

_START = re.compile(rb'\A\s*\{\s*"dmesg"\s*:\s*\[')


class _Record(msgspec.Struct, gc=False):
    msg: Any = ""
    pri: Any = None
    fac: Any = None
    time: Any = None
    caller: Any = None


_decode_record = msgspec.json.Decoder(_Record).decode


def _sniff(sample: bytes) -> float:
    return 1.0 if _START.match(sample) else 0.0


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    clock = Clock(context.zone, context.reference)
    skipped = Skipped(context.report, "a record of dmesg --json")
    try:
        for start, raw in json_objects(reader, lambda at, why: skipped.add(f"byte {at}", why)):
            try:
                record = decode_object(_decode_record, raw)
            except msgspec.DecodeError as error:
                skipped.add(f"byte {start}", str(error))
                continue
            yield from spread(_line(record, start, start + len(raw), clock))
    finally:
        skipped.close()


def _line(record: _Record, start: int, end: int, clock: Clock) -> Line:
    level = facility = None
    if isinstance(record.pri, int) and 0 <= record.pri < 1 << 16:
        level, facility = record.pri & 7, record.pri >> 3
    elif isinstance(record.pri, str):
        level = LEVELS.get(record.pri)
    if isinstance(record.fac, str):
        facility = FACILITIES.get(record.fac)
    seconds = at = None
    if isinstance(record.time, int | float):
        seconds = float(record.time)
    elif isinstance(record.time, str):
        at = clock.iso(record.time) or clock.read(record.time)
    caller = record.caller.strip() if isinstance(record.caller, str) else None
    return Line(str(record.msg), start, end, seconds, at, None, None, level, facility, caller)


FORMAT = Format(
    name="dmesg-json",
    summary="dmesg --json",
    example=b'{\n   "dmesg": [\n      {\n         "pri": 6,\n         "time":     1.234567,\n'
    b'         "msg": "EXT4-fs (sda1): mounted filesystem"\n      }\n   ]\n}\n',
    sniff=_sniff,
    decode=_decode,
)
