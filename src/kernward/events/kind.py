"""What a catalogue module is made of: the frozen value that says all about one kind of event.

A kind is data first: patterns that find it, typed fields, texts that explain it, an example and a
near miss. Only where the kernel's text is irregular does a module add a function, `read`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from kernward.records.events import EventClass, Severity

if TYPE_CHECKING:
    from kernward.events.reading import Reading


class Pattern(msgspec.Struct, frozen=True):
    """One way the kernel words it.

    `literal` is the fixed text that the scan looks for: case-sensitive, at least six characters,
    contained in every line that `regex` accepts, and rare on a healthy machine. `regex` is matched
    (`re.match`) against the line's text without any prefix; its named groups are the kind's fields.
    It must not be able to backtrack exponentially.

    `since` and `until` are the first and last release with this wording (None: not known to have
    changed). `printed` are the texts to be found among the strings of a kernel that can print it,
    by default the literal; formats that the kernel composes need their fixed parts named here.
    `unprinted` says why Debian's amd64 6.1 and 6.12 kernels hold no such string (an option that is
    off, another architecture); None when they do.
    """

    literal: str
    regex: str
    since: str | None = None
    until: str | None = None
    printed: tuple[str, ...] = ()
    unprinted: str | None = None


class Field(msgspec.Struct, frozen=True):
    """One typed field: the name carries the unit (`blocked_s`, `size_bytes`); `doc` says what it is.

    `type` converts the matched text: `int`, `float` and `hex` (an integer printed in hexadecimal)
    give numbers, `str` text. A text that does not convert leaves the field None. `bool`, `list` and
    `map` are for what a kind's `read` works out.
    """

    name: str
    type: str
    doc: str


class Extent(StrEnum):
    """How far the report goes beyond the line that names it."""

    LINE = "line"  # the line itself, and the lines that `continues` accepts within `reach`
    REPORT = "report"  # a kernel bug report: header, registers, stacks, modules


class Blame(StrEnum):
    """How the responsible function is found in a report."""

    NONE = "none"  # there is none: the title stands alone
    STACK = "stack"  # instruction pointer or the first frame that is not machinery
    STALL = "stall"  # what was being run on the CPU that does not answer
    HANG = "hang"  # what was being waited for


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event. See each attribute's comment; `kernward explain ID` prints them all."""

    # The id is the module's name with hyphens for underscores.
    id: str
    # The title, in the community's words. {function} and field names in braces are filled in.
    # Nothing that differs between two instances of the same bug (pid, CPU, device name, address,
    # sector) may stand in it: such values are fields.
    title: str
    alt_titles: tuple[str, ...] = ()
    # The title when a report that should have a function gives none away.
    title_without_function: str | None = None
    class_: EventClass
    severity: Severity
    # Kernel subsystem as MAINTAINERS or the subject prefixes call it; None: from the stack.
    subsystem: str | None = None
    patterns: tuple[Pattern, ...]
    fields: tuple[Field, ...] = ()
    # Fields that, with the function, tell two different problems of this kind apart.
    key: tuple[str, ...] = ()
    extent: Extent = Extent.LINE
    blame: Blame = Blame.NONE
    # Extent.LINE: regexes (`re.match`) for lines that may follow within `reach` lines of the same
    # host and caller and belong to the event; their named groups add fields (first value wins).
    continues: tuple[str, ...] = ()
    reach: int = 0
    # Kinds whose messages, inside this kind's report, are part of it and open no event of their own.
    absorbs: tuple[str, ...] = ()
    # Programs besides the kernel that print it: their syslog and journal lines are accepted too.
    programs: tuple[str, ...] = ()
    # For irregular text: refines what was read (see reading.Reading).
    read: "Callable[[Reading], None] | None" = None
    # Kernel files (and functions) that print it.
    printed_by: tuple[str, ...]
    meaning: str
    # What to look at next: commands and files, in the order an expert would.
    next_steps: tuple[str, ...]
    # What it is often confused with, each with the difference.
    confused_with: tuple[str, ...]
    # Log lines (with or without timestamps): one that is this kind, one that looks alike and is not.
    example: str
    near_miss: str


def convert(field: Field, text: str) -> Any:
    """The field's value, or None when the text is not of the field's type."""
    try:
        if field.type == "int":
            return int(text)
        if field.type == "hex":
            return int(text, 16)
        if field.type == "float":
            return float(text)
    except ValueError:
        return None
    return text
