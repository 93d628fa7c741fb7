"""All about one fault of the test bed, as text."""

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernward.records.faults import FaultAbout


def fault_text(fault: "FaultAbout", width: int) -> Iterator[str]:
    """The lines, unescaped."""

    def block(text: str, first: str = "", indent: str = "") -> Iterator[str]:
        yield from wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first]

    yield f"{fault.name}: {fault.title}"
    yield f"fault of the test bed, {fault.group}" + (
        ", the machine does not survive it" if fault.ends else ""
    )
    yield ""
    yield from block(fault.doc)
    if fault.parameters:
        yield from ("", "Parameters (--set NAME=VALUE)")
        for each in fault.parameters:
            limits = f", {each.range}" if each.range else ""
            default = f"default {each.default}{' ' + each.unit if each.unit else ''}{limits}"
            yield from block(f"{each.doc} ({default})", f"  {each.name}: ", "     ")
    if fault.needs:
        yield from ("", "Needs")
        for need in fault.needs:
            yield from block(need, "  -  ", "     ")
    yield from ("", "Symptom, checked before it counts as injected")
    yield from block(f"{fault.symptom} Within {fault.symptom_within_s:g} s.", "  ", "  ")
    yield from ("", "Truth")
    if fault.kinds:
        yield from block(", ".join(fault.kinds), "  kinds of event: ", "     ")
    if fault.cause:
        yield from block(
            f"{fault.cause} ({fault.entity_kind} {fault.entity})".replace(" )", ")"), "  cause: ", "     "
        )
    yield from block(fault.mechanism, "  mechanism: ", "     ")
    if fault.undone:
        yield from ("", "It can be taken back while the machine runs.")
    if fault.unusable:
        yield ""
        yield from block(f"Not on this kernel: {fault.unusable}.")
