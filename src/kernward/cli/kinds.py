"""`kernward kinds`: the catalogue as a list, one kind a line."""

from typing import get_args

import click

from kernward.records.events import SEVERITIES, EventClass


@click.command()
@click.option(
    "--class", "classes", multiple=True, type=click.Choice(get_args(EventClass)), help="Only this class."
)
@click.option(
    "--severity", "severities", multiple=True, type=click.Choice(SEVERITIES), help="Only this severity."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True
)
def command(classes: tuple[str, ...], severities: tuple[str, ...], form: str) -> None:
    """List the kinds of event that kernward knows.

    --class and --severity may be given several times. `kernward explain ID` says all about one kind.
    """
    from kernward.events.index import kinds
    from kernward.records.safe_json import encode, pretty

    chosen = [
        kind
        for kind in kinds()
        if (not classes or kind.class_ in classes) and (not severities or kind.severity in severities)
    ]
    if form == "text":
        width = max((len(kind.id) for kind in chosen), default=0)
        for kind in chosen:
            click.echo(f"{kind.id:<{width}}  {kind.class_:<8}  {kind.severity:<7}  {kind.title}")
        return
    rows = [
        {
            "id": kind.id,
            "class": kind.class_,
            "severity": kind.severity,
            "title": kind.title,
            "subsystem": kind.subsystem,
            "fields": [field.name for field in kind.fields],
        }
        for kind in chosen
    ]
    if form == "json":
        click.echo(pretty(rows).decode())
    else:
        for row in rows:
            click.echo(encode(row).decode())
