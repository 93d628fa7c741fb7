"""The clock of each CPU, its bounds, and how often and how long heat has slowed it down."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

CPUS = "/sys/devices/system/cpu"
_FREQUENCY = "drivers/cpufreq/cpufreq.c"
_THROTTLE = "therm_throt_process() in drivers/thermal/intel/therm_throt.c"


class Cpufreq(msgspec.Struct, frozen=True):
    """cpuN/cpufreq and cpuN/thermal_throttle; virtual machines mostly have neither."""

    current_hz: Annotated[
        int | None, gauge("Hz", "clock now", f"show_scaling_cur_freq() in {_FREQUENCY}")
    ] = None
    highest_hz: Annotated[
        int | None, gauge("Hz", "highest clock that the hardware has, turbo included", _FREQUENCY)
    ] = None
    base_hz: Annotated[
        int | None, gauge("Hz", "clock that it can always hold", "intel_pstate.c, cppc_cpufreq.c")
    ] = None
    limit_hz: Annotated[
        int | None, gauge("Hz", "highest clock that the policy allows now (scaling_max_freq)", _FREQUENCY)
    ] = None
    governor: Annotated[str | None, fact("what chooses the clock", _FREQUENCY)] = None
    throttles: Annotated[int | None, counter("", "times its core was too hot", _THROTTLE)] = None
    throttled_s: Annotated[
        float | None,
        counter("s", "time its core was slowed down, which older kernels do not tell", _THROTTLE),
    ] = None
    package_throttles: Annotated[int | None, counter("", "times its package was too hot", _THROTTLE)] = None
    package_throttled_s: Annotated[
        float | None,
        counter("s", "time its package was slowed down, which older kernels do not tell", _THROTTLE),
    ] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, Cpufreq]:
    """By name, cpu0."""
    found: dict[str, Cpufreq] = {}
    names = root.names(CPUS) if entities is None else entities
    for name in names:
        if not name.startswith("cpu") or not name[3:].isdigit():
            continue
        record = _read(root, f"{CPUS}/{name}")
        if record != Cpufreq():
            found[name] = record
    if not found:
        raise Unavailable(
            f"{CPUS}/cpu*/cpufreq", "this machine does not tell the clock of its CPUs", gone=True
        )
    return found


def _read(root: Root, cpu: str) -> Cpufreq:
    clock, heat = f"{cpu}/cpufreq", f"{cpu}/thermal_throttle"
    current = highest = base = limit = throttles = package_throttles = throttled = package_throttled = None
    governor = None
    if root.exists(clock):
        current = _hz(root, f"{clock}/scaling_cur_freq")
        highest = _hz(root, f"{clock}/cpuinfo_max_freq")
        limit = _hz(root, f"{clock}/scaling_max_freq")
        governor = root.text(f"{clock}/scaling_governor")
        base = _hz(root, f"{clock}/base_frequency") if root.exists(f"{clock}/base_frequency") else None
    if root.exists(heat):
        throttles = root.number(f"{heat}/core_throttle_count")
        package_throttles = root.number(f"{heat}/package_throttle_count")
        throttled = root.number(f"{heat}/core_throttle_total_time_ms")
        package_throttled = root.number(f"{heat}/package_throttle_total_time_ms")
    return Cpufreq(
        current,
        highest,
        base,
        limit,
        governor,
        throttles,
        None if throttled is None else throttled / 1e3,
        package_throttles,
        None if package_throttled is None else package_throttled / 1e3,
    )


def _hz(root: Root, path: str) -> int | None:
    """The files are in kHz."""
    found = root.number(path)
    return None if found is None else found * 1000


_FILES = {
    "throttles": f"{CPUS}/cpu*/thermal_throttle/core_throttle_count",
    "throttled_s": f"{CPUS}/cpu*/thermal_throttle/core_throttle_total_time_ms",
    "package_throttles": f"{CPUS}/cpu*/thermal_throttle/package_throttle_count",
    "package_throttled_s": f"{CPUS}/cpu*/thermal_throttle/package_throttle_total_time_ms",
}

SOURCE = EntitySource(
    name="cpufreq",
    doc="The clock of each CPU, its bounds, and how often heat has slowed it down.",
    files=(f"{CPUS}/cpu*/cpufreq/scaling_cur_freq", f"{CPUS}/cpu*/thermal_throttle/core_throttle_count"),
    record=Cpufreq,
    read=read,
    file_of=_FILES.get,
    scope="cpu",
    when="check",
)
