"""`kernward check`: why is this machine slow or sick?"""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from kernward.cli.filtering import Moment

if TYPE_CHECKING:
    from kernward.records.check import Check


@click.command()
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check what this snapshot file holds, instead of this machine.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, path_type=Path),
    metavar="TREE",
    help="Check a copied tree with proc and sys, a sosreport or a tarball, instead of this machine.",
)
@click.option(
    "--since",
    type=Moment(),
    help="Check what was recorded from then on, instead of this machine: a UTC time, or 30m, 24h ago.",
)
@click.option("--until", type=Moment(), help="Check what was recorded up to then.")
@click.option(
    "--host", metavar="NAME", help="Check the recording of this host. Default: the one recorded last."
)
@click.option("--cgroup", metavar="PATH", help="Ask about this cgroup and all below it.")
@click.option("--pid", type=click.IntRange(1), help="Ask about this process.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 3600),
    default=5.5,
    show_default=True,
    help="How long the first look lasts; what has to be measured to decide takes longer.",
)
@click.option(
    "--max-overhead",
    type=click.FloatRange(0, 100, min_open=True),
    default=2.0,
    show_default=True,
    metavar="PERCENT",
    help="What measuring may cost, of one CPU.",
)
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what was read in this file, so that --replay sees the same elsewhere.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when a cause was found.")
def command(
    replay: Path | None,
    root: Path | None,
    since: datetime | None,
    until: datetime | None,
    host: str | None,
    cgroup: str | None,
    pid: int | None,
    seconds: float,
    max_overhead: float,
    keep: Path | None,
    form: str,
    exit_code: bool,
) -> int:
    """Say why this machine is slow or sick.

    Samples the machine for some seconds, tests every hypothesis that kernward knows against what it
    read, measures what has to be measured to tell rivals apart, and explains the causes it found, with
    their evidence, what to do, what was ruled out and what could not be seen.
    """
    recorded = {
        name: each for name, each in (("--since", since), ("--until", until), ("--host", host)) if each
    }
    elsewhere = [name for name, each in (("--replay", replay), ("--root", root)) if each] + list(recorded)[:1]
    if len(elsewhere) > 1:
        raise click.UsageError(f"{' and '.join(elsewhere)} each name something to check; give one of them")
    if elsewhere and keep is not None:
        raise click.UsageError(
            f"--keep is for what is read of this machine, and {elsewhere[0]} names another"
        )
    if not elsewhere:
        # Importing all that a check needs takes long already where CPUs are overloaded.
        from kernward.collectors.root import Root
        from kernward.collectors.urgency import hurry

        hurry(Root("/"))
    from kernward.operations import check

    if replay is not None:
        result = check.check_recording(replay, cgroup=cgroup, pid=pid)
    elif root is not None:
        result = check.check_tree(root, cgroup=cgroup, pid=pid)
    elif recorded:
        result = check.check_recorded(host=host, since=since, until=until, cgroup=cgroup, pid=pid)
    else:
        result = check.check_here(
            cgroup=cgroup,
            pid=pid,
            seconds=seconds,
            max_overhead_percent=max_overhead,
            keep=keep,
            progress=_progress if sys.stderr.isatty() else None,
        )
        if sys.stderr.isatty():
            _progress("")
    show(result, sys.stdout, form)
    if result.recording is not None and result.recording.notes:
        return 2  # some of it could not be read; the answer says what
    return 1 if exit_code and result.findings else 0


def _progress(doing: str) -> None:
    """A line on the terminal that says what is being done; it is taken away in the end."""
    click.echo(f"\r\x1b[K{doing}", nl=False, err=True)


def show(result: "Check", out: IO[str], form: str) -> None:
    """Print a check in one of the forms."""
    if form == "json":
        from kernward.records.safe_json import pretty

        out.write(pretty(result).decode() + "\n")
    elif form == "html":
        from kernward.cli import check_html

        out.write(check_html.render(result))
    else:
        from kernward.cli.check_text import WIDTH, lines

        terminal = out.isatty()
        width = WIDTH
        if terminal:
            from shutil import get_terminal_size

            width = get_terminal_size().columns
        for line in lines(result, width, styled=terminal and not os.environ.get("NO_COLOR")):
            out.write(line + "\n")
