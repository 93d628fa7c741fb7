"""`kernward vm stop`: end machines."""

import click

from kernward.cli.terminal import escape


@click.command()
@click.argument("machines", nargs=-1, metavar="[MACHINE]...")
@click.option("--all", "all_of_them", is_flag=True, help="All that run now.")
def command(machines: tuple[str, ...], all_of_them: bool) -> None:
    """End machines by id or name, as `kernward vm list` shows them.

    The command that a machine belongs to hears of it as of a machine that was lost.
    """
    from kernward.operations.machines import stop

    if not machines and not all_of_them:
        raise click.UsageError("name the machines to end, or give --all")
    for machine in stop(machines, all_of_them=all_of_them):
        click.echo(escape(f"{machine.id} ({machine.name}, {machine.kernel}) ends."))
