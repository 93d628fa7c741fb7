"""A fault of the test bed as `kernward vm faults` and `kernward explain` print it."""

import msgspec


class FaultParameter(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may be varied. `range` says for a person which values it takes; "" is any."""

    name: str
    default: int | float | str
    unit: str
    range: str
    doc: str


class FaultAbout(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: what goes wrong, what must be seen of it, and what a diagnosis of it should find.

    `kinds` are the kinds of event that a log of it holds, `cause` is "" where the crash is all there is.
    `needs` has a sentence for each thing a machine must have. `ends` says that the machine does not
    survive it. `unusable` is None, or why the kernel that was asked about cannot show it.
    """

    name: str
    group: str
    title: str
    doc: str
    parameters: tuple[FaultParameter, ...]
    needs: tuple[str, ...]
    symptom: str
    symptom_console: str | None
    symptom_command: str | None
    symptom_within_s: float
    kinds: tuple[str, ...]
    cause: str
    entity_kind: str
    entity: str
    mechanism: str
    ends: bool
    undone: bool
    unusable: str | None
