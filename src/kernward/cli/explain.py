"""`kernward explain ID`: everything the catalogue says about one kind of event, or one fault."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kernward.cli.terminal import escape_block

if TYPE_CHECKING:
    from kernward.events.kind import Kind, Pattern
    from kernward.records.faults import FaultAbout

WIDEST = 100

BLAME = {
    "none": "there is none, the title stands alone",
    "stack": "the instruction pointer, or the first frame that is not machinery",
    "stall": "what was being run on the CPU that does not answer",
    "hang": "what was being waited for",
}


@click.command()
@click.argument("kind_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(kind_id: str, form: str) -> None:
    """Say all about one kind of event, or one fault of the test bed.

    What it means, what to look at next, what it is confused with, how it is recognised. ID is a kind's id as `kernward kinds` lists it, for example hung-task, or a fault of the test bed as `kernward vm faults` lists it.
    """
    about = _fault(kind_id)
    if about is not None:
        _print_fault(about, form)
        return
    kind = _find(kind_id)
    if form == "json":
        from kernward.records.safe_json import pretty

        click.echo(pretty(_document(kind)).decode())
        return
    from shutil import get_terminal_size

    click.echo(escape_block("\n".join(_text(kind, min(get_terminal_size().columns, WIDEST)))))


def _fault(wanted: str) -> "FaultAbout | None":
    """The fault of this name, unless a kind of event has the same."""
    from kernward.events import index
    from kernward.vm.faults import faults

    spoken = wanted.lower().replace("_", "-")
    if spoken not in faults() or spoken.replace("-", "_") in index.names():
        return None
    from kernward.operations.vm_faults import explain_fault

    return explain_fault(spoken)


def _print_fault(about: "FaultAbout", form: str) -> None:
    if form == "json":
        from kernward.records.safe_json import pretty

        click.echo(pretty(about).decode())
        return
    from shutil import get_terminal_size

    from kernward.cli.fault_text import fault_text

    click.echo(escape_block("\n".join(fault_text(about, min(get_terminal_size().columns, WIDEST)))))


def _find(wanted: str) -> "Kind":
    from kernward.events import index

    ids = [name.replace("_", "-") for name in index.names()]
    spoken = "-".join(wanted.lower().replace("_", " ").replace("-", " ").split())
    if spoken in ids:
        return index.kind(spoken)
    from difflib import get_close_matches

    from kernward.records.errors import UsageError

    close = get_close_matches(spoken, ids, n=5)
    if spoken and not close:
        close = [
            kind.id for kind in index.kinds() if spoken in kind.id or wanted.lower() in kind.title.lower()
        ]
    nearest = f"nearest: {', '.join(close[:5])}" if close else "kernward kinds lists those there are"
    raise UsageError(f"there is no kind {wanted!r}; {nearest}")


def _document(kind: "Kind") -> dict[str, object]:
    """The kind's data as JSON; `read`, a function, is left out."""
    import msgspec

    return {
        name.rstrip("_"): msgspec.to_builtins(getattr(kind, name))
        for name in kind.__struct_fields__
        if name != "read"
    }


def _text(kind: "Kind", width: int) -> Iterator[str]:
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
