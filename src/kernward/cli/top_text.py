"""An overview as lines of text that fit a terminal: the machine first, then who uses it.

Names come from other people's processes and cgroups: each is escaped, and none is read as markup.
"""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from kernward.cli.terminal import escape
from kernward.cli.wording import moment
from kernward.records.overview import CgroupUse, DeviceUse, InterfaceUse, Overview, ProcessUse, Stall

# From here on somebody waits noticeably; from here on for much of the time.
NOTICEABLE_PERCENT = 10.0
MUCH_PERCENT = 40.0
_BARS = "▁▂▃▄▅▆▇█"
# CPUs whose bars are shown; of more, the share of those that are busy says enough.
_MOST_BARS = 64

SORTS: dict[str, tuple[str, Callable[[ProcessUse], Any], Callable[[CgroupUse], Any]]] = {
    "c": ("CPU", lambda each: _or_zero(each.cpu_percent), lambda each: _or_zero(each.cpu_percent)),
    "m": ("memory", lambda each: _or_zero(each.rss_bytes), lambda each: _or_zero(each.memory_bytes)),
    "w": (
        "waiting",
        lambda each: (each.state == "D", _or_zero(each.waiting_percent)),
        lambda each: max(
            _or_zero(each.cpu_some_percent),
            _or_zero(each.memory_some_percent),
            _or_zero(each.io_some_percent),
            _or_zero(each.throttled_percent),
        ),
    ),
    "f": (
        "faults and I/O",
        lambda each: _or_zero(each.major_faults_per_s),
        lambda each: _or_zero(each.read_bytes_per_s) + _or_zero(each.write_bytes_per_s),
    ),
}
KEYS = "q quit   ←→ step   PgUp PgDn minute   Home hour back   End now   sort: c CPU, m memory, w waiting, f faults"

# What a cell is: its text and its style.
Cell = tuple[str, str]


def lines(found: Overview, *, width: int, height: int, sort: str = "c", note: str = "") -> list[Text]:
    """The overview in at most so many lines of at most so many columns."""
    top = [*_head(found, width), Text("")]
    # Of what is left, devices and interfaces take a few lines side by side, cgroups a third.
    left = max(height - len(top) - 1, 8)
    named, by_process, by_cgroup = SORTS[sort]
    aside = min(max(len(found.devices), len(found.interfaces), 1), max(2, left // 6))
    left -= aside + 2
    groups = min(len(found.cgroups), max(2, (left - 2) // 2 - 1))
    tasks = max(1, left - groups - 3)
    body = [
        *_table(_CGROUPS, sorted(found.cgroups, key=by_cgroup, reverse=True)[:groups], width, named),
        Text(""),
        *_beside(
            _table(_DEVICES, found.devices[:aside], width * 6 // 10 - 2, ""),
            _table(_INTERFACES, found.interfaces[:aside], width - width * 6 // 10, ""),
            width * 6 // 10,
        ),
        Text(""),
        *_table(_PROCESSES, sorted(found.processes, key=by_process, reverse=True)[:tasks], width, named),
    ]
    shown = (top + body)[: max(height - 1, 1)]
    shown += [Text("")] * (height - 1 - len(shown))
    foot = Text(escape(note), "yellow") if note else Text(KEYS, "dim")
    return [_cut(each, width) for each in (*shown, foot)][:height]


def _head(found: Overview, width: int) -> list[Text]:
    cpus, memory, network = found.processors, found.memory, found.network
    state = "recorded" if found.recorded else "live"
    span = "since boot" if found.seconds is None else f"{found.seconds:.1f} s"
    first = Text.assemble(
        (escape(found.host), "bold"),
        f"  {escape(found.kernel or 'unknown kernel')}  up {_duration(found.uptime_s)}  ",
        f"{moment(found.at_utc)} UTC  ",
        (f"{state}, {span}", "bold yellow" if found.recorded else "bold green"),
    )
    percents = (
        ("user", cpus.user_percent),
        ("system", cpus.system_percent),
        ("iowait", cpus.iowait_percent),
        ("irq", cpus.interrupt_percent),
        ("steal", cpus.steal_percent),
        ("idle", cpus.idle_percent),
    )
    load = " ".join(_number(each, 2) for each in (cpus.load_1m, cpus.load_5m, cpus.load_15m))
    found_lines = [
        first,
        _line(
            "CPU",
            *((f"{name} {_percent(value)}", "") for name, value in percents),
            (f"of {cpus.cpus or '?'}", "dim"),
            ("".join(_bar(each) for each in cpus.busy_percent[:_MOST_BARS]), "cyan"),
        ),
        _line(
            "run queue",
            (f"running {_number(cpus.running)}", _over(cpus.running, cpus.cpus)),
            (f"blocked {_number(cpus.blocked)}", "yellow" if cpus.blocked else ""),
            (f"load {load}", ""),
            (f"switches {_number(cpus.context_switches_per_s)}/s", ""),
            (f"interrupts {_number(cpus.interrupts_per_s)}/s", ""),
            (f"forks {_number(cpus.forks_per_s)}/s", ""),
        ),
        _line("pressure", *(_stall(each) for each in found.stalls))
        if found.stalls
        else _line("pressure", ("not available: this kernel measures none, or psi=0", "dim")),
        _line(
            "memory",
            (f"{_size(memory.available_bytes)} available of {_size(memory.total_bytes)}", ""),
            (f"cache {_size(memory.cached_bytes)}", ""),
            (f"dirty {_size(memory.dirty_bytes)}", ""),
            (f"slab {_size(memory.slab_bytes)}", ""),
            (f"swap {_size(memory.swap_used_bytes)} of {_size(memory.swap_total_bytes)}", ""),
            (
                f"in {_number(memory.swapped_in_pages_per_s)} "
                f"out {_number(memory.swapped_out_pages_per_s)} pages/s",
                _if_any(memory.swapped_in_pages_per_s),
            ),
            (
                f"reclaim {_number(memory.direct_reclaim_pages_per_s)} pages/s",
                _if_any(memory.direct_reclaim_pages_per_s),
            ),
        ),
        _line(
            "network",
            (f"connections {_number(network.established)}", ""),
            (f"segments {_number(network.segments_sent_per_s)}/s", ""),
            (f"retransmits {_number(network.retransmits_per_s)}/s", _if_any(network.retransmits_per_s)),
            (f"listen drops {_number(network.listen_drops_per_s)}/s", _if_any(network.listen_drops_per_s)),
            (f"softnet drops {_number(network.softnet_drops_per_s)}/s", _if_any(network.softnet_drops_per_s)),
        ),
    ]
    return [_cut(each, width) for each in found_lines]


class Column:
    """One column of a table: its heading, its width (0: what is left), and the cell of a row."""

    def __init__(self, heading: str, width: int, cell: Callable[[Any], Cell]) -> None:
        self.heading = heading
        self.width = width
        self.cell = cell


def _table(columns: Sequence[Column], rows: Sequence[Any], width: int, named: str) -> list[Text]:
    fixed = sum(each.width + 1 for each in columns if each.width)
    # What does not fit is left out from the right, the name never.
    shown = list(columns)
    while fixed + 16 > width and len(shown) > 2:
        fixed -= shown.pop().width + 1
    widest = max(width - fixed - 1, 8)
    heading = Text()
    for each in shown:
        size = each.width or widest
        title = each.heading if each.width or not named else f"{each.heading} by {named}"
        heading.append(_fitted(title, size, bool(each.width)) + " ", "reverse")
    found = [heading]
    for row in rows:
        line = Text()
        for each in shown:
            text, style = each.cell(row)
            line.append(_fitted(text, each.width or widest, bool(each.width)) + " ", style)
        found.append(line)
    return found


def _fitted(text: str, size: int, right: bool) -> str:
    if len(text) > size:
        # The end of a cgroup's path tells more than its beginning.
        text = text[: size - 1] + "…" if right or not text.startswith("/") else "…" + text[-(size - 1) :]
    return text.rjust(size) if right else text.ljust(size)


def _beside(left: Sequence[Text], right: Sequence[Text], at: int) -> list[Text]:
    found = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text()
        line.truncate(at - 2)
        line.pad_right(max(at - line.cell_len, 0))
        if number < len(right):
            line.append_text(right[number])
        found.append(line)
    return found


def _cgroup_name(each: CgroupUse) -> Cell:
    return escape(each.name), ""


_CGROUPS = (
    Column("cgroup", 0, _cgroup_name),
    Column("CPU %", 7, lambda each: (_number(each.cpu_percent, 1), "")),
    Column("quota", 6, lambda each: (_number(each.quota_cpus, 2) if each.quota_cpus is not None else "", "")),
    Column("throttl", 7, lambda each: (_percent(each.throttled_percent), _grave(each.throttled_percent))),
    Column("memory", 8, lambda each: (_size(each.memory_bytes), "")),
    Column("limit", 8, lambda each: (_size(each.memory_limit_bytes) if each.memory_limit_bytes else "", "")),
    Column("wait CPU", 8, lambda each: (_percent(each.cpu_some_percent), _grave(each.cpu_some_percent))),
    Column("mem", 6, lambda each: (_percent(each.memory_some_percent), _grave(each.memory_some_percent))),
    Column("I/O", 6, lambda each: (_percent(each.io_some_percent), _grave(each.io_some_percent))),
    Column("read/s", 8, lambda each: (_size(each.read_bytes_per_s), "")),
    Column("write/s", 8, lambda each: (_size(each.write_bytes_per_s), "")),
    Column("tasks", 6, lambda each: (_number(each.tasks), "")),
)


def _device_name(each: DeviceUse) -> Cell:
    return escape(each.name), ""


_DEVICES = (
    Column("device", 0, _device_name),
    Column("busy", 6, lambda each: (_percent(each.busy_percent), "")),
    Column("latency", 8, lambda each: (f"{_number(each.latency_ms, 1)} ms" if each.latency_ms else "", "")),
    Column("read/s", 8, lambda each: (_size(each.read_bytes_per_s), "")),
    Column("write/s", 8, lambda each: (_size(each.write_bytes_per_s), "")),
    Column("queued", 6, lambda each: (_number(each.in_flight), "")),
    Column("reads/s", 7, lambda each: (_number(each.reads_per_s), "")),
    Column("writes/s", 8, lambda each: (_number(each.writes_per_s), "")),
)


def _interface_name(each: InterfaceUse) -> Cell:
    return escape(each.name), ""


_INTERFACES = (
    Column("interface", 0, _interface_name),
    Column("in/s", 8, lambda each: (_size(each.received_bytes_per_s), "")),
    Column("out/s", 8, lambda each: (_size(each.sent_bytes_per_s), "")),
    Column("drops/s", 7, lambda each: (_number(each.drops_per_s), _if_any(each.drops_per_s))),
    Column("errors/s", 8, lambda each: (_number(each.errors_per_s), _if_any(each.errors_per_s))),
)


def _process_name(each: ProcessUse) -> Cell:
    return f"{escape(each.comm)}[{each.pid}]", "bold red" if each.state == "D" else ""


_PROCESSES = (
    Column("process", 0, _process_name),
    Column("state", 5, lambda each: (escape(each.state), "bold red" if each.state == "D" else "")),
    Column("CPU %", 7, lambda each: (_number(each.cpu_percent, 1), "")),
    Column("in kernel", 9, lambda each: (_number(each.system_percent, 1), "")),
    Column("waiting", 7, lambda each: (_percent(each.waiting_percent), _grave(each.waiting_percent))),
    Column("memory", 8, lambda each: (_size(each.rss_bytes), "")),
    Column(
        "faults/s",
        8,
        lambda each: (_number(each.major_faults_per_s), _if_any(each.major_faults_per_s)),
    ),
    Column("threads", 7, lambda each: (_number(each.threads), "")),
)


def _line(name: str, *cells: Cell) -> Text:
    found = Text(f"{name:<10}", "bold")
    for text, style in cells:
        found.append(f"{text}  ", style or "not bold")
    return found


def _stall(each: Stall) -> Cell:
    both = [
        f"{name} {_percent(value)}"
        for name, value in (("some", each.some_percent), ("full", each.full_percent))
        if value is not None
    ]
    worst = max(_or_zero(each.some_percent), _or_zero(each.full_percent))
    return f"{each.resource} {', '.join(both) or '-'}", _grave(worst)


def _bar(percent: float) -> str:
    return _BARS[min(int(percent / 100 * len(_BARS)), len(_BARS) - 1)]


def _grave(percent: float | None) -> str:
    if percent is None or percent < NOTICEABLE_PERCENT:
        return ""
    return "red" if percent >= MUCH_PERCENT else "yellow"


def _over(running: int | None, cpus: int | None) -> str:
    return "yellow" if running is not None and cpus and running > 2 * cpus else ""


def _if_any(value: float | None) -> str:
    return "yellow" if value and value >= 0.5 else ""


def _or_zero(value: float | None) -> float:
    return value or 0.0


def _number(value: float | None, places: int = 0) -> str:
    """`-` for what is not known."""
    if value is None:
        return "-"
    return f"{value:.{places}f}" if abs(value) < 100_000 else f"{value / 1000:.0f}k"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _size(value: float | None) -> str:
    if value is None:
        return "-"
    if value < 1000:
        return f"{value:.0f} B"
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.3g} {unit}"
    return f"{value / 1000:.3g} TB"


def _duration(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    return f"{days} d {hours}:{rest // 60:02}" if days else f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line
