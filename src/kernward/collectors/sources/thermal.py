"""Temperatures of the machine's thermal zones and the temperatures at which the kernel acts."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

FOLDER = "/sys/class/thermal"
_ZONE = "drivers/thermal/thermal_sysfs.c"
_TRIPS = 32


class Thermal(msgspec.Struct, frozen=True):
    """thermal_zoneN: `type`, `temp` in thousandths of a degree, its trip points."""

    type: Annotated[str | None, fact("what the zone is: x86_pkg_temp, acpitz", _ZONE)] = None
    temperature_c: Annotated[float | None, gauge("°C", "temperature", f"temp_show() in {_ZONE}")] = None
    passive_c: Annotated[
        float | None, gauge("°C", "from here on the kernel slows down what heats the zone", _ZONE)
    ] = None
    hot_c: Annotated[float | None, gauge("°C", "from here on the driver is told", _ZONE)] = None
    critical_c: Annotated[float | None, gauge("°C", "here the machine is shut down", _ZONE)] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, Thermal]:
    """By name, thermal_zone0."""
    found: dict[str, Thermal] = {}
    for name in root.names(FOLDER) if entities is None else entities:
        if not name.startswith("thermal_zone") or not name[12:].isdigit():
            continue
        at = f"{FOLDER}/{name}"
        trips: dict[str, float] = {}
        for number in range(_TRIPS):
            if not root.exists(f"{at}/trip_point_{number}_type"):
                break
            kind, degrees = (
                root.text(f"{at}/trip_point_{number}_type"),
                _celsius(root, f"{at}/trip_point_{number}_temp"),
            )
            if kind and degrees is not None and degrees > 0:
                trips[kind] = min(degrees, trips.get(kind, degrees))
        found[name] = Thermal(
            root.text(f"{at}/type"),
            _celsius(root, f"{at}/temp"),
            trips.get("passive"),
            trips.get("hot"),
            trips.get("critical"),
        )
    if not found:
        raise Unavailable(FOLDER, "this machine tells no temperatures", gone=True)
    return found


def _celsius(root: Root, path: str) -> float | None:
    found = root.number(path)
    return None if found is None else found / 1000


SOURCE = EntitySource(
    name="thermal",
    doc="Temperatures, and those at which the kernel acts.",
    files=(f"{FOLDER}/thermal_zone*/temp", f"{FOLDER}/thermal_zone*/trip_point_*_temp"),
    record=Thermal,
    read=read,
    scope="other",
    when="check",
)
