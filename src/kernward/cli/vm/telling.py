"""How the verbs tell what became of a machine that gave no status."""

from typing import TYPE_CHECKING

import click

from kernward.cli.terminal import escape, escape_block

if TYPE_CHECKING:
    from kernward.vm.inject import NotShown
    from kernward.vm.verdict import Verdict

# As timeout(1), docker run and shells have them.
TIMED_OUT, NO_STATUS, NOT_RUN = 124, 125, 127
LINES = 12


def tell(verdict: "Verdict | NotShown") -> int:
    """Print the end of the guest's console and the verdict; returns the exit status that stands for it."""
    from kernward.vm.verdict import CommandNotRun, CommandTimedOut, Verdict

    printed = verdict.console_tail if isinstance(verdict, Verdict) else b""
    if tail := printed.decode(errors="replace").splitlines()[-LINES:]:
        click.echo("The end of the guest's console:", err=True)
        click.echo(escape_block("\n".join(f"  {line.rstrip()}" for line in tail)), err=True)
    click.echo(f"kernward: {escape(str(verdict))}", err=True)
    if isinstance(verdict, CommandTimedOut):
        return TIMED_OUT
    return NOT_RUN if isinstance(verdict, CommandNotRun) else NO_STATUS
