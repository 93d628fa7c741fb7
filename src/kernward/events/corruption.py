"""Is a report damaged? Interleaved, cut off, or short of what its kind always prints.

Damage is a value with a reason, never an error: the report is kept and named as far as it goes.
"""

import re

from kernward.events.kind import Blame, Extent
from kernward.events.reading import Reading

# Messages that print a stack without being reports of their own kind here.
_ANOTHER = re.compile(
    r"FAULT_INJECTION: forcing a failure|(?:\S+ )?(?:invoked oom-killer|page allocation failure)|\S+: (?:page |vmalloc: )allocation failure"
).match
_RUNNER = re.compile(r"CPU: \d+ (?:UID: \d+ )?PID: \d+ Comm: ").match
_DROPPED = re.compile(r"\*\* \d+ printk messages dropped \*\*|printk: \d+ messages dropped")


def damage(reading: Reading, function: str | None) -> str | None:
    """Why the report is damaged, in one sentence; None when it looks whole."""
    kind = reading.kind
    if kind.extent is not Extent.REPORT:
        return None
    parts = reading.parts
    announced = next((trace for trace in parts.traces if trace.announced), None)
    if announced is not None and not announced.frames:
        return "a stack trace is announced but holds no frame"
    if kind.blame is Blame.NONE:
        return None
    if function is None:
        return "no responsible function can be told: the stack is missing or holds only machinery"
    # A lone frame is a place named in a message, not a stack.
    stacks = [
        trace for trace in parts.traces if trace.announced or trace.role == "access" or len(trace.frames) > 1
    ]
    if not any(frame.reliable for trace in stacks for frame in trace.frames):
        return "the report has no stack trace"
    for line in reading.lines[: parts.last + 1]:
        if line.flaw is not None:
            return f"a line of the report is damaged: {line.flaw}"
    if _DROPPED.search(reading.text):
        return "the kernel dropped messages within the report"
    return None


def mixed(reading: Reading) -> str | None:
    """Why the stack of this report cannot be told from another's; None when it can.

    Without caller tags, a second report printed at the same time is mixed into this one's stack.
    """
    if reading.kind.blame is not Blame.STACK:
        return None
    parts = reading.parts
    crash = parts.trace("crash")
    end = crash.last if crash is not None else parts.last
    if crash is not None and not crash.announced and crash.first < parts.ip_line:
        stray = next(frame for frame in crash.frames)
        if reading.lines[0].caller is None:
            return f"frames of another stack stand before the report's own, from {stray.function} on"
    runners: set[str] = set()
    for line in reading.lines[1 : end + 1]:
        if line.caller is not None:
            return None
        text = line.text.lstrip()
        if _ANOTHER(text):
            return "another report with a stack of its own is mixed in: " + " ".join(text.split()[:4])
        if runner := _RUNNER(text):
            runners.add(runner[0])
            if len(runners) > 1:
                return "two reports are mixed: " + " and ".join(
                    sorted(each.split(" Comm")[0] for each in runners)
                )
    return None
