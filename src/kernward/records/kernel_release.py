"""Which of two kernel releases is the later one: `6.1.0-47-cloud-amd64` is before `6.12.107+deb12`.

Compared are upstream's numbers, then the release candidate, then the distribution's build numbers up
to the first word. Flavours (`-cloud-amd64`, `-generic`) and suite names (`+deb12`, `.el9_4`) do not
order releases: two flavours of one build are neither earlier nor later than one another.
"""

import re
from functools import lru_cache

_UPSTREAM = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})+)")
_CANDIDATE = re.compile(r"[-~]rc(\d{1,9})")
_BUILD = re.compile(r"[-.](\d{1,9})(?=[-.+~_]|$)")

# A release proper comes after all its candidates.
_FINAL = 1 << 31

Order = tuple[tuple[int, ...], int, tuple[int, ...]]


@lru_cache(maxsize=4096)
def order(release: str) -> Order | None:
    """A value that sorts releases from early to late; None for a text that is no kernel release."""
    upstream = _UPSTREAM.match(release)
    if upstream is None:
        return None
    numbers = tuple(int(number) for number in upstream[1].split("."))
    at = upstream.end()
    candidate = _CANDIDATE.match(release, at)
    if candidate:
        at = candidate.end()
    builds: list[int] = []
    while build := _BUILD.match(release, at):
        builds.append(int(build[1]))
        at = build.end()
    return _trimmed(numbers), int(candidate[1]) if candidate else _FINAL, _trimmed(tuple(builds))


def is_later(release: str, than: str) -> bool | None:
    """Whether `release` is later than `than`; None when either is no kernel release."""
    left, right = order(release), order(than)
    if left is None or right is None:
        return None
    return left > right


def _trimmed(numbers: tuple[int, ...]) -> tuple[int, ...]:
    # 6.12 and 6.12.0 are the same release.
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers
