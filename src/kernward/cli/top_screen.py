"""The screen of `kernward top`: keys in, frames out, on the terminal's other page, which is left as it was."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console, Group
from rich.live import Live as Screen

from kernward.cli.top_text import SORTS, lines
from kernward.operations.watching import Live, Timeline

# What terminals send for the keys that are no letters.
KEYS = {
    b"\x1b[D": "left",
    b"\x1bOD": "left",
    b"\x1b[C": "right",
    b"\x1bOC": "right",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[7~": "home",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\x1b[4~": "end",
    b"\x1b[8~": "end",
    b"h": "left",
    b"l": "right",
    b" ": "end",
    b"\x04": "q",
    b"": "q",
}

STEPS = {
    "left": timedelta(microseconds=-1),
    "right": timedelta(microseconds=1),
    "page up": timedelta(minutes=-1),
    "page down": timedelta(minutes=1),
    "home": timedelta(hours=-1),
}


def keys(data: bytes) -> Iterator[str]:
    """The keys in what a terminal sent; what is none is passed over."""
    if not data:
        yield "q"
    while data:
        known = next(
            (each for each in sorted(KEYS, key=len, reverse=True) if each and data.startswith(each)), b""
        )
        if known:
            yield KEYS[known]
        elif data[:1] != b"\x1b":
            yield data[:1].decode("ascii", "replace")
        data = data[len(known) or 1 :]


def watch(timeline: Timeline, interval_s: float, *, live: bool) -> None:
    """Show the timeline until it is quit."""
    machine = Live() if live else None
    console = Console()
    sort = "c"
    next_s = time.monotonic()
    with _keys() as file, Screen(console=console, screen=True, auto_refresh=False) as screen:
        while True:
            if machine is not None and time.monotonic() >= next_s:
                timeline.add(machine.look())
                # The first look has no rates: the second one follows soon.
                begun = timeline.now is not None and timeline.now.seconds is None
                next_s = time.monotonic() + (0.5 if begun else machine.pause_s(interval_s))
            found = timeline.now
            if found is not None:
                size = console.size
                note = "" if not timeline.notes else timeline.notes[0]
                if machine is not None and not timeline.following:
                    note = note or "looking back; End goes on with what happens now"
                frame = lines(found, width=size.width, height=size.height, sort=sort, note=note)
                screen.update(Group(*frame), refresh=True)
            left_s = max(next_s - time.monotonic(), 0) if machine is not None else None
            if not select.select([file], [], [], left_s)[0]:
                continue
            for key in keys(os.read(file, 256)):
                timeline.notes = []
                if key in SORTS:
                    sort = key
                elif not act(timeline, key):
                    return


def act(timeline: Timeline, key: str) -> bool:
    """Do what a key says to the timeline; False when there is no more to be done with it."""
    if key in STEPS:
        timeline.go(STEPS[key])
    elif key == "end":
        timeline.follow()
    return key != "q"


@contextmanager
def _keys() -> Iterator[int]:
    """The terminal's input, a key at a time and not shown."""
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield file
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
