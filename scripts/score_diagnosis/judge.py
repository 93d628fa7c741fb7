"""Compares what was found with what was true, and sums it up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from scripts.score_diagnosis.carry_out import Outcome, Truth


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `entity` is None where the truth names none, or the cause was missed."""

    id: str
    kind: str
    truth: str
    found: tuple[str, ...]
    cause: bool
    entity: bool | None
    seconds: float


def judge(outcome: Outcome) -> Judged:
    """A fault counts as found when its cause comes first; of two, either may. A healthy run wants nothing."""
    findings = outcome.check.get("findings", [])
    named = tuple(f"{each['id']} ({each['scope']['kind']} {each['scope']['name']})" for each in findings)
    kind = outcome.run.kind
    if kind == "healthy":
        right, entity = not findings, None
    else:
        first = findings[0] if findings else None
        matching = [each for each in outcome.truths if first is not None and each.cause == first["id"]]
        right = bool(matching)
        entity = _same(matching[0], first["scope"]) if first and matching and matching[0].entity else None
    truth = " + ".join(f"{each.cause} ({each.entity_kind} {each.entity})" for each in outcome.truths)
    return Judged(
        id=outcome.run.id, kind=kind, truth=truth or "healthy", found=named, cause=right, entity=entity,
        seconds=round(outcome.seconds, 1),
    )  # fmt: skip


def _same(truth: Truth, scope: dict[str, Any]) -> bool:
    name = scope["name"]
    if truth.entity_kind == "process":
        # comm[pid]
        name = name.rpartition("[")[0] or name
    return bool(scope["kind"] == truth.entity_kind and name == truth.entity)


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures: hits and how many there were."""
    faulty = [each for each in judged if each.kind != "healthy"]
    named = [each for each in faulty if each.entity is not None]
    healthy = [each for each in judged if each.kind == "healthy"]
    return {
        "faulty_runs": len(faulty),
        "right_cause_first": _share(sum(each.cause for each in faulty), len(faulty)),
        "right_entity": _share(sum(bool(each.entity) for each in named), len(named)),
        "healthy_runs": len(healthy),
        "false_alarms": _share(sum(not each.cause for each in healthy), len(healthy)),
        "slowest_check_s": max((each.seconds for each in judged), default=0.0),
    }


def _share(hits: int, of: int) -> float | None:
    return round(hits / of, 4) if of else None


def table(judged: Sequence[Judged]) -> Iterator[str]:
    """The table, as Markdown."""
    yield "| run | what was there | what was found first | cause | entity | others |"
    yield "|---|---|---|---|---|---|"
    for each in sorted(judged, key=lambda one: (one.kind, one.id)):
        first = each.found[0] if each.found else "nothing"
        entity = "" if each.entity is None else ("right" if each.entity else "WRONG")
        others = ", ".join(
            name for name, _ in Counter(found.split(" (")[0] for found in each.found[1:]).items()
        )
        yield (
            f"| {each.id} | {each.truth} | {first} | {'right' if each.cause else 'WRONG'} | {entity} | {others} |"
        )
