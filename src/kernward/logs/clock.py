"""The times that logs write for people, turned into UTC.

Logs repeat a second many times over, so what was worked out for one text is remembered; the memory
is bounded.
"""

from datetime import UTC, datetime, timedelta, tzinfo

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_REMEMBERED = 4096


class Clock:
    """Reads times: those without a zone are in `zone`, those without a year end at `reference`."""

    def __init__(self, zone: tzinfo, reference: datetime) -> None:
        self._zone = zone
        self._limit = reference.astimezone(UTC) + timedelta(days=1)
        self._known: dict[str, datetime | None] = {}

    def read(self, text: str) -> datetime | None:
        """`Jan  2 03:04:05[.123456]`, with or without a weekday before it and a year in it."""
        known = self._known
        if text in known:
            return known[text]
        if len(known) >= _REMEMBERED:
            known.clear()
        known[text] = found = self._work_out(text)
        return found

    def iso(self, text: str) -> datetime | None:
        """`2026-01-02T03:04:05.123456+01:00` and the like; None where the text is no date."""
        try:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                at = at.replace(tzinfo=self._zone)
            return at if at.tzinfo is UTC else at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _work_out(self, text: str) -> datetime | None:
        words = text.split()
        try:
            if words[0] not in _MONTHS:
                words = words[1:]
            month, day = _MONTHS[words[0]], int(words[1])
            years = [int(word) for word in words[2:] if ":" not in word]
            (clock,) = (word for word in words[2:] if ":" in word)
            hour, minute, *rest = clock.split(":")
            second, _, fraction = (rest[0] if rest else "0").partition(".")
            micro = int(fraction[:6].ljust(6, "0"))
            # Without a year: the latest year that does not put the time after the limit. Nine years
            # back there is a 29 February for certain.
            for year in years or range(self._limit.year, self._limit.year - 9, -1):
                try:
                    at = datetime(year, month, day, int(hour), int(minute), int(second), micro, self._zone)
                except ValueError:
                    continue
                if years or at <= self._limit:
                    return at.astimezone(UTC)
        except (ValueError, KeyError, IndexError, OverflowError):
            pass
        return None


def epoch(seconds: float) -> datetime | None:
    """Seconds since 1970 as UTC; None where no calendar reaches."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
