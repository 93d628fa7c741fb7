"""From a tally to problems in the order in which an engineer should look at them.

The order: first by gravity, which is the worst severity among the problem itself and what it led to
(an I/O error that ended in a panic stands with the panics); within that, causes before their
consequences; then on how many hosts, how often, how recently. Events of class `state` are problems
only when their severity is a warning or worse; the rest is counted apart.
"""

from collections.abc import Callable

from kernward.operations.tally import Group, Tally, example
from kernward.operations.timeline import timeline
from kernward.records.events import SEVERITIES, Event
from kernward.records.problems import Link, Problem, StateCount

MOST_HOSTS = 20
MOST_LINKS = 16
# The part of a problem's events that is most of them.
MOSTLY = 0.5

# What the catalogue says of a kind: its meaning and its next steps.
Words = Callable[[str], tuple[str | None, tuple[str, ...]]]


def is_problem(group: Group) -> bool:
    """Whether the group's events say that something went wrong."""
    return group.class_ != "state" or group.severity in ("fatal", "error", "warning")


def problems(
    tally: Tally, words: Words, *, examples: Callable[[str, Group], Event] | None = None
) -> list[Problem]:
    """All problems of the tally, ranked from 1. `examples` gives a signature's example event."""
    groups = {signature: group for signature, group in tally.groups.items() if is_problem(group)}
    gravity, depth = _gravity(groups), _depth(groups)
    order = sorted(
        groups.items(),
        key=lambda item: (
            gravity[item[0]],
            depth[item[0]],
            -_spread(item[1]),
            -item[1].count,
            -item[1].last_seen.timestamp() if item[1].last_seen is not None else 0.0,
            item[1].title,
            item[0],
        ),
    )
    hosts = list(tally.hosts)
    led_to = _led_to(tally)
    made = []
    for rank, (signature, group) in enumerate(order, 1):
        event = examples(signature, group) if examples is not None else example(group)
        meaning, next_steps = words(group.kind)
        names = sorted(hosts[number] for number in group.hosts)
        made.append(
            Problem(
                rank=rank,
                signature=signature,
                exact_signature_count=len(group.exact),
                kind=group.kind,
                class_=group.class_,
                severity=group.severity,
                title=event.title,
                alt_titles=event.alt_titles,
                function=event.function,
                file=event.file,
                line=event.line,
                subsystem=event.subsystem,
                count=group.count,
                corrupted_count=group.corrupted,
                hosts=tuple(names[:MOST_HOSTS]),
                host_count=len(names),
                unknown_host_count=group.unknown_host,
                boots=len(group.boots),
                kernels=dict(sorted(group.kernels.items())),
                sources=tuple(group.sources),
                source_count=group.source_count,
                first_seen=group.first_seen,
                last_seen=group.last_seen,
                first_monotonic_s=group.first_monotonic_s,
                last_monotonic_s=group.last_monotonic_s,
                rate_per_hour=_rate(group),
                timeline=timeline(group.utc, group.monotonic),
                causes=_links(tally, {of: (c.reason, c.count) for of, c in group.causes.items()}),
                consequences=_links(tally, led_to.get(signature, {})),
                sightings=tuple(seen.sighting for seen in group.sightings),
                example=event,
                meaning=meaning,
                next_steps=next_steps,
            )
        )
    return made


def states(tally: Tally) -> list[StateCount]:
    """What the logs say about the machines' state, by kind."""
    counts: dict[str, tuple[str, int, set[int]]] = {}
    for group in tally.groups.values():
        if is_problem(group):
            continue
        title, count, hosts = counts.get(group.kind, (group.title, 0, set()))
        counts[group.kind] = (title, count + group.count, hosts | group.hosts)
    return [
        StateCount(kind, title, count, len(hosts)) for kind, (title, count, hosts) in sorted(counts.items())
    ]


def _spread(group: Group) -> int:
    # A host that no log names is a host all the same.
    return len(group.hosts) or (1 if group.unknown_host else 0)


def _main_causes(groups: dict[str, Group]) -> dict[str, list[str]]:
    """For each problem that is mostly a consequence: the problems that it is a consequence of.

    A link weighs when it explains most of the consequence, or when most of the cause ended in it (a
    panic has many different causes, each of which always ends in it).
    """
    return {
        signature: [
            of
            for of, caused in group.causes.items()
            if of in groups and caused.count >= MOSTLY * min(group.count, groups[of].count)
        ]
        for signature, group in groups.items()
        if group.caused >= MOSTLY * group.count
    }


def _gravity(groups: dict[str, Group]) -> dict[str, int]:
    """0 is worst: a problem's own severity or that of the worst problem it led to, over any steps."""
    causes = _main_causes(groups)
    gravity = {signature: SEVERITIES.index(group.severity) for signature, group in groups.items()}
    for signature in sorted(groups, key=lambda signature: gravity[signature]):
        # From the worst on: whatever lies on the way to it gets its gravity, once.
        waiting = list(causes.get(signature, ()))
        while waiting:
            of = waiting.pop()
            if gravity[of] > gravity[signature]:
                gravity[of] = gravity[signature]
                waiting.extend(causes.get(of, ()))
    return gravity


def _depth(groups: dict[str, Group]) -> dict[str, int]:
    """How many steps of cause stand before a problem; 0 for what no other problem explains."""
    causes = _main_causes(groups)
    depth: dict[str, int] = {}
    for start in groups:
        # Depth first without recursion; links that run in a circle count as no link.
        path = [start]
        on_path = {start}
        while path:
            signature = path[-1]
            unknown = [of for of in causes.get(signature, ()) if of not in depth and of not in on_path]
            if signature not in depth and unknown:
                path.append(unknown[0])
                on_path.add(unknown[0])
                continue
            if signature not in depth:
                depth[signature] = 1 + max(
                    (depth[of] for of in causes.get(signature, ()) if of in depth), default=-1
                )
            on_path.discard(path.pop())
    return depth


def _led_to(tally: Tally) -> dict[str, dict[str, tuple[str, int]]]:
    led: dict[str, dict[str, tuple[str, int]]] = {}
    for signature, group in tally.groups.items():
        for of, caused in group.causes.items():
            led.setdefault(of, {})[signature] = (caused.reason, caused.count)
    return led


def _links(tally: Tally, counts: dict[str, tuple[str, int]]) -> tuple[Link, ...]:
    links = [
        Link(signature, tally.groups[signature].title, reason, count)
        for signature, (reason, count) in counts.items()
        if signature in tally.groups
    ]
    links.sort(key=lambda link: (-link.count, link.title, link.signature))
    return tuple(links[:MOST_LINKS])


def _rate(group: Group) -> float | None:
    """Events an hour between the first and the last one, by UTC, or by a single boot's own clock."""
    if group.count < 2:
        return None
    if group.first_seen is not None and group.last_seen is not None and sum(group.utc.counts.values()) > 1:
        span_s = (group.last_seen - group.first_seen).total_seconds()
        count = sum(group.utc.counts.values())
    elif len(group.boots) == 1 and group.first_monotonic_s is not None and group.last_monotonic_s is not None:
        span_s = group.last_monotonic_s - group.first_monotonic_s
        count = group.count
    else:
        return None
    # Over less than ten minutes an hourly rate says nothing that the count does not say better.
    return round((count - 1) * 3600 / span_s, 3) if span_s >= 600 else None
