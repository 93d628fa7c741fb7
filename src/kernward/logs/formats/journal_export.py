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
# A field that is wanted, in an entry that begins with a newline.
_FIELD = re.compile(rb"\n(%b)=([^\n]*)" % b"|".join(name.encode() for name in FIELDS))
# A field's name alone on its line: its value is eight bytes of length, and then that many bytes.
_BINARY = re.compile(rb"\n[A-Za-z0-9_]{1,64}\n")
_WANTED = {name.encode(): name for name in FIELDS}


def _sniff(sample: bytes) -> float:
    return 1.0 if _FIRST.search(sample[:4096]) and _FIELD.search(b"\n" + sample) else 0.0


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    skipped = Skipped(context.report, "a journal entry in export form")
    data, at, base, end = b"\n", 0, -1, False
    try:
        while True:
            # An entry goes from the newline before it to the empty line after it.
            stop = _entry_end(data, at)
            if stop < 0 and not end and len(data) - at < _LONGEST_ENTRY:
                more = reader.read(max(1 << 18, len(data) - at))
                end = not more
                data, base, at = data[at:] + more, base + at, 0
                continue
            if stop < 0 and not end:
                skipped.add(f"byte {base + at + 1}", f"it is longer than {_LONGEST_ENTRY} bytes")
                following = data.find(b"\n\n__CURSOR=", at + 1)
                at = following if following > 0 else len(data) - 1
                continue
            if stop < 0:
                stop = len(data)
                if at + 1 >= stop:
                    return
            fields, cut = _fields(data, at, stop)
            if cut:
                skipped.add(f"byte {base + at + 1}", "a field is longer than what is left of it")
            if "MESSAGE" in fields:
                yield from entry_lines([fields.get(name) for name in FIELDS], base + at + 1, base + stop)
            at = stop
            while data.startswith(b"\n\n", at):
                at += 1
    finally:
        skipped.close()


def _entry_end(data: bytes, at: int) -> int:
    # Where the first newline of the empty line after the entry is; -1 if that was not read yet.
    while True:
        stop = data.find(b"\n\n", at + 1)
        binary = _BINARY.search(data, at, stop + 1 if stop >= 0 else len(data))
        if binary is None:
            return stop
        size = int.from_bytes(data[binary.end() : binary.end() + 8], "little")
        if size > _LONGEST_ENTRY:
            return stop
        # The newline after the value may be the one before the next field.
        at = binary.end() + 8 + size
        if at >= len(data):
            return -1
        if data.startswith(b"\n\n", at):
            return at


def _fields(data: bytes, at: int, stop: int) -> tuple[dict[str, object], bool]:
    # The fields that are wanted, and whether the last one was cut.
    fields: dict[str, object] = {}
    while True:
        binary = _BINARY.search(data, at, stop)
        for name, value in _FIELD.findall(data, at, stop if binary is None else binary.start() + 1):
            _add(fields, name, value)
        if binary is None:
            return fields, False
        begin = binary.end() + 8
        size = int.from_bytes(data[binary.end() : begin], "little")
        if size > stop - begin:
            return fields, True
        _add(fields, binary[0][1:-1], data[begin : begin + size])
        at = begin + size


def _add(fields: dict[str, object], name: bytes, value: bytes) -> None:
    wanted = _WANTED.get(name)
    if wanted:
        text = value.decode("utf-8", "backslashreplace")
        known = fields.get(wanted)
        fields[wanted] = text if known is None else f"{known}\n{text}"


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
