"""How numbers, times and places are said in text, the same in every command."""

from collections.abc import Mapping
from datetime import UTC, datetime

from kernward.cli.terminal import escape
from kernward.records.problems import Problem


def many(count: int, noun: str, plural: str | None = None) -> str:
    """`1 host`, `12 hosts`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def size(count_bytes: int) -> str:
    """`812 bytes`, `1.4 MB`."""
    if count_bytes < 1000:
        return many(count_bytes, "byte")
    amount = count_bytes / 1000
    for unit in ("kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def moment(time: datetime) -> str:
    """A time in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def uptime(seconds: float) -> str:
    """Seconds since boot as printk shows them, shortened."""
    return f"{seconds:.1f} s" if seconds < 1000 else f"{seconds:,.0f} s"


def period(problem: Problem) -> str:
    """From the first to the last event: in UTC, else in seconds since boot, else nothing."""
    if problem.first_seen is not None and problem.last_seen is not None:
        return span(problem.first_seen, problem.last_seen)
    if problem.first_monotonic_s is not None and problem.last_monotonic_s is not None:
        first, last = uptime(problem.first_monotonic_s), uptime(problem.last_monotonic_s)
        return f"{first} up" if first == last else f"{first.removesuffix(' s')}–{last} up"
    return "no time"


def span(first: datetime, last: datetime) -> str:
    """`2026-01-02 10:00:00`, `2026-01-02 10:00–11:30`, `2026-01-02–2026-03-01`."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    if moment(first) == moment(last):
        return moment(first)
    if moment(first)[:-3] == moment(last)[:-3]:
        return f"{moment(first)}–{last:%S}"
    if first.date() == last.date():
        return f"{first:%Y-%m-%d %H:%M}–{last:%H:%M}"
    return f"{first:%Y-%m-%d}–{last:%Y-%m-%d}"


def place(problem: Problem) -> str:
    """Where in the kernel, beyond what the title says: the source line, the function, the subsystem."""
    if problem.file is not None:
        return escape(problem.file if problem.line is None else f"{problem.file}:{problem.line}")
    if problem.function is not None and problem.function not in problem.title:
        return escape(problem.function)
    return escape(problem.subsystem or "–")


def kernels(counts: Mapping[str, int], most: int = 3) -> str:
    """Kernel releases, the most frequent first."""
    names = sorted(counts, key=lambda name: (-counts[name], name))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return escape(", ".join(names[:most])) + more


def first_sentence(text: str) -> str:
    """The first sentence of a text."""
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]
