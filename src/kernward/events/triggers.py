"""Which few texts to scan for, so that every pattern of the catalogue is noticed.

Hyperscan is fastest with few literals, none shorter than eight bytes. So the scan does not look for
each pattern's own text but for triggers: a small set of eight-byte (or longer) pieces, of which every
line that a pattern accepts must hold one. A piece that many patterns share serves them all; a piece
that healthy kernels print serves nobody. Which pattern a noticed line really is, its own text tells.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import zstandard

# What healthy 6.1 and 6.12 kernels print, without time stamps: see scripts/healthy_text.py.
HEALTHY = Path(__file__).parent / "healthy.zst"
SHORTEST, LONGEST = 8, 12
# What other programs write into the same logs all day long.
ORDINARY = (
    b" Starting System Logging Service... Started Session of user root. Stopping target Stopped target "
    b"Reached target Shutting down Finished Reloading Mounting Mounted Unmounted Listening on socket "
    b"Main process exited, code=exited, status=1/FAILURE service: Failed with result 'exit-code'. "
    b"Consumed CPU time. Scheduled restart job, restart counter is at 5. session opened for user session closed "
    b"Accepted publickey for root from port ssh2 Connection closed by authenticating user Disconnected from "
    b" Failed password for invalid user error: maximum authentication attempts exceeded Connection reset by "
    b" connection timed out Connection timeout request failed error: warning: WARNING: ERROR: failed to open "
    b" failed: No such file or directory invalid message process response status code server started on port "
    b" (root) CMD ( DHCPREQUEST lease renewed message repeated times read-only file system corrupted record "
    b" memory disabled enabled reason device interface controller journal rotated hardware clock overflow "
)


def healthy_text() -> bytes:
    """The distinct lines of healthy kernel logs."""
    return zstandard.ZstdDecompressor().decompress(HEALTHY.read_bytes(), max_output_size=16 << 20)


def mandatory(regex: str) -> list[str]:
    """The fixed texts that every match of the regex holds."""
    runs: list[str] = [""]

    def walk(parsed: Iterable[tuple[Any, Any]]) -> None:
        for code, argument in parsed:
            if code is op.LITERAL:
                runs[-1] += chr(argument)
            elif code is op.SUBPATTERN:
                _, added, removed, inner = argument
                if added or removed:
                    runs.append("")
                else:
                    walk(inner)
            elif code in (op.AT, op.ASSERT, op.ASSERT_NOT):
                continue
            elif (
                code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
                and argument[0] == argument[1] == 1
            ):
                walk(argument[2])
            else:
                runs.append("")

    walk(_parser.parse(regex))
    return [run for run in runs if run]


def cover(needs: Sequence[Sequence[str]]) -> list[tuple[bytes, tuple[int, ...]]]:
    """Triggers, and for each the numbers of the patterns that it stands for; each pattern has one.

    `needs` lists, for each pattern, texts that its lines always hold.
    """
    healthy = healthy_text() + ORDINARY
    pairs = Counter(healthy[at : at + 2] for at in range(len(healthy) - 1))

    def commonness(piece: bytes) -> float:
        return sum(math.log(pairs.get(piece[at : at + 2], 0) + 0.3) for at in range(len(piece) - 1)) / len(
            piece
        )

    shared: dict[bytes, set[int]] = {}
    for number, texts in enumerate(needs):
        for text in texts:
            raw = text.encode()
            for length in range(SHORTEST, LONGEST + 1):
                for at in range(len(raw) - length + 1):
                    shared.setdefault(raw[at : at + length], set()).add(number)
    shared = {piece: found for piece, found in shared.items() if len(found) > 1 and piece not in healthy}
    triggers: list[tuple[bytes, tuple[int, ...]]] = []
    left = set(range(len(needs)))
    while shared:
        # The widest first; of equals the rarest, then by text, so that two builds agree.
        piece = max(shared, key=lambda each: (len(shared[each]), -commonness(each), each))
        if len(shared[piece]) < 2:
            break
        covered = shared[piece]
        triggers.append((piece, tuple(sorted(covered))))
        left -= covered
        shared = {other: rest for other, found in shared.items() if len(rest := found - covered) > 1}
    alone: dict[bytes, list[int]] = {}
    for number in sorted(left):
        alone.setdefault(_rarest(needs[number], healthy, commonness), []).append(number)
    return triggers + [(piece, tuple(numbers)) for piece, numbers in alone.items()]


def _rarest(texts: Sequence[str], healthy: bytes, commonness: Any) -> bytes:
    """The piece of a lone pattern's texts that healthy logs hold least often."""
    pieces = [
        raw[at : at + SHORTEST]
        for raw in (text.encode() for text in texts)
        if len(raw) >= SHORTEST
        for at in range(len(raw) - SHORTEST + 1)
    ]
    if not pieces:
        return max((text.encode() for text in texts), key=len)
    return min(pieces, key=lambda piece: (healthy.count(piece), commonness(piece), piece))
