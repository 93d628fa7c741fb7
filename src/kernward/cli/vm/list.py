"""`kernward vm list`: the machines that run now."""

import time

import click

from kernward.cli.terminal import escape


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True
)
def command(form: str) -> None:
    """List the machines that run now, with the process that each belongs to."""
    from kernward.operations.machines import running
    from kernward.records.safe_json import encode, pretty

    machines = running()
    if form == "json":
        click.echo(pretty(machines).decode())
    elif form == "jsonl":
        for machine in machines:
            click.echo(encode(machine).decode())
    elif not machines:
        click.echo("No machine runs.", err=True)
    else:
        click.echo(f"{'id':<8}  {'name':<16}  {'kernel':<32}  {'memory':>8}  {'for':>8}  {'owner':>7}")
        for each in machines:
            age = time.time() - each.since_unix_s
            click.echo(
                escape(
                    f"{each.id:<8}  {each.name:<16}  {each.kernel:<32}  {each.memory_mb:>5} MB  {age:>6.0f} s  "
                    f"{each.owner_pid:>7}"
                )
            )
