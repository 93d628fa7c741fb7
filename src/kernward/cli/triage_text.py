"""A triage as text for people: what was read, the problems as a table, the worst ones in detail.

Wide tables and colour are for terminals; into a file or a pipe goes plain text. Everything that comes
from logs has its control characters shown by number, and is never taken for markup.
"""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kernward.cli.terminal import escape
from kernward.cli.wording import first_sentence, kernels, many, moment, period, place, size, span
from kernward.records.events import Event
from kernward.records.problems import Link, Problem, Totals, Triage, Unseen

# Without a limit: rows of the table, problems in detail.
LISTED = 25
DETAILED = 5
# Lines of a report, and characters of a line, that are shown.
REPORT_LINES = 14
LINE_CHARS = 160
PLAIN_WIDTH = 110

_NOT_WELL = (
    "That is what these logs hold, not that the machines are well: what kernward does not know (`kernward kinds` "
    "lists what it does), and what never reached the logs, would not show here."
)
_STYLES = {"fatal": "bold red", "error": "red", "warning": "yellow", "info": "blue"}
# Lines that decide what a report means, whatever the kind.
_DECIDING = re.compile(
    r"\s*(?:(?:RIP: 0010|EIP|pc|PC is at|NIP|epc)\b|Call [Tt]race|Workqueue:|CPU: \d|(?:Read|Write) of size|"
    r"(?:Allocated|Freed) by)|.*\b(?:killed|Killed|blocked for|stuck for)\b"
)


def render(result: Triage, out: IO[str], *, limit: int | None = None, read_back: bool = False) -> None:
    """Print the triage to `out`. `read_back`: the facts came from the store, not from logs."""
    terminal = out.isatty()
    console = Console(
        file=out, highlight=False, soft_wrap=not terminal, width=None if terminal else PLAIN_WIDTH
    )
    # Rich would end the program when nobody reads any more: it only composes, and is written out here.
    with console.capture() as text:
        for line in _lines(result, limit, read_back, console.width):
            console.print(_hanging(line, console) if terminal and isinstance(line, Text) else line)
    for row in text.get().splitlines():
        out.write(row.rstrip() + "\n")


def _hanging(line: Text, console: Console) -> Text:
    """A line that is too long for the terminal is continued below its own beginning."""
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    if line.cell_len <= console.width or indent + 12 > console.width:
        return line
    rows = line[indent:].wrap(console, console.width - indent - 2)
    return Text("\n").join(Text(" " * (indent + 2 * (number > 0))) + row for number, row in enumerate(rows))


def _lines(result: Triage, limit: int | None, read_back: bool, width: int) -> Iterator[Text | Table]:
    yield from _summary(result, read_back, width)
    listed = result.problems[: LISTED if limit is None else limit]
    if listed:
        yield Text()
        yield _table(listed, width)
        left = len(result.problems) - len(listed)
        if left:
            yield Text(f"{many(left, 'more problem')} not shown; --limit N shows more.")
    for problem in listed[: DETAILED if limit is None else limit]:
        yield Text()
        yield from _detail(problem, result)
    rest = list(_rest(result))
    if rest:
        yield Text()
        yield from rest


def _summary(result: Triage, read_back: bool, width: int) -> Iterator[Text]:
    totals = result.totals
    of = many(totals.sources, "saved log") if read_back else many(totals.sources, "log")
    amount = f" ({size(totals.bytes_read)})" if totals.bytes_read is not None else ""
    parts = [f"{'From' if read_back else 'Read'} {of}{amount}: {_machines(totals)}"]
    if totals.kernels:
        parts.append(f"{many(len(totals.kernels), 'kernel')} ({kernels(totals.kernels)})")
    if totals.first_seen is not None and totals.last_seen is not None:
        parts.append(f"{span(totals.first_seen, totals.last_seen)} UTC")
    yield Text(", ".join(parts) + ".")
    if result.problems:
        events = sum(problem.count for problem in result.problems)
        yield Text(
            f"{many(len(result.problems), 'distinct problem')} in {many(events, 'event')}.", style="bold"
        )
        return
    if read_back:
        yield Text("No saved problem matches.", style="bold")
        return
    if not totals.sources or not totals.bytes_read:
        yield Text("There was nothing in it to read.", style="bold")
        return
    yield Text("No known problem was recognised in it.", style="bold")
    for line in wrap(_NOT_WELL, width):
        yield Text(line)


def _machines(totals: Totals) -> str:
    hosts = many(totals.hosts, "host") if totals.hosts else "no host named"
    return f"{hosts}, {many(totals.boots, 'boot')}"


def _table(problems: Sequence[Problem], width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", width=width)
    wide = width >= 100
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("problem", overflow="fold", ratio=5)
    if wide:
        table.add_column("where", overflow="fold", ratio=3)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("hosts", justify="right", no_wrap=True)
    if wide:
        table.add_column("kernels", justify="right", no_wrap=True)
        table.add_column("first–last", no_wrap=True)
    for problem in problems:
        cells = [
            Text(str(problem.rank)),
            Text(problem.severity, style=_STYLES[problem.severity]),
            Text(escape(problem.title)),
            Text(place(problem)),
            Text(f"{problem.count:,}"),
            Text(f"{problem.host_count:,}" if problem.host_count else "?"),
            Text(f"{len(problem.kernels):,}" if problem.kernels else "?"),
            Text(period(problem)),
        ]
        table.add_row(*(cells if wide else [cells[at] for at in (0, 1, 2, 4, 5)]))
    return table


def _detail(problem: Problem, result: Triage) -> Iterator[Text]:
    head = Text(f"{problem.rank}. ", style="bold")
    head.append(escape(problem.title), style=_STYLES[problem.severity])
    head.append(f"  [{problem.severity}, {problem.class_}, {problem.kind}]", style="dim")
    yield head
    if problem.meaning:
        yield _item("Means", first_sentence(problem.meaning))
    yield _item("Seen", _seen(problem))
    where = _where(problem)
    if where:
        yield _item("Where", where)
    ranks = {each.signature: each.rank for each in result.problems}
    for link in problem.causes:
        yield _item("Caused by", _link(link, problem.count, ranks))
    for link in problem.consequences:
        yield _item("Led to", _link(link, None, ranks))
    if problem.corrupted_count:
        reason = f": {escape(problem.example.corrupted_reason)}" if problem.example.corrupted_reason else ""
        yield _item("Damaged", f"{problem.corrupted_count} of {many(problem.count, 'report')}{reason}")
    event = problem.example
    if event.text:
        yield Text(f"   Report ({escape(event.source)}, byte {event.start}):")
        yield from _report(event)
    if problem.next_steps:
        yield Text("   Next:")
        for number, step in enumerate(problem.next_steps, 1):
            yield Text(f"     {number}. {step}")


def _item(label: str, text: str) -> Text:
    line = Text(f"   {label}: ", style="bold")
    line.append(text, style="not bold")
    return line


def _seen(problem: Problem) -> str:
    parts = ["once" if problem.count == 1 else f"{problem.count:,} times"]
    if problem.host_count:
        names = ", ".join(problem.hosts[:4])
        more = f" and {problem.host_count - 4} more" if problem.host_count > 4 else ""
        parts.append(f"on {many(problem.host_count, 'host')} ({escape(names)}{more})")
    if problem.unknown_host_count and problem.host_count:
        parts.append(f"{problem.unknown_host_count} of them on hosts that no log names")
    if problem.boots > 1:
        parts.append(f"in {many(problem.boots, 'boot')}")
    if problem.kernels:
        parts.append(f"under {kernels(problem.kernels)}")
    if problem.first_seen is not None and problem.last_seen is not None:
        first, last = moment(problem.first_seen), moment(problem.last_seen)
        parts.append(f"at {first} UTC" if first == last else f"from {first} to {last} UTC")
    elif problem.first_monotonic_s is not None:
        parts.append(period(problem).removesuffix(" up") + " after boot")
    if problem.rate_per_hour is not None and problem.count > 2:
        parts.append(f"{problem.rate_per_hour:,.3g} an hour")
    if problem.exact_signature_count > 1:
        parts.append(f"in {problem.exact_signature_count} variants")
    return ", ".join(parts)


def _where(problem: Problem) -> str:
    event = problem.example
    parts = []
    if problem.function:
        reason = f" ({escape(event.function_reason)})" if event.function_reason else ""
        parts.append(f"{escape(problem.function)}{reason}")
    if problem.file:
        parts.append(escape(problem.file if problem.line is None else f"{problem.file}:{problem.line}"))
    if problem.subsystem:
        parts.append(f"subsystem {escape(problem.subsystem)}")
    if event.skipped:
        by_reason: dict[str, list[str]] = {}
        for frame in event.skipped:
            by_reason.setdefault(frame.reason, []).append(frame.function)
        passed = "; ".join(
            f"{', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''} ({reason})"
            for reason, names in by_reason.items()
        )
        parts.append(f"passed over: {escape(passed)}")
    return ", ".join(parts)


def _link(link: Link, of: int | None, ranks: dict[str, int]) -> str:
    rank = f"#{ranks[link.signature]} " if link.signature in ranks else ""
    often = f" ({link.count:,} of {of:,} times)" if of is not None and of > 1 else ""
    often = f" ({link.count:,} times)" if of is None and link.count > 1 else often
    return f"{rank}{escape(link.title)}{often}: {escape(link.reason)}"


def _report(event: Event) -> Iterator[Text]:
    """The lines of the report that decide, in its order; what lies between is counted."""
    lines = event.text.split("\n")
    weights = [_weight(event, number, line) for number, line in enumerate(lines)]
    telling = sorted((weight, number) for number, weight in enumerate(weights) if weight < _FILLER)
    shown = {number for _, number in telling[:REPORT_LINES]}
    # A short report is shown as it is; a gap of one line is no longer than the line.
    few = [number for number, weight in enumerate(weights) if weight == _FILLER and lines[number].strip()]
    shown.update(few[: max(0, REPORT_LINES // 2 - len(shown))])
    shown.update(number for number in few if number - 1 in shown and number + 1 in shown)
    last = -1
    for number in sorted(shown):
        if number > last + 1:
            yield Text(f"     | … {many(number - last - 1, 'line')}", style="dim")
        line = escape(lines[number].replace("\t", "        ").rstrip())
        cut = line if len(line) <= LINE_CHARS else line[: LINE_CHARS - 1] + "…"
        decides = weights[number] <= 1
        yield Text(f"     {'>' if decides else '|'} {cut}", style="bold" if decides else "")
        last = number
    if last < len(lines) - 1:
        yield Text(f"     | … {many(len(lines) - 1 - last, 'line')}", style="dim")


_FILLER = 4


def _weight(event: Event, number: int, line: str) -> int:
    if number == 0:
        return 0
    if event.function and event.function in line:
        return 1
    if _DECIDING.match(line[:LINE_CHARS]):
        return 2
    return 3 if "+0x" in line and "? " not in line and "RIP: 0033" not in line else _FILLER


def _rest(result: Triage) -> Iterator[Text]:
    if result.states:
        seen = ", ".join(f"{escape(state.title)} ({state.count:,})" for state in result.states)
        yield _heading("Also in the logs", seen)
    lines = [*result.unreadable, *map(_unseen, result.unseen)]
    if lines:
        yield Text("What could not be seen:", style="bold")
        for line in lines[:20]:
            yield Text(f"   - {escape(line)}")
        if len(lines) > 20:
            yield Text(f"   - and {len(lines) - 20} more like these (--format json lists them all)")


def _unseen(unseen: Unseen) -> str:
    if not unseen.source_count:
        return unseen.what
    example = f", for one {unseen.example_source}" if unseen.example_source else ""
    return f"{unseen.what}: in {many(unseen.source_count, 'log')}{example}"


def _heading(label: str, text: str) -> Text:
    line = Text(f"{label}: ", style="bold")
    line.append(text, style="not bold")
    return line
