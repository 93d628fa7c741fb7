"""`kernward problems`: the problems in everything that was read so far."""

import sys
from typing import Any

import click

from kernward.cli.filtering import filters, wanted
from kernward.cli.terminal import escape


@click.command()
@filters
@click.option(
    "--new-since",
    metavar="RELEASE",
    help="Only problems that later kernels brought: seen on none up to this release.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="jsonl is one problem a line.",
)
@click.option("--limit", type=click.IntRange(1), help="Show this many problems, all of them in detail.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is such a problem.")
def command(new_since: str | None, form: str, limit: int | None, exit_code: bool, **options: Any) -> int:
    """List the problems in what `kernward triage` saved, ranked over all logs.

    An option given several times means any of them; different options must all hold. Kernel releases
    are compared as versions: 6.1.0-47-cloud-amd64 is before 6.12.107+deb12.
    """
    from kernward.cli.triage import binary, show
    from kernward.operations.recall import problems

    result, notes = problems(wanted(**options), new_since=new_since)
    if form == "jsonl":
        from kernward.records.safe_json import encode

        for problem in result.problems[:limit]:
            binary(sys.stdout)(encode(problem) + b"\n")
    else:
        show(result, sys.stdout, form, limit, read_back=True)
    sys.stdout.flush()
    for note in notes:
        click.echo(f"kernward: {escape(note)}", err=True)
    if result.unreadable:
        if form != "text":  # where they are part of the answer
            for sentence in result.unreadable:
                click.echo(f"kernward: {escape(sentence)}", err=True)
        return 2
    return 1 if exit_code and result.problems else 0
