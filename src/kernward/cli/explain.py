"""`kernward explain ID`: everything that is known of an event, a hypothesis, a signal, a measurement or a fault."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernward.cli.explained import Explained
from kernward.cli.terminal import escape_block

if TYPE_CHECKING:
    from kernward.events.kind import Kind

WIDEST = 100
PACKAGE = Path(__file__).parent.parent


@click.command()
@click.argument("id_", metavar="ID")
@click.option(
    "--as",
    "sense",
    type=click.Choice(["kind", "hypothesis", "signal", "measurement", "fault"]),
    help="Which of them is meant where an id stands for several.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(id_: str, sense: str | None, form: str) -> None:
    """Say all about one kind of event, hypothesis, signal, measurement, or fault of the test bed.

    What it means, what speaks for and against it, what to do, what it is confused with. ID is a kind as
    `kernward kinds` lists it (hung-task), a hypothesis as `kernward check` names it (cpu-quota-throttling), a
    signal or the source of several (meminfo.available_bytes, meminfo), a measurement (runqlat), or a fault
    as `kernward vm faults` lists it. `hypotheses`, `signals` and `measurements` list those that there are.
    """
    spoken = "-".join(id_.lower().replace("_", " ").replace("-", " ").split())
    if spoken in _LISTS and sense is None:
        _print(_LISTS[spoken](), form)
        return
    senses = [name for name, known in _KNOWN.items() if sense in (None, name) and known(id_, spoken)]
    if not senses:
        _refuse(id_, spoken, sense)
    _print(_EXPLAIN[senses[0]](id_, spoken), form)
    for other in senses[1:] if form == "text" else ():
        click.echo(f"\nThere is also a {other} of this name: kernward explain --as {other} {spoken}")


def _print(explained: Explained, form: str) -> None:
    if form == "json":
        from kernward.records.safe_json import pretty

        click.echo(pretty(explained.document()).decode())
        return
    from shutil import get_terminal_size

    lines = explained.lines(min(get_terminal_size().columns, WIDEST))
    click.echo(escape_block("\n".join(lines)))


def _kind_id(_wanted: str, spoken: str) -> bool:
    from kernward.events import index

    return spoken.replace("-", "_") in index.names()


def _hypothesis_id(_wanted: str, spoken: str) -> bool:
    return _module("diagnosis/hypotheses", spoken)


def _measurement_id(_wanted: str, spoken: str) -> bool:
    return _module("collectors/measurements", spoken)


def _signal_id(wanted: str, _spoken: str) -> bool:
    name, dot, _ = wanted.partition(".")
    return _module("collectors/sources", name) or bool(dot) and _module("collectors/measurements", name)


def _fault_id(_wanted: str, spoken: str) -> bool:
    from kernward.vm.faults import faults

    return spoken in faults()


def _module(folder: str, name: str) -> bool:
    """Whether there is one of this name, told without importing all of them."""
    name = name.replace("-", "_")
    return name.isidentifier() and name[0] != "_" and (PACKAGE / folder / f"{name}.py").is_file()


def _kind(_wanted: str, spoken: str) -> Explained:
    from kernward.cli.kind_text import kind_text
    from kernward.events import index

    kind = index.kind(spoken)
    return Explained(lambda: _document(kind), lambda width: kind_text(kind, width))


def _document(kind: "Kind") -> dict[str, object]:
    """The kind's data as JSON; `read`, a function, is left out."""
    import msgspec

    return {
        name.rstrip("_"): msgspec.to_builtins(getattr(kind, name))
        for name in kind.__struct_fields__
        if name != "read"
    }


def _hypothesis(_wanted: str, spoken: str) -> Explained:
    from kernward.cli.check_explained import hypothesis_document, hypothesis_text
    from kernward.diagnosis.hypotheses import hypothesis

    found = hypothesis(spoken)
    return Explained(lambda: hypothesis_document(found), lambda width: hypothesis_text(found, width))


def _signal(wanted: str, _spoken: str) -> Explained:
    from kernward.cli.check_explained import signal_document, signal_text
    from kernward.collectors.sources import source

    name, _, field = wanted.partition(".")
    if _module("collectors/sources", name):
        found = source(name)
    else:
        from kernward.collectors.measuring import measurement

        found = measurement(name).source
    if field and field not in found.quantities:
        from kernward.records.errors import UsageError

        raise UsageError(
            f"the source {name} has no signal {field!r}; it has {', '.join(sorted(found.quantities))}"
        )
    return Explained(
        lambda: signal_document(found, field or None), lambda width: signal_text(found, field or None, width)
    )


def _measurement(_wanted: str, spoken: str) -> Explained:
    from kernward.cli.check_explained import measurement_document, measurement_text
    from kernward.collectors.measuring import measurement

    found = measurement(spoken)
    return Explained(lambda: measurement_document(found), lambda width: measurement_text(found, width))


def _fault(_wanted: str, spoken: str) -> Explained:
    from kernward.cli.fault_text import fault_text
    from kernward.operations.vm_faults import explain_fault

    about = explain_fault(spoken)
    return Explained(lambda: about, lambda width: fault_text(about, width))


def _hypotheses() -> Explained:
    from kernward.cli.check_explained import listing
    from kernward.diagnosis.hypotheses import hypotheses

    return listing({each.id: (each.group, each.title) for each in hypotheses().values()})


def _signals() -> Explained:
    from kernward.cli.check_explained import listing
    from kernward.collectors.sources import sources

    return listing({each.name: (each.scope, each.doc) for each in sources().values()})


def _measurements() -> Explained:
    from kernward.cli.check_explained import listing
    from kernward.collectors.measuring import measurements

    return listing({name: (each.source.scope, each.source.doc) for name, each in measurements().items()})


_LISTS: Mapping[str, Callable[[], Explained]] = {
    "hypotheses": _hypotheses,
    "signals": _signals,
    "measurements": _measurements,
}
# In the order in which they are meant when nothing else is said.
_KNOWN: Mapping[str, Callable[[str, str], bool]] = {
    "kind": _kind_id,
    "hypothesis": _hypothesis_id,
    "signal": _signal_id,
    "measurement": _measurement_id,
    "fault": _fault_id,
}
_EXPLAIN: Mapping[str, Callable[[str, str], Explained]] = {
    "kind": _kind,
    "hypothesis": _hypothesis,
    "signal": _signal,
    "measurement": _measurement,
    "fault": _fault,
}


def _refuse(wanted: str, spoken: str, sense: str | None) -> None:
    from difflib import get_close_matches

    from kernward.events import index
    from kernward.records.errors import UsageError

    ids = [name.replace("_", "-") for name in index.names()]
    others = [*_names("diagnosis/hypotheses"), *_names("collectors/measurements")]
    close = get_close_matches(spoken, dict.fromkeys([*ids, *others]), n=5)
    if spoken and not close:
        close = [
            kind.id for kind in index.kinds() if spoken in kind.id or wanted.lower() in kind.title.lower()
        ]
        close += [name for name in others if spoken in name and name not in close]
    nearest = (
        f"nearest: {', '.join(close[:5])}"
        if close
        else "kernward kinds lists the kinds of event, kernward explain hypotheses the hypotheses"
    )
    what = sense or "kind, hypothesis, signal, measurement or fault"
    raise UsageError(f"there is no {what} {wanted!r}; {nearest}")


def _names(folder: str) -> list[str]:
    return sorted(
        path.stem.replace("_", "-") for path in (PACKAGE / folder).glob("*.py") if path.stem[0] != "_"
    )
