"""`kernward events`: the single events in everything that was read so far."""

import sys
from typing import TYPE_CHECKING, Any

import click

from kernward.cli.filtering import filters, wanted
from kernward.cli.terminal import escape

if TYPE_CHECKING:
    from kernward.records.events import Event


@click.command()
@filters
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="json is one list, jsonl one event a line, as kernward triage prints them.",
)
@click.option("--limit", type=click.IntRange(1), help="Only the first so many.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is such an event.")
def command(form: str, limit: int | None, exit_code: bool, **options: Any) -> int:
    """List the events that `kernward triage` saved, by time; those without a date come last.

    An option given several times means any of them; different options must all hold.
    """
    from kernward.cli.triage import binary
    from kernward.operations.recall import events
    from kernward.records.safe_json import encode

    write = binary(sys.stdout)
    count = 0

    def show(event: "Event") -> None:
        nonlocal count
        count += 1
        if form == "text":
            click.echo(_line(event))
        elif form == "jsonl":
            write(encode(event) + b"\n")
        else:
            write(b"[" if count == 1 else b",\n")
            write(encode(event))

    unreadable, notes = events(wanted(**options), show, limit=limit)
    if form == "json":
        write(b"]\n" if count else b"[]\n")
    elif form == "text" and not count:
        click.echo("No saved event matches.")
    sys.stdout.flush()
    for note in unreadable + notes:
        click.echo(f"kernward: {escape(note)}", err=True)
    if unreadable:
        return 2
    return 1 if exit_code and count else 0


def _line(event: "Event") -> str:
    from kernward.cli.wording import moment

    if event.time is not None:
        time = moment(event.time)
    else:
        time = f"{event.monotonic_s:.6f} s up" if event.monotonic_s is not None else "no time"
    host = event.host or "unknown host"
    kernel = event.kernel or "unknown kernel"
    place = f"{event.source}:{event.start}"
    return escape(f"{time:<19}  {event.severity:<7}  {event.title}  [{host}, {kernel}, {place}]")
