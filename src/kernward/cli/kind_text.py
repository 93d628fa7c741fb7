"""All about one kind of event, as text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernward.events.kind import Kind, Pattern

BLAME = {
    "none": "there is none, the title stands alone",
    "stack": "the instruction pointer, or the first frame that is not machinery",
    "stall": "what was being run on the CPU that does not answer",
    "hang": "what was being waited for",
}


def kind_text(kind: "Kind", width: int) -> Iterator[str]:
    """The lines, unescaped."""
    from textwrap import wrap

    def block(text: str, first: str = "", indent: str = "") -> Iterator[str]:
        # Commands and messages must stay whole: they are copied from here.
        yield from wrap(
            text,
            width,
            initial_indent=first or indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first]

    yield f"{kind.id}: {kind.title}"
    yield f"{kind.class_}, {kind.severity}" + (f", {kind.subsystem}" if kind.subsystem else "")
    yield ""
    yield from block(kind.meaning)
    yield from ("", "Look at next")
    for number, step in enumerate(kind.next_steps, 1):
        yield from block(step, f"{number:>3}. ", "     ")
    if kind.confused_with:
        yield from ("", "Not to be confused with")
        for other in kind.confused_with:
            yield from block(other, "  -  ", "     ")
    if kind.fields:
        yield from ("", "Fields")
        wide = max(len(field.name) for field in kind.fields)
        for field in kind.fields:
            first = f"  {field.name:<{wide}}  {field.type:<5}  "
            yield from block(field.doc, first, " " * len(first))
    yield from ("", "Recognised by")
    for pattern in kind.patterns:
        yield f"  {pattern.literal}{_releases(pattern)}"
    yield from ("", "Printed by")
    yield from (f"  {place}" for place in kind.printed_by)
    titles = [title for title in (*kind.alt_titles, kind.title_without_function) if title]
    if titles:
        yield from ("", "Also titled")
        yield from (f"  {title}" for title in titles)
    yield from ("", f"Responsible function: {BLAME[kind.blame]}.")
    yield from ("", "Example")
    yield from (f"  {line}" for line in kind.example.strip("\n").split("\n"))
    yield from ("", "Looks alike and is not")
    yield from (f"  {line}" for line in kind.near_miss.strip("\n").split("\n"))


def _releases(pattern: "Pattern") -> str:
    if pattern.since and pattern.until:
        return f"   (releases {pattern.since} to {pattern.until})"
    if pattern.since:
        return f"   (since {pattern.since})"
    return f"   (until {pattern.until})" if pattern.until else ""
