"""What somebody else wrote, made safe to show: a terminal acts on control characters, so none is sent.

Log lines, process names and paths may hold escape sequences that recolour, retitle or type into a
terminal, and characters that reorder what is read. They are shown by their number instead.
"""

import re

from kernward.records.unsafe_text import UNSAFE

_IN_LINE = re.compile(f"[{UNSAFE}]")
_IN_BLOCK = re.compile(f"(?![\n\t])[{UNSAFE}]")


def escape(text: str) -> str:
    """`text` on one line: every control character, newline and tab included, is shown as `\\x1b`."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(_number, text)


def escape_block(text: str) -> str:
    """`text` of many lines: newlines and tabs stay, every other control character is shown as `\\x1b`."""
    return _IN_BLOCK.sub(_number, text)


def _number(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python's `surrogateescape` keeps a byte that is no UTF-8
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
