"""Compares what was found with what was true, and sums it up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from scripts.score_diagnosis.carry_out import Outcome, Truth

from kernward import __version__


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `entity` is None where the truth names none."""

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
        # Who missed the cause has not named its entity either.
        truth = matching[0] if matching else outcome.truths[0]
        entity = (first is not None and right and _same(truth, first["scope"])) if truth.entity else None
    there = " + ".join(f"{each.cause} ({each.entity_kind} {each.entity})" for each in outcome.truths)
    return Judged(
        id=outcome.run.id, kind=kind, truth=there or "healthy", found=named, cause=right, entity=entity,
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


def page(seed: int, judged: Sequence[Judged], skipped: Sequence[str]) -> str:
    """Figures, table, and the runs without a result, as a page."""
    figures = (f"| {name.replace('_', ' ')} | {value} |" for name, value in summary(judged).items())
    lines = [
        "# How often a check is right",
        "",
        f"Made by `make score-diagnosis SCORE_ARGS='--seed {seed} --table FILE'`, with kernward {__version__}. Each line is a",
        "guest or this machine with a fault of a strength, a name and companions drawn at random, or none. The cause is",
        "right where the first finding is what was injected, of two the one or the other; the entity where it names the",
        "cgroup, the device or the process that was. A healthy run is right where nothing is found.",
        "",
        "| figure | value |",
        "|---|---|",
        *figures,
        "",
        *table(judged),
    ]
    if skipped:
        lines += ["", "Without a result, because the fault did not show or the machine did not answer:", ""]
        lines += [f"- {line}" for line in skipped]
    return "\n".join(lines) + "\n"


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
