"""What a hypothesis is: a cause that could explain symptoms, and the test that decides it.

A module of `hypotheses/` with a value `HYPOTHESIS` is one; its file's name is the id with underscores.
Everything a person has to know stands in it, and `kernward explain` prints it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from kernward.records.check import Action, Evidence, Plot, Scope

if TYPE_CHECKING:
    from kernward.diagnosis.view import View

Group = Literal["cpu", "memory", "io", "tasks", "network", "time", "configuration"]
GROUPS: tuple[Group, ...] = ("cpu", "memory", "io", "tasks", "network", "time", "configuration")


class Threshold(msgspec.Struct, frozen=True):
    """A number that the test compares with, and why it is that number. The test uses `value` itself."""

    name: str
    value: float
    unit: str
    reason: str


class Signal(msgspec.Struct, frozen=True):
    """A signal that the test reads, `source.field`, and what it says for or against."""

    name: str
    role: str


class Rival(msgspec.Struct, frozen=True):
    """Another hypothesis with the same symptoms, and what tells the two apart."""

    id: str
    difference: str


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The cause is there, with this scope. See records.check.Finding for the rest.

    `mechanism` is the hypothesis' own with this case's numbers, for example "the quota is used up in
    20 ms of each 100 ms period".
    """

    scope: Scope
    confidence: float
    impact: float
    mechanism: str
    evidence: tuple[Evidence, ...]
    chain: tuple[str, ...] = ()
    victims: tuple[Scope, ...] = ()
    plots: tuple[Plot, ...] = ()


class Refuted(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence speaks against it."""

    reason: str
    evidence: tuple[Evidence, ...] = ()


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """It cannot be decided from what could be read: what is missing, and why."""

    reason: str
    evidence: tuple[Evidence, ...] = ()


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """Suspected, and undecided before one of the measurements `asks` was made.

    `suspicion` lies between 0 and 1; the engine measures first what the most suspected ask for.
    `sources` are sources that are read only when asked for, with the entities to read.
    """

    suspicion: float
    reason: str
    asks: tuple[str, ...] = ()
    sources: tuple[tuple[str, tuple[str, ...]], ...] = ()
    evidence: tuple[Evidence, ...] = ()


Verdict = Confirmed | Refuted | Unknown | Open


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """One cause. `test` yields a Confirmed for each scope that it strikes, else one other verdict."""

    id: str
    # A noun phrase for a heading: "CPU quota used up".
    title: str
    group: Group
    claim: str
    signals: tuple[Signal, ...]
    thresholds: tuple[Threshold, ...]
    rivals: tuple[Rival, ...]
    # Hypotheses that this one brings about: confirmed beside it, they are its consequences.
    explains: tuple[str, ...] = ()
    # In general; names the kernel's function, its limit and its file.
    mechanism: str
    actions: tuple[Action, ...]
    # The measurements it may ask for, and what its test costs beyond the samples.
    asks: tuple[str, ...] = ()
    cost: str = "nothing beyond the samples"
    # Kinds of event of the catalogue that speak for it.
    kinds: tuple[str, ...] = ()
    # Where more is to be read: kernel documentation, source files.
    see: tuple[str, ...] = ()
    test: Callable[["View"], Iterable[Verdict]]
