"""JSON that may be looked at: no character in it moves a cursor, hides or reorders what is read.

JSON itself escapes only the first 32 control characters. DEL, the C1 controls, bidirectional marks and
zero-width characters from a log would reach a terminal as they are, so they are written as `\\uXXXX`
too, which every reader of JSON takes for the same text.
"""

import re
from typing import Any

import msgspec

from kernward.records.unsafe_text import UNSAFE

_UNSAFE = re.compile(f"[{UNSAFE}]")
_encode = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """The value as compact JSON on one line."""
    raw = _encode(value)
    if raw.isascii() and b"\x7f" not in raw:
        return raw
    return _UNSAFE.sub(_number, raw.decode()).encode()


def pretty(value: Any) -> bytes:
    """The value as JSON of several lines, for people."""
    return msgspec.json.format(encode(value), indent=2)


def _number(match: "re.Match[str]") -> str:
    raw = match[0].encode("utf-16-be")
    return "".join(f"\\u{raw[at]:02x}{raw[at + 1]:02x}" for at in range(0, len(raw), 2))
