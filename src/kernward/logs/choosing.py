"""Choosing a source's format by looking at its first bytes, and telling text from other data.

The sample is thinned to some dozens of lines before any format looks at it, so that the choice costs
well under a millisecond however many formats there are.
"""

import re

from kernward.logs.console import ESCAPES
from kernward.logs.format import Format
from kernward.logs.formats import formats

SAMPLE_BYTES = 1 << 16
_HEAD_LINES = 20
_SPREAD_LINES = 30
_WIDEST = 1024
# An object or a list that goes on over several lines.
_DOCUMENT = re.compile(rb"\s*[\[{]\s*\n\s*[\"\[{]")

_TEXT = bytes(range(0x20, 0x7F)) + b"\t\n\r\x1b\x08\x07\x0c\x1e\0"
_HIGH = bytes(range(0x80, 0x100))


def is_text(sample: bytes) -> bool:
    """Whether the sample is a log rather than some other data.

    Consoles do hold stray control bytes, and logs cut by a power loss hold runs of NUL, so a few of
    either are let pass.
    """
    if sample.count(0) * 2 > len(sample):
        return False
    shown = sample.replace(b"\0", b"")
    odd = shown.translate(None, _TEXT)
    high = len(odd) - len(odd.translate(None, _HIGH))
    if (len(odd) - high) * 20 > len(shown):
        return False
    if high * 10 <= len(shown):
        return True
    # Much beyond ASCII: fine if it is UTF-8 (a few bytes at the sample's cut end may be not).
    return len(shown.decode("utf-8", "ignore").encode()) * 20 >= len(shown) * 19


def thin(sample: bytes) -> bytes:
    """The sample's first lines and some of the others, blank ones left out, each cut to 1 KB."""
    if b"\x1b" in sample:
        sample = ESCAPES.sub(b"", sample)
    lines = [line[:_WIDEST] for line in sample.split(b"\n") if line and not line.isspace()]
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # cut by the sample's end
    rest = lines[_HEAD_LINES:]
    step = max(1, len(rest) // _SPREAD_LINES)
    return b"\n".join(lines[:_HEAD_LINES] + rest[::step])


def choose(sample: bytes) -> Format | None:
    """The format that fits the sample best, or None where the sample is no log."""
    if sample and not sample.strip(b"\0"):
        # A hole, as a crash leaves it in a file that was being written: the log may go on behind it.
        return next(form for form in formats() if form.name == "console")
    thinned = thin(sample.lstrip(b"\0"))
    score, form = max(((form.sniff(thinned), form) for form in formats()), key=lambda pair: pair[0])
    # Some formats may hold binary data (a journal's fields, a console at the wrong speed); what is
    # not text must look like one of them by more than half.
    return form if score > 0.5 or is_text(sample.lstrip(b"\0")) else None


def is_document(sample: bytes, form: Format) -> bool:
    """Whether the sample is a JSON document that the format does not know: about logs perhaps, but none."""
    return _DOCUMENT.match(sample) is not None and form.sniff(thin(sample)) <= 0.5
