"""How a format tells how much of a sample looks like it."""

import re


def share(pattern: re.Pattern[bytes], sample: bytes) -> float:
    """The share of the sample's lines that the (multiline, `^`) pattern finds."""
    if not sample:
        return 0.0
    return min(1.0, sum(1 for _ in pattern.finditer(sample)) / (sample.count(b"\n") + 1))
