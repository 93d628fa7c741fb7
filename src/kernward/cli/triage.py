"""`kernward triage`: read kernel logs of any form, name what happened, group it, explain it."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, cast

import click

from kernward.cli.terminal import escape

if TYPE_CHECKING:
    from io import TextIOWrapper

    from kernward.records.problems import Triage


@click.command()
@click.argument("logs", nargs=-1, metavar="[LOG]...", type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "html"]),
    default="text",
    show_default=True,
    help="jsonl is one event a line, as they are recognised; the others are the problems.",
)
@click.option("--no-save", is_flag=True, help="Do not save the facts to the store.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    help="Processes that read. Default: one, or one a core when there are many logs.",
)
@click.option("--limit", type=click.IntRange(1), help="Show this many problems, all of them in detail.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when a problem was found.")
def command(
    logs: tuple[str, ...],
    form: str,
    no_save: bool,
    jobs: int | None,
    limit: int | None,
    output: Path | None,
    exit_code: bool,
) -> int:
    """Read kernel logs and say which problems are in them.

    LOG is a file, a folder, an archive, compressed or not, in whatever form a kernel log comes: console,
    dmesg, syslog, the journal's output, netconsole, pstore. `-` or nothing is standard input. The
    problems are ranked: the gravest first, causes before what they led to, then by how many hosts and
    how often. What was read is saved under $KERNWARD_HOME; reading it again adds nothing.
    """
    from kernward.operations.triage import triage

    if not logs:
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError(
                "no LOG was given: name files, folders or archives, or pipe a log in (dmesg | kernward triage)"
            )
        logs = ("-",)
    with ExitStack() as stack:
        out = stack.enter_context(_opened(output)) if output is not None else sys.stdout
        progress = _Progress() if sys.stderr.isatty() and not (form == "jsonl" and out.isatty()) else None

        unread: list[BrokenPipeError] = []

        def answer(result: "Triage") -> None:
            if progress is not None:
                progress.clear()
            try:
                show(result, out, form, limit)
                out.flush()
            except BrokenPipeError as error:  # `… | head`: the facts are saved all the same
                unread.append(error)

        done = triage(
            logs,
            save=not no_save,
            jobs=jobs,
            each=binary(out) if form == "jsonl" else None,
            answer=answer,
            progress=progress,
        )
    if unread:
        raise unread[0]
    if form != "text":  # where they are part of the answer
        for sentence in done.triage.unreadable:
            click.echo(f"kernward: {escape(sentence)}", err=True)
    if done.not_saved is not None:
        click.echo(f"kernward: {escape(done.not_saved)}", err=True)
    elif done.saved is not None and sys.stderr.isatty():
        click.echo(_kept(done.saved.events, done.saved.known), err=True)
    if done.triage.unreadable:
        return 2
    return 1 if exit_code and done.triage.problems else 0


def show(result: "Triage", out: IO[str], form: str, limit: int | None, *, read_back: bool = False) -> None:
    """Print a triage in one of the forms; for jsonl the events are what is printed, not this."""
    if form == "text":
        from kernward.cli.triage_text import render

        render(result, out, limit=limit, read_back=read_back)
    elif form == "json":
        import msgspec

        from kernward.records.safe_json import pretty

        if limit is not None:
            result = msgspec.structs.replace(result, problems=result.problems[:limit])
        out.write(pretty(result).decode() + "\n")
    elif form == "html":
        import msgspec

        from kernward.cli import triage_html

        if limit is not None:
            result = msgspec.structs.replace(result, problems=result.problems[:limit])
        out.write(triage_html.render(result))


def binary(out: IO[str]) -> Callable[[bytes], object]:
    """What writes bytes to where `out` writes text."""
    return cast("TextIOWrapper", out).buffer.write


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.UsageError(f"--output {path} cannot be written: {error.strerror}") from error


def _kept(events: int, known: int) -> str:
    from kernward.cli.wording import many

    again = f"; {many(known, 'log')} had been read before" if known else ""
    return f"Saved {many(events, 'event')}{again}. `kernward problems` and `kernward events` read them back."


class _Progress:
    """A line on the terminal that says how far reading has come."""

    def __init__(self) -> None:
        self._next = monotonic() + 0.5
        self._shown = False

    def __call__(self, sources: int, size_bytes: int) -> None:
        from kernward.cli.wording import many, size

        now = monotonic()
        if now >= self._next:
            self._next = now + 0.2
            self._shown = True
            print(
                f"\r\x1b[Kreading: {many(sources, 'log')}, {size(size_bytes)}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False
