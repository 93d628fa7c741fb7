"""The pages of `kernward check`: its hypotheses, the signals that they read, the measurements that they ask for."""

import textwrap
from collections.abc import Callable, Iterator

from kernward.cli.check_explained import SORTS, WHEN, waiting, ways
from kernward.cli.check_words import amount
from kernward.collectors.measuring import measurements
from kernward.collectors.quantity import Quantity
from kernward.collectors.source import AnySource
from kernward.collectors.sources import sources
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import GROUPS, Hypothesis

Cell = Callable[[str], str]
GROUP_HEADINGS = {
    "cpu": "Processors",
    "memory": "Memory",
    "io": "Storage",
    "tasks": "Tasks, locks and limits",
    "network": "Network",
    "time": "Time",
    "configuration": "Configuration",
}


def hypotheses_pages(cell: Cell, code: Cell) -> Iterator[tuple[str, str]]:
    """The list of all, and a page for each."""
    parts = [
        "# The hypotheses\n",
        "`kernward check` tests all of them, `kernward explain ID` prints one of these pages.\n",
    ]
    for group in GROUPS:
        parts += [f"## {GROUP_HEADINGS[group]}\n", "| hypothesis | title | claim |\n|---|---|---|"]
        parts += [
            f"| [{each.id}]({each.id}.md) | {cell(each.title)} | {cell(each.claim)} |"
            for each in hypotheses().values()
            if each.group == group
        ]
        parts.append("")
    yield "hypotheses/README.md", "\n".join(parts)
    for each in hypotheses().values():
        yield f"hypotheses/{each.id}.md", _hypothesis(each, cell, code)


def _hypothesis(hypothesis: Hypothesis, cell: Cell, code: Cell) -> str:
    parts = [
        f"# {hypothesis.id}\n",
        f"{hypothesis.title}\n",
        f"Group: {GROUP_HEADINGS[hypothesis.group]}. Cost: {_plain(hypothesis.cost)}.\n",
        "## Claim\n",
        _filled(hypothesis.claim),
        "## Mechanism\n",
        _filled(hypothesis.mechanism),
        "## Signals\n",
        "| signal | what it says |\n|---|---|",
        *(f"| {_signal_link(each.name, code)} | {cell(each.role)} |" for each in hypothesis.signals),
        "",
    ]
    if hypothesis.thresholds:
        parts += [
            "## Thresholds\n",
            "| of | value | because |\n|---|---|---|",
            *(
                f"| {cell(each.name)} | {cell(amount(each.value, each.unit))} | {cell(each.reason)} |"
                for each in hypothesis.thresholds
            ),
            "",
        ]
    if hypothesis.rivals:
        parts += ["## Not to be confused with\n"]
        parts += [f"- {_link(each.id)}: {each.difference}" for each in hypothesis.rivals]
        parts.append("")
    if hypothesis.explains:
        parts += ["## Brings about\n", ", ".join(map(_link, hypothesis.explains)) + "\n"]
    for when, heading in (("now", "What to do now"), ("for good", "What to do for good")):
        actions = [each for each in hypothesis.actions if each.when == when]
        if actions:
            parts += [f"## {heading}\n"]
            for each in actions:
                command = f" {code(each.command)}" if each.command else ""
                risk = f" Risk: {each.risk}" if each.risk else ""
                parts.append(f"- {each.text}{command}{risk}")
            parts.append("")
    if hypothesis.asks:
        asks = ", ".join(f"[{name}](../measurements.md#{name})" for name in hypothesis.asks)
        parts += [f"May ask for the measurements {asks}.\n"]
    if hypothesis.kinds:
        kinds = ", ".join(f"[{name}](../kinds/{name}.md)" for name in hypothesis.kinds)
        parts += [f"Events that speak for it: {kinds}.\n"]
    if hypothesis.see:
        parts += ["## Read more\n", *(f"- {cell(each)}" for each in hypothesis.see), ""]
    return "\n".join(parts)


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False) + "\n"


def _link(id: str) -> str:
    return f"[{id}]({id}.md)" if id in hypotheses() else id


def _signal_link(name: str, code: Cell) -> str:
    source = name.partition(".")[0]
    page = "measurements.md" if source in measurements() else "signals.md"
    return f"[{code(name)}](../{page}#{source})"


def signals_page(cell: Cell, code: Cell) -> str:
    """Every source with its signals."""
    parts = [
        "# The signals\n",
        "A signal is named by its source and its field. `kernward explain SIGNAL` tells the same, and which\n"
        "hypotheses read it. Counters are replaced by their growth over the window wherever a rate is meant; what is\n"
        "absent or unreadable is absent, never 0.\n",
    ]
    for source in sources().values():
        parts += [*_source(source, cell, code), ""]
    return "\n".join(parts)


def _source(source: AnySource, cell: Cell, code: Cell) -> Iterator[str]:
    of = {"host": "of the whole machine", "other": "of each entity"}.get(
        source.scope, f"of each {source.scope}"
    )
    yield f"## {source.name}\n"
    yield f"{source.doc} Read from {', '.join(map(code, source.files))}; {of}; {WHEN[source.when]}.{waiting(source)}\n"
    yield from _fields(source.quantities, cell, code)


def _fields(fields: dict[str, Quantity], cell: Cell, code: Cell) -> Iterator[str]:
    yield "| field | sort | unit | meaning | kernel |\n|---|---|---|---|---|"
    for name, each in fields.items():
        bits = f", {each.bits} bits" if each.kind == "counter" and each.bits != 64 else ""
        kernel = cell(each.kernel)
        yield f"| {code(name)} | {SORTS[each.kind]}{bits} | {cell(each.unit)} | {cell(each.doc)} | {kernel} |"


def measurements_page(cell: Cell, code: Cell) -> str:
    """What can be attached to the kernel."""
    parts = [
        "# The measurements\n",
        "What procfs does not tell is counted in the kernel while a check runs, and only when a hypothesis asks for\n"
        "it. Each is tried by using it, the best way first; `kernward check` says which way gave it, what it cost\n"
        "and how much was lost.\n",
    ]
    for name, each in measurements().items():
        parts += [
            f"## {name}\n",
            f"{each.source.doc} By {each.source.scope}.\n",
            f"Cost: {_plain(each.cost)}.\n",
        ]
        if each.caveats:
            parts += ["What it does not say:\n", *(f"- {caveat}" for caveat in each.caveats), ""]
        parts += ["Ways:\n", *(f"- {way}" for way in ways(each)), ""]
        parts += [*_fields(each.source.quantities, cell, code), ""]
    return "\n".join(parts)


def _plain(text: str) -> str:
    return text.strip().rstrip(".")
