"""`kernward vm faults`: what can be made to go wrong."""

from shutil import get_terminal_size

import click

from kernward.cli.terminal import escape, escape_block

WIDEST = 100


@click.command()
@click.argument("name", required=False, metavar="[FAULT]")
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice(["crash", "hang", "memory", "cpu", "storage", "network", "limits", "time"]),
    help="Only this group.",
)
@click.option("--kernel", metavar="KERNEL", help="Say of each whether this kernel can show it.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", show_default=True
)
def command(name: str | None, groups: tuple[str, ...], kernel: str | None, form: str) -> None:
    """List the faults that the test bed can inject, or say all about one.

    A fault counts as injected when its symptom was seen. Each says what a diagnosis of it should find.
    """
    from kernward.cli.fault_text import fault_text
    from kernward.operations.vm_faults import explain_fault, list_faults
    from kernward.records.safe_json import encode, pretty

    if name is not None:
        about = explain_fault(name)
        if form == "text":
            click.echo(escape_block("\n".join(fault_text(about, min(get_terminal_size().columns, WIDEST)))))
        else:
            click.echo((pretty(about) if form == "json" else encode(about)).decode())
        return
    listed = list_faults(groups, kernel=kernel)
    if form == "json":
        click.echo(pretty(listed).decode())
        return
    if form == "jsonl":
        for each in listed:
            click.echo(encode(each).decode())
        return
    width = max((len(each.name) for each in listed), default=0)
    for each in listed:
        click.echo(escape(f"{each.name:<{width}}  {each.group:<7}  {each.title}"))
        if each.unusable:
            click.echo(escape(f"{'':<{width}}  {'':<7}  not here: {each.unusable}"))
