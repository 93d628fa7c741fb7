"""A reading: one hit while it is being turned into an event; what a kind's `read` may refine."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kernward.events.kind import Extent, Kind
from kernward.events.report import Parts, parse
from kernward.records.lines import Line


@dataclass(slots=False)
class Reading:
    """What is known of an event so far. A kind's `read` changes the public attributes.

    `lines` are the lines of the report, the one that was hit first; `fields` hold the pattern's
    groups, converted. `title` and `alt_titles` are templates: {function} and field names are filled
    in afterwards. A `function` that `read` sets is final (`function_reason` says where it is from);
    otherwise the kind's `blame` finds it. `corrupted_reason` marks the report as damaged.
    """

    kind: Kind
    lines: list[Line]
    fields: dict[str, Any]
    title: str
    alt_titles: tuple[str, ...]
    title_without_function: str | None
    function: str | None = None
    function_reason: str | None = None
    file: str | None = None
    line: int | None = None
    subsystem: str | None = None
    corrupted_reason: str | None = None
    # The function of the first line (field `at_function`) names the bug when the stack is lost.
    header_names: bool = False
    # Extra regexes (on function names) that are machinery for this event only, with the reason.
    machinery: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def details(self) -> bool:
        """Does a report with stacks belong to this event?"""
        return self.kind.extent is Extent.REPORT

    @cached_property
    def texts(self) -> list[str]:
        """The texts of the report's lines, from the hit on."""
        return [line.text for line in self.lines]

    @cached_property
    def text(self) -> str:
        """The report from the hit on, lines joined by newlines."""
        return "\n".join(self.texts)

    @cached_property
    def parts(self) -> Parts:
        """The parsed report: stacks, registers, who and where."""
        return parse(self.texts)
