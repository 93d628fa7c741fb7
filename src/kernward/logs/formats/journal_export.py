"""`journalctl -o export`: a line a field, fields with control characters length-prefixed and raw.

Entries end with an empty line. The form is specified at https://systemd.io/JOURNAL_EXPORT_FORMATS/.
"""

import re
from collections.abc import Iterator

from kernward.logs.format import ByteReader, Context, Format
from kernward.logs.journal import FIELDS, Skipped, entry_lines
from kernward.records.lines import Line

_LONGEST_ENTRY = 4 << 20
_FIRST = re.compile(rb"^(?:__CURSOR=|__REALTIME_TIMESTAMP=\d|_BOOT_ID=[0-9a-f]{32}$)", re.MULTILINE)
_FIELD = re.compile(rb"^(?:%b)=" % b"|".join(name.encode() for name in FIELDS), re.MULTILINE)
# A field's name alone on its line: its value is eight bytes of length, and then that many bytes.
_BINARY = re.compile(rb"^[A-Za-z0-9_]{1,64}$", re.MULTILINE)
_WANTED = {name.encode(): name for name in FIELDS}


def _sniff(sample: bytes) -> float:
    first = _FIRST.search(sample[:4096])
    return 1.0 if first and _FIELD.search(sample) else 0.0


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    skipped = Skipped(context.report, "a journal entry in export form")
    data, base, end = b"", 0, False
    try:
        while data or not end:
            stop = _entry_end(data) if data else -1
            if stop < 0 and not end and len(data) < _LONGEST_ENTRY:
                more = reader.read(max(1 << 18, len(data)))
                end = not more
                data += more
                continue
            if stop < 0 and not end:
                skipped.add(f"byte {base}", f"it is longer than {_LONGEST_ENTRY} bytes")
                stop = data.find(b"\n\n__CURSOR=", 1) + 2
                stop = stop if stop > 1 else len(data)
                base, data = base + stop, data[stop:]
                continue
            if stop < 0:
                stop = len(data)
            entry = data[:stop]
            fields, cut = _fields(entry)
            if cut:
                skipped.add(f"byte {base}", "a field is longer than what is left of it")
            if "MESSAGE" in fields:
                text = entry.strip(b"\n")
                start = base + entry.find(text)
                yield from entry_lines(fields, start, start + len(text))
            base, data = base + stop, data[stop:]
    finally:
        skipped.close()


def _entry_end(data: bytes) -> int:
    # Where the entry that begins the data ends, its empty line included; -1 if that was not read yet.
    at = 0
    while data[at: at + 1] == b"\n":
        at += 1
    while True:
        stop = data.find(b"\n\n", at)
        binary = _BINARY.search(data, at, stop if stop >= 0 else len(data))
        if binary is None or binary.end() == len(data):
            return stop + 2 if stop >= 0 else -1
        if len(data) < binary.end() + 9:
            return -1
        size = int.from_bytes(data[binary.end() + 1: binary.end() + 9], "little")
        if size > _LONGEST_ENTRY:
            return stop + 2 if stop >= 0 else -1
        at = binary.end() + 9 + size
        if at >= len(data):
            return -1


def _fields(entry: bytes) -> tuple[dict[str, object], bool]:
    fields: dict[str, object] = {}
    at, stop = 0, len(entry)
    while at < stop:
        newline = entry.find(b"\n", at)
        newline = stop if newline < 0 else newline
        name, equals, value = entry[at:newline].partition(b"=")
        at = newline + 1
        if not equals and name:
            size = int.from_bytes(entry[at: at + 8], "little")
            value = entry[at + 8: at + 8 + size]
            if size > stop - at - 8:
                return fields, True
            at += 8 + size + 1
        wanted = _WANTED.get(name)
        if wanted:
            text = value.decode("utf-8", "backslashreplace")
            known = fields.get(wanted)
            fields[wanted] = text if known is None else f"{known}\n{text}"
    return fields, False


FORMAT = Format(
    name="journal-export",
    summary="journalctl -o export",
    example=(
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1767323045123456\n_TRANSPORT=kernel\nPRIORITY=4\n"
        b"MESSAGE=EXT4-fs (sda1): mounted filesystem\n\n"
    ),
    sniff=_sniff,
    decode=_decode,
)
