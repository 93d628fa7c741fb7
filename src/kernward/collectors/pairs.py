"""Files whose lines are a name and a number: meminfo, vmstat, memory.stat, numastat and their like.

Lines that are not of that form are left out, so that a line that some kernel adds, or a torn last one,
costs nothing but itself.
"""

import re

# 19 digits hold every number of 64 bits but the largest; what is longer is no counter of the kernel's.
_DIGITS = 20
_KIB = re.compile(rb"^(?:Node \d+ +)?([^\s:]+): +(\d{1,20})( kB)?$", re.MULTILINE)


def pairs(data: bytes) -> dict[bytes, int]:
    """`nr_free_pages 1812781` a line; the last line counts only when it is whole."""
    words = data[: data.rfind(b"\n") + 1].split()
    if len(words) % 2 == 0:
        try:
            return dict(zip(words[::2], map(int, words[1::2]), strict=True))
        except ValueError:
            pass
    found: dict[bytes, int] = {}
    for line in data.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit() and len(words[1]) <= _DIGITS:
            found[words[0]] = int(words[1])
    return found


def kilobytes(data: bytes) -> dict[bytes, int]:
    """`MemFree:  7251072 kB` a line, in bytes; what has no unit stays a count. `Node 0 ` may stand before it."""
    return {
        name: int(number) << 10 if unit else int(number)
        for name, number, unit in _KIB.findall(data[: data.rfind(b"\n") + 1])
    }
