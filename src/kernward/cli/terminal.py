"""What somebody else wrote, made safe to show: a terminal acts on control characters, so none is sent.

Log lines, process names and paths may hold escape sequences that recolour, retitle or type into a
terminal, and characters that reorder what is read. They are shown by their number instead.
"""

import re

# C0 and C1 controls and DEL; what reorders, hides or breaks text (bidirectional marks, zero-width
# characters, line and paragraph separators, tags); surrogates, which are bytes that were no UTF-8.
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
_IN_LINE = re.compile(f"[{_UNSAFE}]")
_IN_BLOCK = re.compile(f"(?![\n\t])[{_UNSAFE}]")


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
