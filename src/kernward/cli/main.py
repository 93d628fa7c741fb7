"""The entry point: finds the command's file, runs it, and turns whatever goes wrong into one sentence.

A command is a module of this folder with a click command named `command`; it is imported when it is
asked for and no earlier, so that `kernward --version` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from kernward import __version__
from kernward.cli.terminal import escape
from kernward.records.errors import KernwardError

# Exit statuses. A command returns its own; None is DONE.
DONE = 0
FOUND = 1
FAILED = 2
HOLD = 3
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
NOBODY_READS = 141  # 128 + SIGPIPE

FOLDER = Path(__file__).parent


def _debug(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.find_root().meta["kernward.debug"] = True


DEBUG = click.Option(
    ["--debug"],
    is_flag=True,
    expose_value=False,
    callback=_debug,
    help="Show the traceback of an error.",
)


class Commands(click.Group):
    """The commands of a folder, one module each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
        return [_spoken(name) for name in names if _command(name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("-", "_")
        if cmd_name != _spoken(name) or not name.isidentifier() or not (FOLDER / f"{name}.py").is_file():
            return None
        return _command(name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        command = self.get_command(ctx, args[0])
        if command is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f"did you mean {near[0]}?" if near else "kernward --help lists those there are"
            raise click.ClickException(f"there is no command {args[0]}; {meant}")
        return args[0], command, args[1:]

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


def _spoken(name: str) -> str:
    return name.replace("_", "-")


def _command(name: str) -> click.Command | None:
    """The command that the module `name` holds; None for modules of this folder that are none."""
    if name == "main":
        return None
    command = getattr(import_module(f"kernward.cli.{name}"), "command", None)
    if not isinstance(command, click.Command):
        return None
    command.name = _spoken(name)
    if DEBUG not in command.params:
        command.params.append(DEBUG)
    return command


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
    cls=Commands,
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
