"""Finding the JSON objects in a stream, whatever stands around them and however they are laid out.

Only objects without objects in them are found, which is what `dmesg --json` and `journalctl` write
(an outer object that holds the list of them is passed over). An object longer than 4 MB is skipped.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from kernward.logs.format import ByteReader

LONGEST_OBJECT = 4 << 20
# What may follow an object's brace up to its end, to another brace, or to a string that is not ended.
_INSIDE = re.compile(rb'(?:[^{}"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
Record = TypeVar("Record")


def decode_object(decode: Callable[[bytes], Record], raw: bytes) -> Record:
    """Decodes an object, or raises msgspec.DecodeError.

    Bytes in its strings that are not UTF-8 are shown as \\xNN, as everywhere.
    """
    try:
        return decode(raw)
    except RecursionError as error:
        raise msgspec.DecodeError("it is nested too deeply") from error
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "surrogateescape")
        return decode(_NOT_UTF8.sub(lambda c: f"\\\\x{ord(c[0]) - 0xDC00:02x}", text).encode())


def json_objects(reader: ByteReader, skipped: Callable[[int, str], None]) -> Iterator[tuple[int, bytes]]:
    """The innermost objects, as (offset in the source, bytes), in order."""
    data, base, end = b"", 0, False
    while True:
        at = data.find(b"{")
        if at < 0:
            base += len(data)
            data = reader.read(1 << 18)
            if not data:
                return
            continue
        inside = _INSIDE.match(data, at + 1)
        stop = inside.end() if inside else at + 1
        found = data[stop : stop + 1]
        if found == b"}":
            yield base + at, data[at : stop + 1]
        elif found != b"{":
            # It goes on in what was not read yet.
            if stop - at < LONGEST_OBJECT and len(data) - at < LONGEST_OBJECT and not end:
                more = reader.read(max(1 << 18, len(data)))
                end = not more
                base, data = base + at, data[at:] + more
                continue
            skipped(base + at, "it is not ended" if end else f"it is longer than {LONGEST_OBJECT} bytes")
            newline = data.find(b"\n{", at + 1)
            stop = newline if newline > 0 else at
        cut = stop if found == b"{" else stop + 1
        base, data = base + cut, data[cut:]
