"""`kernward vm crash`: break a kernel and keep everything."""

from pathlib import Path

import click

from kernward.cli.terminal import escape


@click.command()
@click.argument("kernel")
@click.argument("fault")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the fault; `kernward vm faults FAULT` lists them.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder. Default: FAULT-RELEASE, here.",
)
@click.option("--cold", is_flag=True, help="Boot, instead of restoring a snapshot.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    kernel: str, fault: str, settings: tuple[str, ...], out: Path | None, cold: bool, form: str
) -> None:
    """Inject FAULT into a machine of KERNEL and keep what there is of it.

    The folder gets the console, what netconsole and pstore kept, the memory as a compressed dump that drgn
    and crash open, and manifest.json, which says what was done, what shows it, and what could not be kept.
    """
    from kernward.operations.crash import crash
    from kernward.operations.machines import kernel_named
    from kernward.records.safe_json import pretty

    values = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--set {text}: NAME=VALUE was expected")
        values[name] = value
    found = kernel_named(kernel)
    folder = out or Path(f"{fault}-{found.release}")
    manifest = crash(found, fault, folder, cold=cold, values=values)
    if form == "json":
        click.echo(pretty(manifest).decode())
        return
    click.echo(escape(f"{manifest.fault} in {manifest.release}: {manifest.evidence.splitlines()[0]}"))
    click.echo(escape(f"panic: {manifest.panic}") if manifest.panic else "The machine lived on.")
    for file in manifest.files:
        click.echo(escape(f"  {file.size_bytes:>12,}  {folder / file.name}  {file.what}"))
    click.echo(escape(f"  {'':>12}  {folder / 'manifest.json'}"))
    for sentence in manifest.missing:
        click.echo(escape(f"Not kept: {sentence}."))
    click.echo(escape(f"Next: kernward triage {folder / 'console.log'}"))
