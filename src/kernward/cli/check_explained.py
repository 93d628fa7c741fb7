"""All about one hypothesis, one source or signal, one measurement: as text, and as what JSON shows of it."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from kernward.cli.check_words import amount
from kernward.cli.explained import Explained

if TYPE_CHECKING:
    from kernward.collectors.measurement import Measurement
    from kernward.collectors.quantity import Quantity
    from kernward.collectors.source import AnySource
    from kernward.diagnosis.hypothesis import Hypothesis

# What the sorts of fields are, in a word.
SORTS = {
    "counter": "counter",
    "gauge": "state",
    "identity": "tells one from a later one of that name",
    "fact": "fact",
}
WHEN = {
    "sample": "read in every sample",
    "check": "read in every sample of a check, and not by the recorder",
    "asked": "read only where a hypothesis asks for it",
    "measured": "counted while the measurement is attached",
}


def hypothesis_text(hypothesis: "Hypothesis", width: int) -> Iterator[str]:
    """The lines, unescaped."""
    yield f"{hypothesis.id}: {hypothesis.title}"
    yield f"hypothesis of kernward check, {hypothesis.group}"
    yield ""
    yield from _block(hypothesis.claim, width)
    yield from ("", "Mechanism")
    yield from _block(hypothesis.mechanism, width, "  ")
    yield from ("", "Signals")
    for signal in hypothesis.signals:
        yield from _block(f"{signal.name}: {signal.role}", width, "     ", "  -  ")
    if hypothesis.thresholds:
        yield from ("", "Thresholds")
        for threshold in hypothesis.thresholds:
            said = f"{threshold.name}: {amount(threshold.value, threshold.unit)}, because {threshold.reason}"
            yield from _block(said, width, "     ", "  -  ")
    if hypothesis.rivals:
        yield from ("", "Not to be confused with")
        for rival in hypothesis.rivals:
            yield from _block(f"{rival.id}: {rival.difference}", width, "     ", "  -  ")
    if hypothesis.explains:
        yield from ("", "Brings about")
        yield from _block(", ".join(hypothesis.explains), width, "  ")
    for time, heading in (("now", "What to do now"), ("for good", "What to do for good")):
        actions = [each for each in hypothesis.actions if each.when == time]
        if not actions:
            continue
        yield from ("", heading)
        for number, action in enumerate(actions, 1):
            risk = f" Risk: {action.risk}" if action.risk else ""
            yield from _block(f"{action.text}{risk}", width, "     ", f"{number:>3}. ")
            if action.command:
                yield f"       $ {action.command}"
    if hypothesis.asks:
        yield from ("", "May ask for the measurements")
        yield from _block(", ".join(hypothesis.asks), width, "  ")
    yield from ("", f"Cost: {hypothesis.cost}")
    if hypothesis.kinds:
        yield from ("", "Events that speak for it")
        yield from _block(", ".join(hypothesis.kinds), width, "  ")
    if hypothesis.see:
        yield from ("", "Read more")
        yield from (f"  {place}" for place in hypothesis.see)


def hypothesis_document(hypothesis: "Hypothesis") -> dict[str, Any]:
    """Its data; `test`, a function, is left out."""
    import msgspec

    return {
        name: msgspec.to_builtins(getattr(hypothesis, name))
        for name in hypothesis.__struct_fields__
        if name != "test"
    }


def signal_text(source: "AnySource", field: str | None, width: int) -> Iterator[str]:
    """The lines about a source, or about one of its signals; unescaped."""
    if field is None:
        yield f"{source.name}: {source.doc}"
        yield from _block(_about(source), width)
        yield from ("", "Signals")
        for name, quantity in source.quantities.items():
            yield from _block(f"{source.name}.{name}: {_said(quantity)}", width, "     ", "  -  ")
        return
    quantity = source.quantities[field]
    yield f"{source.name}.{field}: {quantity.doc}"
    yield ""
    yield f"{SORTS[quantity.kind]}{f', in {quantity.unit}' if quantity.unit else ''}"
    if quantity.kind == "counter" and quantity.bits != 64:
        yield f"wraps at {quantity.bits} bits"
    if quantity.kernel:
        yield f"from {quantity.kernel}"
    yield from ("", f"Of the source {source.name}: {source.doc}")
    yield from _block(_about(source), width)
    readers = sorted(_readers(f"{source.name}.{field}"))
    if readers:
        yield from ("", "Hypotheses that read it")
        yield from _block(", ".join(readers), width, "  ")


def signal_document(source: "AnySource", field: str | None) -> dict[str, Any]:
    """A source with its signals, or with one of them."""
    return {
        "source": source.name,
        "doc": source.doc,
        "scope": source.scope,
        "when": source.when,
        "files": list(source.files),
        "waits": source.waits,
        "signals": [
            {
                "name": f"{source.name}.{name}",
                "kind": quantity.kind,
                "unit": quantity.unit,
                "doc": quantity.doc,
                "kernel": quantity.kernel,
                "bits": quantity.bits,
            }
            for name, quantity in source.quantities.items()
            if field in (None, name)
        ],
    }


def measurement_text(measurement: "Measurement", width: int) -> Iterator[str]:
    """The lines, unescaped."""
    source = measurement.source
    yield f"{source.name}: {source.doc}"
    yield f"measurement of kernward check, by {source.scope}"
    yield from ("", "Cost")
    yield from _block(measurement.cost, width, "  ")
    if measurement.caveats:
        yield from ("", "What it does not say")
        for caveat in measurement.caveats:
            yield from _block(caveat, width, "     ", "  -  ")
    yield from ("", "How it is taken, the first way that works")
    yield from (f"  {way}" for way in ways(measurement))
    yield from ("", "Signals")
    for name, quantity in source.quantities.items():
        yield from _block(f"{source.name}.{name}: {_said(quantity)}", width, "     ", "  -  ")


def ways(measurement: "Measurement") -> Iterator[str]:
    """The tiers that there may be of it, in their order."""
    from kernward.collectors.measuring import tiers

    programs = [tier for tier in tiers(measurement) if tier not in ("tracefs", "procfs")]
    yield f"programs in the kernel (eBPF): {', '.join(programs)}"
    if measurement.traced is not None:
        yield f"tracefs: the events {', '.join(measurement.traced.events)}"
    if measurement.poll is not None:
        yield "procfs: what the kernel counts anyway, of which some fields are then absent"


def measurement_document(measurement: "Measurement") -> dict[str, Any]:
    """Its data."""
    return {
        **signal_document(measurement.source, None),
        "cost": measurement.cost,
        "caveats": list(measurement.caveats),
        "ways": list(ways(measurement)),
    }


def listing(found: Mapping[str, tuple[str, str]]) -> Explained:
    """A line for each: its name, where it belongs, what it is."""
    widths = [max(map(len, each), default=0) for each in (found, [group for group, _ in found.values()])]

    def lines(width: int) -> Iterator[str]:
        for name, (group, said) in found.items():
            first = f"{name:<{widths[0]}}  {group:<{widths[1]}}  "
            yield from _block(said, width, " " * len(first), first)

    return Explained(
        lambda: [{"id": name, "of": group, "title": said} for name, (group, said) in found.items()], lines
    )


def _about(source: "AnySource") -> str:
    of = "of the whole machine" if source.scope == "host" else f"of each {source.scope}"
    if source.scope == "other":
        of = "of several"
    return f"Read from {', '.join(source.files)}; {of}; {WHEN[source.when]}.{waiting(source)}"


def waiting(source: "AnySource") -> str:
    """A sentence about what its reader may have to wait for, with a blank before it; "" where there is nothing."""
    return (
        f" A child process reads it, since a reader may be kept waiting: {source.waits}."
        if source.waits
        else ""
    )


def _said(quantity: "Quantity") -> str:
    unit = f", {quantity.unit}" if quantity.unit else ""
    kernel = f" [{quantity.kernel}]" if quantity.kernel else ""
    return f"{quantity.doc} ({SORTS[quantity.kind]}{unit}){kernel}"


def _readers(signal: str) -> Iterator[str]:
    from kernward.diagnosis.hypotheses import hypotheses

    for id, hypothesis in hypotheses().items():
        if any(each.name == signal for each in hypothesis.signals):
            yield id


def _block(text: str, width: int, indent: str = "", first: str | None = None) -> Iterator[str]:
    # Commands and messages must stay whole: they are copied from here.
    yield from wrap(
        " ".join(text.split()),
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
