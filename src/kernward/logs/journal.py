"""A journal entry, in whatever form it was exported, as lines.

Fields: systemd.journal-fields(7). Kernel entries have `_TRANSPORT=kernel`; all others keep their
identifier as tag, so that a program's imitation of a kernel message can be told apart.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kernward.logs.clock import epoch
from kernward.logs.console import stamped
from kernward.logs.decoding import spread
from kernward.records.lines import Line

FIELDS = (
    "MESSAGE",
    "PRIORITY",
    "SYSLOG_FACILITY",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "_TRANSPORT",
    "_HOSTNAME",
    "_BOOT_ID",
    "__REALTIME_TIMESTAMP",
    "__MONOTONIC_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "_SOURCE_MONOTONIC_TIMESTAMP",
)


def entry_lines(values: Sequence[Any], start: int, end: int) -> list[Line]:
    """The lines of an entry, of which `values` are FIELDS, None where a field is not there.

    A value is text, bytes as a list of numbers, or a list of values. A MESSAGE of None is one that
    journalctl left out.
    """
    (
        message,
        priority,
        facility,
        identifier,
        command,
        transport,
        host,
        boot,
        received,
        monotonic,
        sent,
        stamp,
    ) = [value if value is None or value.__class__ is str else _text(value) for value in values]
    kernel = transport == "kernel" or identifier == "kernel"
    tag = "kernel" if kernel else (identifier or command or "").partition("\n")[0] or None
    flaw = caller = None
    if message is None:
        message, flaw = "", "left out by journalctl for its length"
    microseconds = _number(stamp)
    if microseconds is None and kernel:
        microseconds = _number(monotonic)
    real = _number(sent or received)
    seconds = None if microseconds is None else microseconds / 1e6
    if kernel and transport != "kernel":
        # A syslog daemon passed it on, the kernel's own stamp still in the text.
        own, caller, message = stamped(message)
        seconds = seconds if own is None else own
    return spread(
        Line(
            message,
            start,
            end,
            seconds,
            None if real is None else epoch(real / 1e6),
            host,
            boot,
            _small(priority),
            _small(facility),
            caller,
            tag,
            flaw,
        )
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "backslashreplace")
        # A field that is there several times: a message's values are lines.
        return "\n".join(filter(None, map(_text, value)))
    return None if isinstance(value, list | dict) else str(value)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 20 else None


def _small(text: str | None) -> int | None:
    number = _number(text)
    return number if number is not None and number < 1024 else None


class Skipped:
    """Counts what could not be read of a source, to be reported in one sentence at its end."""

    def __init__(self, report: Callable[[str], None], what: str) -> None:
        self._report = report
        self._what = what
        self._count = 0
        self._first = ""

    def add(self, where: str, why: str) -> None:
        """One more; of the first, where it is and why it was skipped are told."""
        self._count += 1
        if self._count == 1:
            self._first = f"{where}: {why}"

    def close(self) -> None:
        """Reports, if there was anything."""
        if self._count:
            counted = "1 record was" if self._count == 1 else f"{self._count} records were"
            self._report(f"{counted} skipped, the first at {self._first}; {self._what} was expected")
