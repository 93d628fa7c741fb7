"""`kernward vm doctor`: what works here."""

import click

from kernward.cli.terminal import escape


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something is missing.")
def command(form: str, exit_code: bool) -> int:
    """Say what the test bed can do on this machine, and what to install for what it cannot.

    Each is found out by trying it.
    """
    from kernward.operations.doctor import doctor
    from kernward.records.safe_json import pretty

    found = doctor()
    if form == "json":
        click.echo(pretty(found).decode())
    else:
        width = max(len(each.name) for each in found)
        for each in found:
            click.echo(escape(f"{each.state:<8}  {each.name:<{width}}  {each.detail}"))
            if each.state != "works":
                click.echo(escape(f"{'':<8}  {'':<{width}}  for: {each.enables}"))
            if each.packages:
                click.echo(escape(f"{'':<8}  {'':<{width}}  install: {' '.join(each.packages)}"))
    return 1 if exit_code and any(each.state == "missing" for each in found) else 0
