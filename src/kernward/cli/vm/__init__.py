"""`kernward vm`: the test bed. One file a verb."""

import click

from kernward.cli.commands import Commands


class Verbs(Commands):
    package = "kernward.cli.vm"


@click.command(cls=Verbs)
def command() -> None:
    """Boot real kernels, run commands in them, break them, and keep what they say.

    Machines run under QEMU, with KVM where it works and without it elsewhere, and need no privileges.
    A machine is booted once and restored from a snapshot afterwards, in a fraction of a second. It ends
    with the command that started it.
    """
