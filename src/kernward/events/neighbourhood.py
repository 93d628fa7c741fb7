"""The lines around a hit that belong to it: a report to its end, or what continues a message.

Bounds hold whatever the log claims: so many bytes, lines and further hits, and no line of another
host, program or printk caller.
"""

import re
from functools import lru_cache
from typing import Any

from kernward.events import index as catalogue
from kernward.events.hits import Hits, Named
from kernward.events.kind import Blame, Extent, Kind
from kernward.events.report import Parts, parse
from kernward.logs.chunk import Chunk
from kernward.records.lines import Line

# A report is looked for in this many bytes and lines after the line that names it.
MOST_BYTES = 96 << 10
MOST_LINES = 1200
FIRST_LINES = 120
# The lines that continue a message (an OOM's task table) are looked for in at most so many bytes.
AHEAD_BYTES = 352 << 10
# So many hits behind a first line are asked whether they end it or belong to it.
MOST_HITS = 160
_END_TRACE = b"---[ end trace"
_STACK = re.compile(rb"Call [Tt]race:|stack backtrace:|Backtrace:|RIP: 0010:|RIP  ?\[<|pc : |NIP \[")


@lru_cache(maxsize=512)
def continuations(id: str) -> tuple[Any, ...]:
    """The matchers of the lines that may continue a message of this kind."""
    return tuple(re.compile(pattern).match for pattern in catalogue.kind(id).continues)


def together(first: Line, second: Line) -> bool:
    """May both lines be of one report? Not when hosts, programs or printk callers differ."""
    if first.host != second.host or (second.tag is not None and second.tag != first.tag):
        return False
    return first.caller is None or second.caller is None or first.caller == second.caller


def report_lines(hits: Hits, number: int, found: Named) -> tuple[list[Line], Parts]:
    """The lines, and their parts, of the report that the hit opens: until its end, or the next one's start.

    Hits of kinds that the report absorbs are marked as done.
    """
    chunk, kind, line = hits.chunk, found.kind, found.line
    start = hits.start(number)
    limit = _limit(hits, number, found)
    most = FIRST_LINES if kind.blame is not Blame.NONE else FIRST_LINES // 2
    near = chunk.lines(start, limit, most)
    lines = [each for each in near if each.start >= line.start and together(line, each)]
    parts = parse([each.text for each in lines])
    drop = len(lines) * 8 < len(near)  # a drop in a flood of others
    if len(near) == most and not drop and parts.last > len(lines) - 40 and kind.blame is not Blame.NONE:
        # It goes on: most reports end much earlier, and most of what follows them is no report.
        rest = chunk.lines(chunk.offset(near[-1]) + near[-1].end - near[-1].start + 1, limit, MOST_LINES)
        lines += [each for each in rest if together(line, each) and each.start > near[-1].start]
        parts = parse([each.text for each in lines])
    return lines or [line], parts


def _limit(hits: Hits, number: int, found: Named) -> int:
    """Where in the chunk the report cannot go on beyond."""
    chunk, kind, line = hits.chunk, found.kind, found.line
    start = hits.start(number)
    limit = _end_trace(chunk, start, min(chunk.size, start + MOST_BYTES), line)
    panicked = False
    for later in range(number + 1, min(len(hits), number + MOST_HITS)):
        at = hits.start(later)
        if at >= limit:
            break
        if later in hits.done or at == start:
            continue
        if not (hits.may_open_report(later) or hits.may_be(later, kind.absorbs)):
            continue
        other = hits.named(later)
        if other is None or not together(line, other.line):
            continue
        if other.kind.id in kind.absorbs:
            hits.done.add(later)
        elif other.kind.extent is Extent.REPORT:
            if (
                panicked
                or not _is_panic(other.kind)
                or _is_panic(kind)
                or _shows_stack(chunk, start, at, line)
            ):
                return at
            # Old kernels print the stack of a warning only within the panic that it becomes.
            panicked = True
    return limit


def _end_trace(chunk: Chunk, start: int, limit: int, line: Line) -> int:
    """The end of this report's own `---[ end trace` line, or the limit."""
    stop = chunk.data.find(_END_TRACE, start, limit)
    while stop >= 0:
        newline = chunk.data.find(b"\n", stop, limit)
        if all(together(line, each) for each in chunk.lines(stop, stop + 1)):
            return newline if newline >= 0 else limit
        stop = chunk.data.find(_END_TRACE, newline, limit) if newline >= 0 else -1
    return limit


def _shows_stack(chunk: Chunk, start: int, end: int, line: Line) -> bool:
    """Does the report of this line show a stack between the two places?"""
    if _STACK.search(chunk.data, start, end) is None:
        return False
    if line.caller is None and line.host is None:
        return True
    lines = chunk.lines(start, end, MOST_LINES)
    return any(_STACK.search(each.text.encode()) for each in lines if together(line, each))


def _is_panic(kind: Kind) -> bool:
    return kind.id == "kernel-panic" or kind.id.startswith("panic-")


def message_lines(hits: Hits, number: int, found: Named) -> list[Line]:
    """The line, and those within reach that continue it, up to where the next of its kind begins."""
    chunk, kind, line = hits.chunk, found.kind, found.line
    if not kind.reach:
        return [line]
    start = hits.start(number)
    end = min(chunk.size, start + AHEAD_BYTES)
    if kind.id not in kind.absorbs:
        end = min(end, _next_of_kind(hits, number, found) or end)
    lines = [line]
    taken = 0
    for each in chunk.lines(start, end, 4 * kind.reach + 1):
        if each.start <= line.start or not together(line, each):
            continue
        taken += 1
        if taken > kind.reach:
            break
        text = each.text.lstrip()
        if any(match(text) for match in continuations(kind.id)):
            lines.append(each)
    if kind.absorbs:
        last = lines[-1].end
        for later in range(number + 1, len(hits)):
            if hits.start(later) - start > last - line.start:
                break
            other = hits.named(later)
            if other is not None and other.kind.id in kind.absorbs and together(line, other.line):
                hits.done.add(later)
    return lines


def _next_of_kind(hits: Hits, number: int, found: Named) -> int | None:
    """Where in the chunk the next message of the same kind begins: what follows it is its own."""
    for later in range(number + 1, min(len(hits), number + MOST_HITS)):
        if hits.may_be(later, (found.kind.id,)):
            other = hits.named(later)
            if other is not None and other.kind.id == found.kind.id and together(found.line, other.line):
                return hits.start(later)
    return None
