"""Numbers and times in words."""

from datetime import UTC, datetime, timedelta

# No list on the page is longer than this.
ENTRIES = 40

_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)


def utc(time: datetime | None) -> str:
    """The UTC time to the second."""
    return aware(time).strftime("%Y-%m-%d %H:%M:%S") if time else ""


def aware(time: datetime) -> datetime:
    """The time in UTC; one that names no zone is UTC already."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def seconds(seconds: float | None) -> str:
    """Seconds since boot, to the millisecond as the kernel prints them."""
    return "" if seconds is None else f"{seconds:,.3f} s"


def number(value: float) -> str:
    """A quantity, its thousands set apart."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"


def rate(per_hour: float) -> str:
    """Events an hour, or a day where less than one came in an hour."""
    return f"{per_hour:,.1f} an hour" if per_hour >= 1 else f"{24 * per_hour:,.2g} a day"


def memory(size_bytes: float) -> str:
    """`3.4 MiB`, as memory is measured."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:,.0f} {unit}" if unit == "B" else f"{size_bytes:,.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:,.1f} TiB"


def moment(epoch_s: float) -> datetime:
    """The time so many seconds after the epoch, or the last that there is a date for."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + timedelta(seconds=min(epoch_s, (_LAST - start).total_seconds()))
