"""The one reused buffer that sources are read into, and the chunks that are handed out of it.

Memory is bounded by the buffer whatever the input holds: a line longer than `longest` is cut into
pieces of that length, and of what a reader of chunks asks to keep at most `kept` bytes stay.
"""

from collections.abc import Callable, Iterator

import msgspec

from kernward.logs.format import Parse
from kernward.records.lines import Line

# Fills the memory given and says how many bytes it wrote; 0 at the end.
ReadInto = Callable[[memoryview], int]


_NEWLINE = 0x0A


class Buffer:
    """Memory for chunks of about `chunk` bytes; may be used for one source after the other."""

    def __init__(self, chunk: int = 1 << 20, kept: int = 1 << 19, longest: int = 1 << 18) -> None:
        self.chunk = chunk
        self.kept = kept
        self.longest = longest
        self.data = bytearray(chunk + kept + 2 * longest)


class BufferChunk:
    """A chunk that lies in a buffer as it was read.

    A chunk ends with a newline, unless it is the last one or ends within a line longer than the
    buffer's `longest`; such a line's pieces are lines with a flaw.
    """

    def __init__(
        self,
        buffer: Buffer,
        size: int,
        fresh: int,
        last: bool,
        base: int,
        begun: int,
        parse: Parse,
        continued: bytes | None,
    ) -> None:
        self.data: bytearray | bytes = buffer.data
        self.size = size
        self.fresh = fresh
        self.last = last
        self.keep = size
        self._base = base  # where data[0] is in the source
        self._begun = begun  # where in data its first line begins; negative if in an earlier chunk
        self._parse = parse
        self._continued = continued
        self._longest = buffer.longest

    def lines(self, start: int, end: int, most: int = 1 << 30) -> list[Line]:
        size, data, longest = self.size, self.data, self._longest
        if start >= size:
            return []
        start = max(0, start)
        end = min(max(end, start + 1), size)
        here = self.before(start)
        lines: list[Line] = []
        while here < end and len(lines) < most:
            whole = data[here - 1] == _NEWLINE if here else self._begun == 0
            # As many lines as fit into `longest` are parsed at once; where not even one does, or the
            # line began earlier, it is a piece.
            window = min(here + longest + 1, size)
            stop = data.find(b"\n", end - 1, window)
            if stop < 0:
                stop = data.rfind(b"\n", here, window)
            if stop < 0 and self.last and size - here <= longest:
                stop = size
            if stop < 0 or not whole:
                here = self._piece(here, whole, lines)
                continue
            top = here
            if self._continued is not None:
                top = head(data, here, self._continued, longest)
            view = str(memoryview(data)[top:stop], "latin-1")
            if top == here:
                lines += self._parse(view, self._base + here, most - len(lines))
            else:
                parsed = self._parse(view, self._base + top, 1 << 30)
                lines += [line for line in parsed if line.start >= self._base + here][: most - len(lines)]
            here = stop + 1
        return lines

    def offset(self, line: Line) -> int:
        return line.start - self._base

    def before(self, at: int) -> int:
        """The last place at or before `at` where a line, or a piece of an overlong one, begins."""
        newline = self.data.rfind(b"\n", 0, at)
        line = newline + 1 if newline >= 0 else self._begun
        if at - line < self._longest:
            return max(0, line)
        if at < self.size and self.data[at] == _NEWLINE:
            at -= 1  # a newline belongs to what it ends
        return max(0, at - (at - line) % self._longest)

    def after(self, at: int) -> int:
        """The first place at or after `at` where a line, or a piece of an overlong one, begins."""
        piece = self.before(at)
        if piece == at:
            return at
        newline = self.data.find(b"\n", at, self.size)
        return min(newline + 1 if newline >= 0 else self.size, piece + self._longest)

    def _piece(self, here: int, whole: bool, lines: list[Line]) -> int:
        # One piece of an overlong line; only its first one can have a prefix.
        stop = min(here + self._longest, self.size)
        newline = self.data.find(b"\n", here, stop)
        stop = stop if newline < 0 else newline
        view = str(memoryview(self.data)[here:stop], "latin-1")
        flaw = f"cut at {self._longest} bytes"
        if whole:
            parsed = self._parse(view, self._base + here, 1 << 30)
            lines += [msgspec.structs.replace(line, flaw=flaw) for line in parsed]
        elif view:
            text = view.encode("latin-1").decode("utf-8", "backslashreplace")
            lines.append(Line(text, self._base + here, self._base + stop, flaw=flaw))
        if stop < self.size and self.data[stop] == _NEWLINE:
            stop += 1
        return stop


def head(data: bytearray | bytes, line: int, continued: bytes, most: int) -> int:
    """Where the message begins that the line at `line` goes on from; `line` if that is too far back."""
    here = line
    while here and data.startswith(continued, here):
        here = data.rfind(b"\n", 0, here - 1) + 1
        if line - here > most:
            return line
    return here


def buffer_chunks(
    buffer: Buffer, readinto: ReadInto, parse: Parse, continued: bytes | None = None
) -> Iterator[BufferChunk]:
    """Hands out a source chunk by chunk, each filled with what `readinto` gives."""
    data, view, longest = buffer.data, memoryview(buffer.data), buffer.longest
    base = begun = fresh = filled = 0
    end = False
    while not end:
        room = min(len(data), filled + buffer.chunk)
        while filled < room:
            count = readinto(view[filled:room])
            if not count:
                end = True
                break
            filled += count
        size = filled
        if not end:
            newline = data.rfind(b"\n", 0, filled)
            line = newline + 1 if newline >= 0 else begun
            size = line if filled - line <= longest else filled - 1 - (filled - line - 1) % longest
            if continued is not None and size == line > 0:
                # The last message may go on in what was not read yet.
                last = head(data, data.rfind(b"\n", 0, line - 1) + 1, continued, longest)
                size = last if line - last <= longest else line
            if size <= fresh:
                continue
        if not size and not base:
            break
        chunk = BufferChunk(buffer, size, fresh, end, base, begun, parse, continued)
        yield chunk
        keep = chunk.before(max(0, chunk.keep)) if chunk.keep < size else size
        if continued is not None and keep < size:
            keep = head(data, keep, continued, longest)
        if size - keep > buffer.kept:
            keep = chunk.after(size - buffer.kept)
        newline = data.rfind(b"\n", 0, keep)
        begun = (newline + 1 if newline >= 0 else begun) - keep
        view[: filled - keep] = view[keep:filled]
        base += keep
        fresh, filled = size - keep, filled - keep
