"""What can become of a machine or a command instead of an exit status: each verdict is an error.

A verdict is one sentence for a person; `console_tail` holds the end of what the guest printed, as evidence.
"""

from kernward.records.errors import KernwardError


class Verdict(KernwardError):
    """Base of all verdicts. Exit status of `kernward vm run`: 125, and 124 for a command out of time."""

    def __init__(self, sentence: str, console_tail: bytes = b"") -> None:
        super().__init__(sentence)
        self.console_tail = console_tail


class CommandTimedOut(Verdict):
    """The command went on after its time; it was killed, and the machine still answers.

    `stdout` and `stderr` hold what it had written.
    """

    stdout: bytes = b""
    stderr: bytes = b""


class CommandNotRun(Verdict):
    """The guest could not start the command: there is no such program, or no memory or process left."""


class GuestHung(Verdict):
    """The guest runs but its agent answers no more."""


class GuestPanicked(Verdict):
    """The guest's kernel panicked; `reason` is the text behind "not syncing:"."""

    reason: str = ""


class ConsoleFlooded(Verdict):
    """The guest printed more than the console's limit."""


class NeverBooted(Verdict):
    """No agent answered within the boot's time."""


class MachineLost(Verdict):
    """QEMU ended, or the guest switched itself off, while it was needed."""
