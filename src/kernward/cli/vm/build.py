"""`kernward vm build`: a kernel made to order."""

import os
from typing import TYPE_CHECKING, Literal

import click

from kernward.cli.terminal import escape
from kernward.cli.vm.build_options import BuildLine, duration
from kernward.cli.wording import many

if TYPE_CHECKING:
    from kernward.records.builds import KernelBuild


@click.command()
@click.argument("source", required=False)
@click.option(
    "--with", "fragments", multiple=True, metavar="FRAGMENT",
    help="Options to build it with: one of those that --fragments lists, or a file of CONFIG_ lines. Of two that "
    "contradict each other the later holds.",
)  # fmt: skip
@click.option("--name", metavar="NAME", help="What --kernel built:NAME takes. Default: fragments and series.")
@click.option("--base", metavar="FILE", help="A file of CONFIG_ lines to start from, instead of ours.")
@click.option(
    "--arch",
    type=click.Choice(["x86_64", "um"]),
    default="x86_64",
    show_default=True,
    help="um: a user-mode kernel.",
)
@click.option(
    "--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, metavar="N",
    help="How many compilers run at once.",
)  # fmt: skip
@click.option("--fragments", "listed", is_flag=True, help="List the fragments, and build nothing.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    source: str | None,
    fragments: tuple[str, ...],
    name: str | None,
    base: str | None,
    arch: Literal["x86_64", "um"],
    jobs: int,
    listed: bool,
    form: str,
) -> None:
    """Build a kernel from SOURCE: a kernel tree, a tarball, or Debian's linux-source-6.1.

    It has what the test bed needs and little else, so it is built in minutes; the objects are kept, and the
    next build of the name compiles what changed. The same request again is answered at once. Kconfig drops
    options whose dependencies are not met: which of those asked for do not hold is said with the reason.
    """
    from kernward.operations.vm_build import build_kernel, fragments_there_are
    from kernward.records.safe_json import pretty

    if listed:
        for fragment, doc in fragments_there_are().items():
            click.echo(f"{fragment}\n" + "".join(f"    {line}\n" for line in doc.splitlines()))
        return
    if source is None:
        raise click.UsageError("SOURCE is missing: a kernel tree, a tarball, or linux-source-6.1")
    line = BuildLine()
    try:
        built = build_kernel(
            source,
            name=name,
            fragments=fragments,
            base=base,
            architecture=arch,
            jobs=jobs,
            progress=line,
        )
    finally:
        line.clear()
    click.echo(pretty(built).decode() if form == "json" else _text(built))


def _text(built: "KernelBuild") -> str:
    how = "was here already" if built.kept else f"built in {duration(built.build_s)}"
    lines = [
        f"Linux {built.release}: {how}, of {built.source} with {', '.join((built.base, *built.fragments))}.",
        f"  image    {built.image}",
    ]
    if built.symbols:
        lines.append(f"  symbols  {built.symbols}")
    if built.wanted:
        lines.append(f"  use      kernward vm run --kernel {built.wanted} -- uname -a")
    if built.unmet:
        lines.append(f"{many(len(built.unmet), 'option')} asked for:")
        lines += [f"  {sentence}" for sentence in built.unmet]
    return "\n".join(escape(each) for each in lines)
