"""The entry point: runs a command of this folder, and turns whatever goes wrong into one sentence.

Commands are imported when they are asked for and no earlier, so that `kernward --version` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

import click

from kernward import __version__
from kernward.cli.commands import DEBUG, Commands
from kernward.cli.terminal import escape
from kernward.records.errors import KernwardError

# Exit statuses. A command returns its own; None is DONE.
DONE = 0
FOUND = 1
FAILED = 2
HOLD = 3
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
NOBODY_READS = 141  # 128 + SIGPIPE


class Program(Commands):
    """All commands; turns whatever goes wrong in one into a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return NOBODY_READS
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001  nothing may reach the user as a traceback
            if ctx.meta.get("kernward.debug"):
                from traceback import print_exc

                print_exc()
            else:
                _say(_sentence(error))
            return FAILED


def _sentence(error: Exception) -> str:
    if isinstance(error, KernwardError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return where + error.strerror
    if isinstance(error, MemoryError):
        return "the machine has no memory left for this"
    return f"this is a fault of kernward itself ({type(error).__name__}: {error}); --debug shows where"


def _say(sentence: str) -> None:
    click.echo(f"kernward: {escape(sentence)}", err=True)


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    params=[DEBUG],
    help="The workbench of a team that owns Linux kernels on a fleet.",
    epilog="Exit status: 0 done; 1 with --exit-code, something was found; 2 wrong usage, or some input could "
    "not be read; 3 a gate said hold.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """All commands."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status and never raises but for `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that knows no UTF-8 still gets an answer
            stream.reconfigure(errors="backslashreplace")
    try:
        result = program.main(arguments, prog_name="kernward", standalone_mode=False)
        status = result if isinstance(result, int) else DONE
        sys.stdout.flush()
    except click.Abort:
        status = INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        status = FAILED
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "kernward"
        _say(f"{error.format_message().rstrip('.')} (see {command} --help)")
        status = FAILED
    except click.ClickException as error:
        _say(error.format_message())
        status = FAILED
    except BrokenPipeError:
        status = NOBODY_READS
    if status == NOBODY_READS:
        # What is still buffered would fail again, noisily, when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(main())
