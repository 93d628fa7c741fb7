"""`kernward vm kernels`: what --kernel can name."""

from pathlib import Path

import click

from kernward.cli.terminal import escape


@click.command()
@click.argument("places", nargs=-1, metavar="[PLACE]...", type=click.Path(exists=True, path_type=Path))
@click.option("--here", is_flag=True, help="Only those that need not be fetched.")
@click.option(
    "--all", "every", is_flag=True, help="All that the archive offers, not the newest of each series only."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True
)
def command(places: tuple[Path, ...], here: bool, every: bool, form: str) -> None:
    """List the kernels that can be booted here, the newest first.

    Installed ones, those in the cache, those that `kernward vm build` made, those in each PLACE (an image, a
    .deb file, a folder, a kernel tree), and those that Debian's archive offers. Nothing is fetched.
    """
    from kernward.cli.wording import size
    from kernward.operations.kernels import list_kernels
    from kernward.records.safe_json import encode, pretty

    listed = list_kernels(archive=not here, every=every, places=places)
    if form == "json":
        click.echo(pretty(listed).decode())
        return
    if form == "jsonl":
        for each in listed:
            click.echo(encode(each).decode())
        return
    if not listed:
        click.echo("No kernel is here, and apt's lists offer none (apt-get update?).", err=True)
        return
    parts = ("modules", "config", "symbols", "headers")
    width = max(len(each.wanted) for each in listed)
    click.echo(f"{'--kernel':<{width}}  {'from':<9}  {'has':<29}  version")
    for each in listed:
        had = ", ".join(part for part in parts if getattr(each, f"has_{part}"))
        origin = each.origin if each.fetch_bytes is None else f"{size(each.fetch_bytes)} ↓"
        version = each.package_version or each.version or ""
        click.echo(escape(f"{each.wanted:<{width}}  {origin:<9}  {had:<29}  {version}"))
    if any(each.fetch_bytes is not None for each in listed):
        click.echo("↓ is fetched from Debian's archive when it is first used.", err=True)
