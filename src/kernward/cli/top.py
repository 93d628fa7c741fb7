"""`kernward top`: what this machine does right now, and what it did before."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from kernward.cli.filtering import Moment

if TYPE_CHECKING:
    from kernward.records.overview import Overview

# What a terminal without a size is taken for.
_COLUMNS, _LINES = 120, 40


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
@click.option("--at", type=Moment(), help="Begin with what was recorded then: a UTC time, or 10m, 2h ago.")
@click.option("--host", metavar="NAME", help="Of another host's recording; the latest there is unless --at.")
@click.option("--once", is_flag=True, help="Print one overview, of one interval, and end.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json prints one overview.",
)
def command(interval: float, at: datetime | None, host: str | None, once: bool, form: str) -> None:
    """Show the state of this machine: pressure, run queue, cgroups, devices, network, processes.

    ← → go one step back and forward, PgUp PgDn a minute, Home an hour back, End to now; further back than
    it ran, it reads what `kernward record` kept. c m w f sort, q quits. Percentages of processes and
    cgroups are of one CPU.
    """
    from kernward.operations.watching import Timeline

    recorded = at is not None or host is not None
    timeline = Timeline(host=host)
    if at is not None:
        timeline.start_at(at)
    elif host is not None:
        timeline.start_at_end()
    if once or form == "json" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        found = timeline.now if recorded else _one(interval)
        assert found is not None
        _print(found, form)
        return
    from kernward.cli.top_screen import watch

    watch(timeline, interval, live=not recorded)


def _one(interval: float) -> "Overview":
    import time

    from kernward.operations.watching import Live

    live = Live()
    live.look()
    time.sleep(interval)
    return live.look()


def _print(found: "Overview", form: str) -> None:
    if form == "json":
        from kernward.records.safe_json import pretty

        click.echo(pretty(found).decode())
        return
    from shutil import get_terminal_size

    from kernward.cli.top_text import lines

    size = get_terminal_size((_COLUMNS, _LINES))
    shown = [each.plain.rstrip() for each in lines(found, width=size.columns, height=_LINES)][:-1]
    click.echo("\n".join(shown).rstrip("\n"))
