"""Is a report damaged? Interleaved, cut off, or short of what its kind always prints.

Damage is a value with a reason, never an error: the report is kept and named as far as it goes.
"""

import re

from kernward.events.kind import Blame, Extent
from kernward.events.reading import Reading

_DROPPED = re.compile(r"\*\* \d+ printk messages dropped \*\*|printk: \d+ messages dropped")


def damage(reading: Reading, function: str | None) -> str | None:
    """Why the report is damaged, in one sentence; None when it looks whole."""
    kind = reading.kind
    if kind.extent is not Extent.REPORT or kind.blame is Blame.NONE:
        return None
    parts = reading.parts
    if function is None:
        return "no responsible function can be told: the stack is missing or holds only machinery"
    # A lone frame is a place named in a message, not a stack.
    if not any(frame.reliable for trace in parts.traces if trace.announced or len(trace.frames) > 2 for frame in trace.frames):
        return "the report has no stack trace"
    for trace in parts.traces:
        if trace.announced and not trace.frames:
            return "a stack trace is announced but holds no frame"
    for line in reading.lines[: parts.last + 1]:
        if line.flaw is not None:
            return f"a line of the report is damaged: {line.flaw}"
    if _DROPPED.search(reading.text):
        return "the kernel dropped messages within the report"
    return None
