"""The filters of commands that read the store: the same options, with the same meaning, everywhere."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from kernward.records.events import SEVERITIES, EventClass

if TYPE_CHECKING:
    from kernward.records.filters import Filter

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A time: a date, a date with a time (UTC unless it says its zone), or how long ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return moment(value, datetime.now(UTC))
        except ValueError:
            self.fail(
                f"{value!r} is no time; 2026-11-21, 2026-11-21T08:30, 7d or 24h was expected", param, ctx
            )


def moment(text: str, now: datetime) -> datetime:
    """The time that the text means; raises ValueError when it means none."""
    if ago := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError as error:
            raise ValueError(text) from error
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo is not None else time.replace(tzinfo=UTC)


_OPTIONS = (
    click.option(
        "--kind", "kinds", multiple=True, metavar="PATTERN", help="Only these kinds; shell patterns."
    ),
    click.option(
        "--class", "classes", multiple=True, type=click.Choice(get_args(EventClass)), help="Only this class."
    ),
    click.option(
        "--severity", "severities", multiple=True, type=click.Choice(SEVERITIES), help="Only this severity."
    ),
    click.option(
        "--host", "hosts", multiple=True, metavar="PATTERN", help="Only these hosts; shell patterns."
    ),
    click.option(
        "--kernel", "kernels", multiple=True, metavar="PATTERN", help="Only these releases; shell patterns."
    ),
    click.option("--signature", "signatures", multiple=True, help="Only this signature, of any layer."),
    click.option("--since", type=Moment(), help="Only from then on: a date, a UTC time, or 7d, 24h ago."),
    click.option("--until", type=Moment(), help="Only before then."),
)

Function = TypeVar("Function", bound=Callable[..., Any])


def filters(function: Function) -> Function:
    """Give a command the filters' options."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def wanted(
    *,
    kinds: Sequence[str],
    classes: Sequence[str],
    severities: Sequence[str],
    hosts: Sequence[str],
    kernels: Sequence[str],
    signatures: Sequence[str],
    since: datetime | None,
    until: datetime | None,
) -> "Filter":
    """The filter that the options ask for."""
    from kernward.records.filters import Filter

    return Filter(
        kinds=tuple(kinds),
        classes=tuple(classes),
        severities=tuple(severities),
        hosts=tuple(hosts),
        kernels=tuple(kernels),
        signatures=tuple(signatures),
        since=since,
        until=until,
    )
