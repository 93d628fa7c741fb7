"""The lines of a report, those marked that decided what the event is called and whom it blames.

The catalogue's own patterns find the headline; the parsed report tells where the instruction pointer
stands; the event says which function is responsible and which frames were passed over, and why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernward.cli.page import CHARS
from kernward.events.blame import named, plain, syscall
from kernward.events.kind import Kind
from kernward.events.report import parse
from kernward.records.events import Event

# What is shown of a report at most. Of a longer one this many lines are kept at its end, the rest at
# its beginning.
LINES = 200
REPORT_CHARS = 40_000
TAIL_LINES = 50
# A report whose headline or responsible frame stands lower than this is opened by its deciding lines.
FIRST_SIGHT = 40

# How much of a line is matched against patterns: enough for any real one, little enough for any other.
MATCHED_CHARS = 4_000

# Other lines that decide, in the long reports that hold more than one such line.
_DECIDING = tuple(
    (re.compile(pattern).match, why)
    for pattern, why in (
        (r".{0,64} invoked oom-killer:", "who asked for memory"),
        (r"oom-kill:constraint=", "whose memory ran out"),
        (r".{0,60}Killed process \d", "who was killed"),
        (r"Allocated by task|Allocated in ", "who allocated it"),
        (r"Freed by task|Freed in ", "who freed it"),
        (r"The buggy address (?:is located|belongs to the (?:object|stack))", "what it belongs to"),
        (r"(?:but task is already holding lock|but there are no more locks to release)", "what was held"),
        (r"Kernel panic - not syncing", "how it ended"),
    )
)
_CALLED = re.compile(r"(?<![\w$.])([A-Za-z_$.][\w$.]{0,255})\+0x[0-9a-f]").findall


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of a report as it is shown. `mark` names its style, `note` says why it is marked.

    A line with `left_out` stands for that many lines that are not shown.
    """

    text: str
    mark: str = ""
    note: str = ""
    left_out: int = 0


def marked(event: Event, kind: Kind | None) -> Iterator[Printed]:
    """The lines of the event's report, those that decided what it is called marked with the reason."""
    texts = [text.expandtabs() for text in event.text.rstrip("\n").split("\n")] if event.text else []
    heads = [text[:MATCHED_CHARS] for text in texts]
    openings = [re.compile(pattern.regex).match for pattern in kind.patterns] if kind else []
    # A report may open with a rule or a `cut here` line before the line that names it.
    plausible = (n for n, head in enumerate(heads) if head.strip("-=_* \t") not in ("", "[ cut here ]"))
    hits = (n for n, head in enumerate(heads) if any(match(head) for match in openings))
    headline = next(hits, next(plausible, 0))
    parts = parse(heads[headline:])
    pointer = headline + parts.ip_line if parts.ip is not None else -1
    functions = [_CALLED(head) for head in heads]
    guilty = _guilty(event, heads, functions, headline)
    # Each skipped frame is dimmed where it is first met; deeper down the same function is no longer it.
    skipped = {plain(frame.function): frame.reason for frame in event.skipped}
    for number, (text, called) in enumerate(zip(texts, functions, strict=True)):
        reasons = [skipped.pop(name) for name in map(plain, called) if number > headline and name in skipped]
        notes = ["instruction pointer"] if number == pointer else []
        if number == headline:
            yield Printed(text, "headline", "headline")
        elif number == guilty:
            notes.append(f"responsible: {event.function_reason}" if event.function_reason else "responsible")
            yield Printed(text, "guilty", "; ".join(notes))
        elif reasons or notes:
            notes += [f"skipped: {reason}" for reason in reasons[:1]]
            yield Printed(text, "pointer" if number == pointer else "skipped", "; ".join(notes))
        elif note := next((why for match, why in _DECIDING if match(heads[number])), ""):
            yield Printed(text, "detail", note)
        else:
            yield Printed(text)


def _guilty(event: Event, heads: list[str], functions: list[list[str]], headline: int) -> int:
    """The line that names the responsible function, preferring frames the unwinder was sure of; or -1."""
    if event.function is None:
        return -1
    wanted = plain(event.function)
    naming = [
        n
        for n, called in enumerate(functions)
        if n != headline and any(wanted in _names(name) for name in called)
    ]
    return next((n for n in naming if "? " not in heads[n]), naming[0] if naming else -1)


def _names(function: str) -> set[str]:
    """What a title may call the function that a line names: compilers and system call macros rename it."""
    name = plain(function)
    return {name, named(name)[0], syscall(name) or name}


def shorten(lines: list[Printed]) -> list[Printed]:
    """The lines that are shown: marked ones, the end and the beginning; a gap says how many are not."""
    numbers = range(len(lines))
    marks = [n for n in numbers if lines[n].mark][: LINES // 2]
    kept: set[int] = set()
    room = REPORT_CHARS
    for number in dict.fromkeys((*marks, *numbers[-TAIL_LINES:], *numbers)):
        room -= min(len(lines[number].text), CHARS)
        if len(kept) == LINES or room < 0:
            break
        kept.add(number)
    shown: list[Printed] = []
    before = -1
    for number in (*sorted(kept), len(lines)):
        if number - before > 1:
            shown.append(Printed("", "gap", left_out=number - before - 1))
        if number < len(lines):
            shown.append(lines[number])
        before = number
    return shown


def deciding(lines: list[Printed]) -> list[Printed]:
    """The marked lines by themselves, where they are not seen at first sight of the report."""
    places = [n for n, line in enumerate(lines) if line.mark in ("headline", "guilty")]
    if not places or places[-1] < FIRST_SIGHT:
        return []
    return [line for line in lines if line.mark in ("headline", "guilty", "pointer", "detail")][:FIRST_SIGHT]
