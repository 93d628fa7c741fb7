"""What the verbs that build kernels share: the line that says how far they are, and times in words."""

import sys
from typing import TYPE_CHECKING

from kernward.cli.terminal import escape
from kernward.cli.wording import many

if TYPE_CHECKING:
    from kernward.vm.build import Progress


class BuildLine:
    """A line on the terminal that says how far a build is; nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._shown = False
        self._wanted = sys.stderr.isatty()

    def __call__(self, step: "Progress") -> None:
        if not self._wanted:
            return
        share = f" of {step.expected:,}" if step.expected and step.expected >= step.made else ""
        made = f"{step.made:,}{share} files, " if step.made else ""
        text = f"{escape(step.doing)[:60]}  ({made}{duration(step.elapsed_s)})"
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False


def duration(seconds: float) -> str:
    """`8 s`, `6 min 12 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else many(rest, "s", "s")
