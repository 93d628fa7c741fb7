"""`kernward vm run`: one command in one machine."""

import sys
from pathlib import Path
from typing import Any

import click

from kernward.cli.vm.machine_options import broken_by, machine_options, spec_of, tell_shown
from kernward.cli.vm.telling import tell


@click.command(context_settings={"ignore_unknown_options": True})
@machine_options
@click.option(
    "--timeout", type=click.FloatRange(0.1), default=3600.0, show_default=True, metavar="SECONDS",
    help="How long the command may take.",
)  # fmt: skip
@click.option(
    "--console", type=click.Path(dir_okay=False, path_type=Path), help="Write the guest's console here."
)
@click.argument("arguments", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
def command(arguments: tuple[str, ...], timeout: float, console: Path | None, **given: Any) -> int:
    """Run a command in a machine and exit with its status.

    Standard input, output and error are the command's, byte for byte; a terminal's input is not passed on
    (kernward vm shell does that). The status is the command's, 128 and the signal's number if one
    ended it; 124 when its time was over; 127 when the guest could not start it; 125 when the machine gave no status: it never booted, panicked,
    hung, flooded its console or was lost. The reason is one sentence on standard error.
    """
    from kernward.operations.machines import run
    from kernward.vm.inject import NotShown
    from kernward.vm.verdict import Verdict

    spec = spec_of(given)
    out, err = sys.stdout.buffer, sys.stderr.buffer

    def written(stream: Any) -> Any:
        def write(piece: bytes) -> None:
            stream.write(piece)
            stream.flush()

        return write

    try:
        return run(
            arguments,
            spec,
            cold=given["cold"],
            stdin=None if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer,
            stdout=written(out),
            stderr=written(err),
            timeout_s=timeout,
            boot_timeout_s=given["boot_timeout"],
            broken_by=broken_by(given),
            shown=tell_shown,
            console=console,
        )
    except (Verdict, NotShown) as verdict:
        return tell(verdict)
