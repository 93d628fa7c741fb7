"""`kernward vm shell`: a terminal in a machine."""

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from kernward.cli.vm.machine_options import broken_by, machine_options, spec_of, tell_shown
from kernward.cli.vm.telling import tell

if TYPE_CHECKING:
    from kernward.vm.channel import Job
    from kernward.vm.machine import Machine

# ^] as in telnet, virsh console and systemd-nspawn.
ESCAPE = b"\x1d"


@click.command(context_settings={"ignore_unknown_options": True})
@machine_options
@click.argument("arguments", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
def command(arguments: tuple[str, ...], **given: Any) -> int:
    """Open a shell in a machine; the machine ends with it.

    Ctrl-] leaves at once, also when the guest hangs.
    """
    from kernward.operations.machines import open_shell
    from kernward.vm.inject import NotShown
    from kernward.vm.verdict import Verdict

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "vm shell needs a terminal; for a command without one there is kernward vm run"
        )
    spec = spec_of(given)
    size = shutil.get_terminal_size()

    def output(piece: bytes) -> None:
        os.write(sys.stdout.fileno(), piece)

    try:
        return open_shell(
            spec,
            arguments or ("sh", "-l"),
            cold=given["cold"],
            shape=(size.lines, size.columns),
            output=output,
            boot_timeout_s=given["boot_timeout"],
            broken_by=broken_by(given),
            shown=tell_shown,
            session=_session,
        )
    except (Verdict, NotShown) as verdict:
        return tell(verdict)


def _session(machine: "Machine", job: "Job") -> int:
    click.echo(f"kernward: {machine.release}, up in {machine.ready_s or 0:.2f} s; Ctrl-] leaves", err=True)
    resized = False

    def on_resize(number: int, frame: object) -> None:
        nonlocal resized
        resized = True

    before = signal.signal(signal.SIGWINCH, on_resize)
    try:
        with _raw():
            while not (job.ended.is_set() or machine.process.ended.is_set() or machine.panicked):
                if resized:
                    resized = False
                    size = shutil.get_terminal_size()
                    job.resize(size.lines, size.columns)
                if not select.select([sys.stdin], [], [], 0.05)[0]:
                    continue
                typed = os.read(sys.stdin.fileno(), 4096)
                if ESCAPE in typed or not typed:
                    break
                job.write(typed)
    finally:
        signal.signal(signal.SIGWINCH, before)
    if machine.panicked is not None:
        raise machine.panic("the shell")
    done = job.wait(0.2)
    return done.status if done is not None else 0


@contextmanager
def _raw() -> Iterator[None]:
    kept = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)
        click.echo("", err=True)
