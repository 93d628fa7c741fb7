"""Measurements at work: each attached by the best tier that works, read, watched for its cost, detached.

Tiers are tried by using them, in the order of `measurement.TIERS`; one measurement that cannot be had never
stops the others, and each says which tier gave it and why no better one did. What it costs is counted by
the kernel itself (BPF_ENABLE_STATS) in samples, because counting costs as well; when all together pass the
budget the dearest are detached, and what they counted until then is kept: rates are over that time.
"""

import importlib
import os
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Protocol

import msgspec

from kernward.collectors import cgroups
from kernward.collectors import measurements as _package
from kernward.collectors.bpf import build
from kernward.collectors.bpf.attached import Attached, Scope
from kernward.collectors.bpf.libbpf import BpfError, count_runs
from kernward.collectors.clock import Clock
from kernward.collectors.counted import Counted, Names
from kernward.collectors.measurement import TIERS, Measurement, Tier
from kernward.collectors.quiescence import grace_period_missing
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.traced import Tracing
from kernward.collectors.window import grown
from kernward.records.check import Measured
from kernward.records.errors import InputError, UsageError

_BPF: tuple[Tier, ...] = ("tp_btf", "raw_tp", "tracepoint", "kprobe")
# Those that know of each task which groups it is in.
_SCOPED: tuple[Tier, ...] = ("tp_btf", "raw_tp")
# What programs cost is told of stretches of at least this length.
_COUNTED_S = 0.5


@cache
def measurements() -> dict[str, Measurement]:
    """All measurements by name."""
    found: dict[str, Measurement] = {}
    for module in sorted(pkgutil.iter_modules(_package.__path__), key=lambda each: each.name):
        each = getattr(importlib.import_module(f"{_package.__name__}.{module.name}"), "MEASUREMENT", None)
        if isinstance(each, Measurement):
            found[each.source.name] = each
    return found


def measurement(name: str) -> Measurement:
    """The measurement of this name."""
    try:
        return measurements()[name]
    except KeyError:
        raise UsageError(f"there is no measurement {name!r}; there are {', '.join(measurements())}") from None


def tiers(what: Measurement) -> tuple[Tier, ...]:
    """The ways in which it can be taken, the best first; which of them works only trying tells."""
    compiled = build.tiers(build.PROGRAMS / f"{what.program}.bpf.c")
    there = {*compiled, *(("tracefs",) if what.traced else ()), *(("procfs",) if what.poll else ())}
    return tuple(tier for tier in TIERS if tier in there)


class _Working(Protocol):
    """A measurement by one tier."""

    def read(self) -> Mapping[str, Any]: ...
    def lost(self) -> int: ...
    def ran(self) -> Mapping[str, tuple[int, int]]: ...
    def close(self) -> None: ...


class _Programs:
    """By programs of the kernel."""

    def __init__(self, what: Measurement, tier: Tier, scope: Scope, names: Names, tree: Any) -> None:
        self._what = what
        self._names = names
        self._tree = tree
        self._stacks: dict[int, list[str]] = {}
        self._attached = Attached(what.program, tier, scope, what.fields)
        self.lost = self._attached.lost
        self.ran = self._attached.ran
        self.close = self._attached.close

    def read(self) -> Mapping[str, Any]:
        return self._what.decode(Counted(self._attached, self._names, self._tree, self._stacks))


class _Polled:
    """By counters that the kernel keeps anyway, less what they were at the beginning."""

    def __init__(self, what: Measurement, root: Root) -> None:
        if what.poll is None:
            raise Unavailable(what.source.name, "procfs has nothing like it")
        self._what, self._root, self._poll = what, root, what.poll
        self._first = self._poll(root)

    def read(self) -> Mapping[str, Any]:
        return {
            entity: self._since(self._first.get(entity), record)
            for entity, record in self._poll(self._root).items()
        }

    def _since(self, first: Any, record: Any) -> Any:
        if first is None:
            return record
        fields = self._what.source.quantities
        if any(
            each.kind == "identity" and getattr(first, name) != getattr(record, name)
            for name, each in fields.items()
        ):
            return record
        return msgspec.structs.replace(
            record,
            **{
                name: grown(getattr(first, name), getattr(record, name), each.bits)
                for name, each in fields.items()
                if each.kind == "counter"
            },
        )

    def lost(self) -> int:
        return 0

    def ran(self) -> Mapping[str, tuple[int, int]]:
        return {}

    def close(self) -> None:
        pass


class Session:
    """Measurements of this machine, attached between `start` and `close`.

    `cgroup` restricts them to the tasks of a group and all groups below it, where that can be done: the
    reason of a measurement says where it cannot. `tiers` are those that may be used. Without `counts` nothing
    is told of their cost, and nothing detached for it.
    """

    def __init__(
        self,
        root: Root,
        clock: Clock,
        *,
        cgroup: str | None = None,
        max_overhead_percent: float = 2.0,
        tiers: Iterable[Tier] = TIERS,
        counts: bool = True,
    ) -> None:
        self._root, self._clock = root, clock
        self._cgroup = cgroup
        self._budget_percent = max_overhead_percent
        self._tiers = tuple(tiers)
        self._counts = counts
        self._names = Names(root)
        self._working: dict[str, _Working] = {}
        self._became: dict[str, Measured] = {}
        self._counting: int | None = None
        # Why no programs are attached; None before that was asked.
        self._stalled: str | None = None
        self._counted_from_s = 0.0
        self._before: dict[str, int] = {}

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, names: Iterable[str]) -> dict[str, Measured]:
        """Attach these; says of each which tier gives it, or why none does."""
        wanted = tuple(names)
        if self._stalled is None:
            attaches = self._root.live and self._tiers != ("procfs",)
            self._stalled = grace_period_missing(self._root) if attaches else ""
        if not self._stalled:
            self._begin_counting()
        for name in wanted:
            # What was detached for its cost stays detached.
            if name not in self._became or self._became[name].tier is None:
                self._became[name] = self._start(name)
        self._weigh_from_now()
        return {name: self._became[name] for name in wanted}

    def _start(self, name: str) -> Measured:
        what = measurements().get(name)
        if what is None:
            return Measured(name=name, tier=None, reason="there is no such measurement")
        if not self._root.live:
            return Measured(name=name, tier=None, reason="only the running machine can be measured")
        scope, tree, said = self._scope(what)
        if scope is None:
            return Measured(name=name, tier=None, reason=said)
        why: dict[str, str] = {}
        for tier in self._tiers:
            if tier not in tiers(what):
                continue
            if self._stalled and tier != "procfs":
                why.setdefault(self._stalled, tier)
                continue
            try:
                self._working[name] = self._by(what, tier, scope, tree)
            except InputError as error:
                why.setdefault(str(error), tier)
                continue
            unscoped = ""
            seen = what.scoped and not (what.version_2_only and scope.version_1)
            if scope.id and not (seen and tier in _SCOPED):
                unscoped = f"counted for the whole machine, not only for {self._cgroup}"
            return Measured(name=name, tier=tier, reason=_joined(unscoped or said, why), lost=0)
        return Measured(name=name, tier=None, reason=_joined("", why) or "there is no such way to measure it")

    def _by(self, what: Measurement, tier: Tier, scope: Scope, tree: Any) -> _Working:
        if tier == "procfs":
            return _Polled(what, self._root)
        if tier == "tracefs":
            return Tracing(what)
        if tier in _SCOPED:
            return _Programs(what, tier, scope, self._names, tree)
        # Without types only the version 2 group of the task that runs is known.
        return _Programs(what, tier, Scope(), self._names, cgroups.version_2(self._root))

    def _scope(self, what: Measurement) -> tuple[Scope | None, cgroups.Hierarchy | None, str]:
        """Which ids of cgroups the programs are to use, and of which group; None when there is no such one."""
        tree = cgroups.hierarchy(self._root, what.controller)
        unified = cgroups.version_2(self._root)
        if what.controller == "io":
            # Its name in version 1. A request knows its group in that tree and in no other.
            old = cgroups.hierarchy(self._root, "blkio")
            tree = unified = old if old is not None and old.version == 1 else tree
        if self._cgroup in (None, "/"):
            return Scope(version_1=tree is not None and tree.version == 1), tree, ""
        for each in (tree, unified):
            number = None if each is None else self._names.cgroup_id(each, self._cgroup or "/")
            if each is not None and number is not None:
                said = "" if each is tree else f"{self._cgroup} has no {what.controller} controller"
                return Scope(number, each.version == 1), each, said
        return None, None, f"there is no cgroup {self._cgroup}"

    def read(self) -> dict[str, Mapping[str, Any]]:
        """What each has counted since it was attached, by name and entity."""
        found: dict[str, Mapping[str, Any]] = {}
        found.update(self._weighed())
        for name, working in self._working.items():
            try:
                found[name] = working.read()
            except InputError:
                continue  # What was polled is gone for the moment: there is no reading of it.
        return found

    def check_cost(self) -> list[Measured]:
        """What each costs, in percent of one CPU; detaches the dearest while all together pass the budget."""
        self._weighed()
        for name, working in self._working.items():
            self._became[name] = msgspec.structs.replace(self._became[name], lost=working.lost())
        return list(self._became.values())

    def ran(self) -> dict[str, Mapping[str, tuple[int, int]]]:
        """By measurement and event: how often its programs ran while runs were counted, and for how many ns."""
        return {name: working.ran() for name, working in self._working.items()}

    def close(self) -> None:
        """Detach all. The kernel waits for a grace period then, which the helper does in turn where it takes long."""
        if self._working and self._root.helper is not None:
            self._root.helper.hold()
        while self._working:
            self._working.popitem()[1].close()
        if self._counting is not None:
            os.close(self._counting)
            self._counting = None
        self._root.close()

    def _begin_counting(self) -> None:
        if self._counting is None and self._counts and not self._working:
            try:
                self._counting = count_runs()
            except BpfError:
                # It takes more rights than attaching does.
                self._counts = False

    def _weigh_from_now(self) -> None:
        self._counted_from_s = self._clock.monotonic_s()
        self._before = {name: _ran_ns(each) for name, each in self._working.items()}

    def _weighed(self) -> dict[str, Mapping[str, Any]]:
        """Say what each cost lately; detach the dearest while all pass the budget, and return their last counts."""
        seconds = self._clock.monotonic_s() - self._counted_from_s
        if self._counting is None or seconds < _COUNTED_S:
            return {}
        costs = {
            name: 100 * (_ran_ns(working) - self._before[name]) / 1e9 / seconds
            for name, working in self._working.items()
            if self._became[name].tier in _BPF
        }
        for name, percent in costs.items():
            self._became[name] = msgspec.structs.replace(self._became[name], cost_percent=round(percent, 3))
        detached: dict[str, Mapping[str, Any]] = {}
        for name in sorted(costs, key=lambda each: costs[each], reverse=True):
            if sum(costs.values()) <= self._budget_percent:
                break
            working = self._working.pop(name)
            detached[name] = working.read()
            before = self._became[name]
            said = (
                f"detached early, as it cost {costs.pop(name):.1f}% of a CPU and all together may cost "
                f"{self._budget_percent:g}%"
            )
            self._became[name] = msgspec.structs.replace(
                before, lost=working.lost(), reason="; ".join(part for part in (said, before.reason) if part)
            )
            working.close()
        self._weigh_from_now()
        return detached


def _ran_ns(working: _Working) -> int:
    return sum(ns for _, ns in working.ran().values())


def _joined(said: str, why: Mapping[str, str]) -> str:
    return "; ".join([*([said] if said else []), *(f"{tier}: {reason}" for reason, tier in why.items())])
