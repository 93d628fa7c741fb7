"""Which runs there are: chosen at random from a seed, so that nobody can fit a number to them.

A run is a machine, what goes wrong on it (nothing, one fault, two), what else goes on there that is no
fault, and what a check must find.
"""

import random
from collections.abc import Iterator
from typing import Literal

import msgspec
from scripts.score_diagnosis.further import FURTHER
from scripts.score_diagnosis.host import HOST_FAULTS
from scripts.score_diagnosis.loads import GUEST_HEALTHY, GUEST_SIDE, HOST_HEALTHY

from kernward.records.errors import UsageError
from kernward.vm.fault import Fault, Parameter, Value
from kernward.vm.faults import faults

SERIES = ("6.1", "6.12")
# What a guest needs for itself and for the check.
MEMORY_MB = 512
LASTS_S = 300
NAMES = (
    "checkoutd",
    "ledger",
    "api-gw",
    "worker-7",
    "ingestor",
    "kvstore",
    "renderd",
    "q-consumer",
    "etl",
    "authz",
)
CGROUPS = (
    "/system.slice/{}.service",
    "/user.slice/user-1000.slice/session-3.scope",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice",
    "/docker/{}",
    "/machine.slice/machine-{}.scope",
)
# Two causes at once on one machine: both are there, either may come first.
MIXTURES = (
    ("cpu-throttling", "packet-loss"),
    ("cpu-throttling", "slow-disk"),
    ("memory-high-reclaim", "cpu-throttling"),
    ("zombie-buildup", "io-saturation"),
    ("listen-overflow", "fsync-load"),
    ("conntrack-full", "cpu-affinity-pileup"),
    ("filesystem-full", "lock-contention"),
    ("fd-exhaustion", "packet-delay"),
)
# Processors that a fault occupies for as long as it lasts: the check takes a further one.
OCCUPIED = {"spinlock-held": 2}
Where = Literal["guest", "host"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `faults` are names with their parameters; none of them is a healthy run."""

    id: str
    where: Where
    series: str = ""
    smp: int = 1
    faults: tuple[tuple[str, dict[str, Value]], ...] = ()
    # Names of loads that are no fault.
    beside: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """healthy, fault or mixture."""
        return ("healthy", "fault", "mixture")[min(len(self.faults), 2)]


def causes() -> dict[str, Fault]:
    """The faults whose truth is a cause and that leave a machine to look at."""
    return {
        name: each
        for name, each in faults().items()
        if each.truth.cause and not each.ends and not each.needs.reboots
    }


def guest_faults() -> dict[str, Fault]:
    """Those, and further ones that lead to the same causes by other ways."""
    return {**causes(), **FURTHER}


def plan(seed: int, *, strengths: int = 1, healthy: int = 64) -> Iterator[Run]:
    """All runs of this seed."""
    chance = random.Random(f"kernward {seed}")
    for round_ in range(strengths):
        for name, fault in guest_faults().items():
            for series in SERIES:
                if series not in fault.impossible:
                    yield Run(
                        id=f"{name}-{series}-{round_}", where="guest", series=series,
                        smp=chance.choice((1, 2)) + OCCUPIED.get(name, 0),
                        faults=((name, _strength(fault, chance)),),
                        beside=_beside(chance),
                    )  # fmt: skip
        for number, pair in enumerate(MIXTURES):
            series = SERIES[(number + round_) % 2]
            yield Run(
                id=f"{'+'.join(pair)}-{series}-{round_}", where="guest", series=series, smp=2,
                faults=tuple((name, _strength(faults()[name], chance)) for name in pair),
            )  # fmt: skip
        for name, host_fault in HOST_FAULTS.items():
            for number in range(host_fault.runs):
                yield Run(
                    id=f"{name}-host-{round_}.{number}",
                    where="host",
                    faults=((name, host_fault.values(chance)),),
                )
    for number in range(healthy):
        if number % 4 == 3:
            yield Run(
                id=f"healthy-host-{number}", where="host", beside=(chance.choice(sorted(HOST_HEALTHY)),)
            )
        else:
            yield Run(
                id=f"healthy-{number}", where="guest", series=SERIES[number % 2], smp=chance.choice((1, 2)),
                beside=(sorted(GUEST_HEALTHY)[number // 2 % len(GUEST_HEALTHY)],),
            )  # fmt: skip


def _beside(chance: random.Random) -> tuple[str, ...]:
    """Half of the machines do something else as well."""
    return (chance.choice(sorted(GUEST_SIDE)),) if chance.random() < 0.5 else ()


def _strength(fault: Fault, chance: random.Random) -> dict[str, Value]:
    """Values around the defaults, within what the fault takes."""
    for _ in range(100):
        given = {each.name: _value(each, chance) for each in fault.parameters}
        try:
            return fault.values(given)
        except UsageError:
            continue
    return fault.values({})


def _value(parameter: Parameter, chance: random.Random) -> Value:
    default = parameter.default
    if isinstance(default, str):
        if parameter.name in ("service", "victim"):
            return chance.choice(NAMES)
        if parameter.name in ("cgroup", "victim_cgroup"):
            return chance.choice(CGROUPS).format(f"{chance.getrandbits(48):012x}")
        return chance.choice(parameter.choices) if parameter.choices else default
    if parameter.name in ("cpu", "port", "sector") or not default:
        return default
    if parameter.name == "seconds":
        # How long it lasts: a check that begins when it is over can know less.
        return min(type(default)(LASTS_S), parameter.most or LASTS_S)
    factor = 2.0 ** chance.uniform(-1.2, 1.2)
    value = min(max(default * factor, parameter.least or 0), parameter.most or default * 4)
    return max(1, round(value)) if isinstance(default, int) else value
