"""`journalctl -o json`, `json-seq`, `json-sse` and `json-pretty`: one object an entry."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from kernward.logs.decoding import raw_lines
from kernward.logs.format import ByteReader, Context, Format
from kernward.logs.journal import FIELDS, Skipped, entry_lines
from kernward.logs.objects import LONGEST_OBJECT, decode_object, json_objects
from kernward.logs.sniffing import share
from kernward.records.lines import Line

_ENTRY = re.compile(
    rb'^(?:\x1e|data: )?\{.*"(?:MESSAGE|__REALTIME_TIMESTAMP|_BOOT_ID|__CURSOR)" ?:', re.MULTILINE
)
_PRETTY = re.compile(rb'\A\[?\s*\{\s*\n\s+"(?:_|[A-Z])[A-Z0-9_]+" ?:')
# Only the fields that make a line are decoded. (An attribute cannot begin with two underscores.) A
# message of None is one that journalctl left out; one that is not there at all is empty.
_ATTRIBUTES = {f"entry{name}": name for name in FIELDS}
_Entry = msgspec.defstruct(
    "_Entry",
    [(attribute, Any, "" if name == "MESSAGE" else None) for attribute, name in _ATTRIBUTES.items()],
    rename=_ATTRIBUTES,
    gc=False,
)
_decode_entry = msgspec.json.Decoder(_Entry).decode


def _sniff(sample: bytes) -> float:
    return 1.0 if _PRETTY.match(sample) else share(_ENTRY, sample)


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    skipped = Skipped(context.report, "a journal entry in JSON")
    first = reader.read(2)
    rejoined = _Rejoined(first, reader)
    pretty = first in (b"{\n", b"[\n", b"[{", b"{\r", b"[ ")
    try:
        for start, raw, where in _objects(rejoined, skipped) if pretty else _lines(rejoined, skipped):
            try:
                entry = decode_object(_decode_entry, raw)
            except msgspec.DecodeError as error:
                skipped.add(where, str(error))
                continue
            yield from entry_lines(msgspec.structs.astuple(entry), start, start + len(raw))
    finally:
        skipped.close()


def _lines(reader: ByteReader, skipped: Skipped) -> Iterator[tuple[int, bytes, str]]:
    for number, (start, raw, cut) in enumerate(raw_lines(reader, LONGEST_OBJECT), 1):
        where = f"line {number} (byte {start})"
        body = raw.removeprefix(b"data: ").strip(b"\x1e \t\r,[]")
        if cut:
            skipped.add(where, f"it is longer than {LONGEST_OBJECT} bytes")
        elif body:
            yield start + raw.find(body), body, where


def _objects(reader: ByteReader, skipped: Skipped) -> Iterator[tuple[int, bytes, str]]:
    for start, raw in json_objects(reader, lambda at, why: skipped.add(f"byte {at}", why)):
        yield start, raw, f"byte {start}"


class _Rejoined:
    # A reader with the bytes that were looked at put back.
    def __init__(self, first: bytes, rest: ByteReader) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first + self._rest.read(size - len(first))


FORMAT = Format(
    name="journal-json",
    summary="journalctl -o json, json-seq, json-sse, json-pretty",
    example=(
        b'{"_TRANSPORT":"kernel","__REALTIME_TIMESTAMP":"1767323045123456","PRIORITY":"4",'
        b'"_HOSTNAME":"web1","MESSAGE":"EXT4-fs (sda1): mounted filesystem"}\n'
    ),
    sniff=_sniff,
    decode=_decode,
)
