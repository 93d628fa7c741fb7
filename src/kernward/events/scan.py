"""The one pass over the bytes: which lines hold a literal text of which kinds.

Hyperscan finds all literals at once at memory speed. Without it Python's `re` gives the same hits,
only slower. Nothing here knows what a line means.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

hyperscan: Any
try:
    import hyperscan
except ImportError:  # the wheel does not exist for every machine
    hyperscan = None

# A hit: where in the buffer its line begins, where the last literal found on it ends, literal numbers.
Hit = tuple[int, int, tuple[int, ...]]
Scan = Callable[[bytearray | bytes, int, int], list[Hit]]


def platform() -> str:
    """What a compiled database depends on besides the literals."""
    if hyperscan is None:
        return "re"
    import platform as machine

    return f"hyperscan {hyperscan.__version__} {machine.machine()}"


def compiled(literals: Sequence[bytes]) -> tuple[str, bytes]:
    """The platform and the serialised database for it; an empty database where hyperscan is absent."""
    if hyperscan is None:
        return platform(), b""
    return platform(), hyperscan.dumpb(_database(literals))


def _database(literals: Sequence[bytes]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(literals),
        ids=list(range(len(literals))),
        elements=len(literals),
        flags=0,
        literal=True,
    )
    return database


def scanner(
    literals: Sequence[bytes], made_for: str = "", database: bytes = b"", *, engine: str | None = None
) -> Scan:
    """A function (buffer, start, end) that lists the hits of the buffer's stretch, in order.

    `database` is used when `made_for` is this platform. `engine` forces `hyperscan` or `re`.
    """
    if engine == "re" or hyperscan is None:
        return _with_re(literals)
    if database and made_for == platform():
        loaded = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
        loaded.scratch = hyperscan.Scratch(loaded)
    else:
        loaded = _database(literals)
    return _with_hyperscan(loaded)


def _with_hyperscan(database: Any) -> Scan:
    run = database.scan

    def scan(buffer: bytearray | bytes, start: int, end: int) -> list[Hit]:
        found: list[tuple[int, int]] = []
        keep = found.append

        def on_match(number: int, _from: int, to: int, _flags: int, _context: object) -> None:
            keep((to, number))

        with memoryview(buffer) as view, view[start:end] as part:
            run(part, match_event_handler=on_match)
        if not found:
            return []
        found.sort()
        hits: list[Hit] = []
        line = -1
        line_end = -1
        numbers: list[int] = []
        last = 0
        for to, number in found:
            to += start
            if to <= line_end:
                numbers.append(number)
                last = to
                continue
            if numbers:
                hits.append((line, last, tuple(numbers)))
            line = buffer.rfind(b"\n", 0, to) + 1
            line_end = buffer.find(b"\n", to, end)
            if line_end < 0:
                line_end = end
            numbers = [number]
            last = to
        hits.append((line, last, tuple(numbers)))
        return hits

    return scan


def _with_re(literals: Sequence[bytes]) -> Scan:
    # One alternation finds the lines; the literals of a line are then looked for one by one, since
    # an alternation reports only one of several that overlap.
    anywhere = (
        re.compile(b"|".join(re.escape(literal) for literal in literals)) if literals else re.compile(b"(?!)")
    )

    def scan(buffer: bytearray | bytes, start: int, end: int) -> list[Hit]:
        hits: list[Hit] = []
        at = start
        while match := anywhere.search(buffer, at, end):
            line = buffer.rfind(b"\n", 0, match.end()) + 1
            line_end = buffer.find(b"\n", match.end(), end)
            if line_end < 0:
                line_end = end
            found: list[tuple[int, int]] = []
            for number, literal in enumerate(literals):
                where = buffer.find(literal, max(line, start), line_end)
                while where >= 0:
                    found.append((where + len(literal), number))
                    where = buffer.find(literal, where + 1, line_end)
            found.sort()
            hits.append((line, found[-1][0], tuple(number for _, number in found)))
            at = line_end
        return hits

    return scan
