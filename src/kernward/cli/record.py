"""`kernward record`: keep what this machine does, to look at it later."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--once",
    "once",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one portable snapshot of a few seconds to FILE instead.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, min_open=False),
    help="How long: of a snapshot, 10 unless told.",
)
def command(once: Path | None, seconds: float | None) -> None:
    """Record this machine's state, or write a snapshot of it.

    `kernward check --replay FILE` looks at a snapshot on any machine.
    """
    from kernward.operations.snapshot import snapshot

    if once is not None:
        from kernward.cli.terminal import escape
        from kernward.cli.wording import size

        written = snapshot(once, seconds or 10.0)
        click.echo(f"{escape(str(once))}: {size(written)}")
