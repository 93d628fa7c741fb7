"""/sys/bus/pci/devices/*/aer_dev_*: errors of each PCIe device that has Advanced Error Reporting (since 4.19)."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

FOLDER = "/sys/bus/pci/devices"
_SHOW = "aer_stats_dev_attr() in drivers/pci/pcie/aer.c"
_MOST = 4000


class PcieErrors(msgspec.Struct, frozen=True):
    """`TOTAL_ERR_COR 12` after a line for each kind of error."""

    corrected: Annotated[
        int | None, counter("", "corrected: the link sent again, nothing is lost", _SHOW)
    ] = None
    nonfatal: Annotated[int | None, counter("", "uncorrected: a transaction is lost", _SHOW)] = None
    fatal: Annotated[int | None, counter("", "uncorrected: the link is not to be relied on", _SHOW)] = None
    kinds: Annotated[str | None, fact("the kinds that were counted", _SHOW)] = None


def read(root: Root, devices: Collection[str] | None = None) -> dict[str, PcieErrors]:
    """By address, 0000:3b:00.0; raises Unavailable when no device has the counters."""
    names = root.names(FOLDER) if devices is None else [each for each in devices if "/" not in each]
    found: dict[str, PcieErrors] = {}
    for name in names[:_MOST]:
        totals: dict[str, int | None] = {}
        kinds: list[str] = []
        for file in ("correctable", "nonfatal", "fatal"):
            text = root.optional(f"{FOLDER}/{name}/aer_dev_{file}")
            if text is None:
                break
            totals[file] = _total(text, kinds)
        if any(value is not None for value in totals.values()):
            found[name] = PcieErrors(
                corrected=totals.get("correctable"),
                nonfatal=totals.get("nonfatal"),
                fatal=totals.get("fatal"),
                kinds=", ".join(dict.fromkeys(kinds)) or None,
            )
    if not found:
        raise Unavailable(FOLDER, "no device counts its errors (no AER)", gone=True)
    return found


def _total(text: str, kinds: list[str]) -> int | None:
    total: int | None = None
    for line in text.split("\n")[:64]:
        name, _, number = line.rpartition(" ")
        if not number.isdigit() or len(number) > 18:
            continue
        if name.startswith("TOTAL_ERR"):
            total = int(number)
        elif number != "0":
            kinds.append(name[:40])
    return total


SOURCE = EntitySource(
    name="pcie_errors",
    doc="Errors that PCIe devices report of their links.",
    files=(f"{FOLDER}/*/aer_dev_correctable",),
    record=PcieErrors,
    read=read,
    scope="device",
    when="check",
)
