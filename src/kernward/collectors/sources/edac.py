"""/sys/devices/system/edac/mc: memory errors that the controllers counted, by module where they know it."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "drivers/edac/edac_mc_sysfs.c"
_FOLDER = "/sys/devices/system/edac/mc"
_CONTROLLER = re.compile(r"mc\d{1,4}")
_MODULE = re.compile(r"(dimm|rank)\d{1,4}")


class Edac(msgspec.Struct, frozen=True):
    """A controller's files, or those of one of its modules."""

    corrected: Annotated[int | None, counter("", "errors that were corrected", _SHOW)] = None
    uncorrected: Annotated[int | None, counter("", "errors that could not be corrected", _SHOW)] = None
    label: Annotated[str | None, fact("the controller's name, or where the module sits", _SHOW)] = None


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Edac]:
    """Controllers (mc0) and their modules (mc0/dimm3)."""
    found: dict[str, Edac] = {}
    for controller in sorted(root.names(_FOLDER)):
        if not _CONTROLLER.fullmatch(controller):
            continue
        folder = f"{_FOLDER}/{controller}"
        found[controller] = Edac(
            root.number(f"{folder}/ce_count"),
            root.number(f"{folder}/ue_count"),
            root.text(f"{folder}/mc_name"),
        )
        for module in sorted(root.names(folder)):
            if _MODULE.fullmatch(module):
                found[f"{controller}/{module}"] = Edac(
                    root.number(f"{folder}/{module}/dimm_ce_count"),
                    root.number(f"{folder}/{module}/dimm_ue_count"),
                    root.text(f"{folder}/{module}/dimm_label"),
                )
    if not found:
        raise Unavailable(_FOLDER, "no driver of a memory controller counts errors here")
    return found if wanted is None else {name: each for name, each in found.items() if name in wanted}


SOURCE = EntitySource(
    name="edac",
    doc="Memory errors by controller and by module, as the EDAC drivers count them.",
    files=(f"{_FOLDER}/mcN/ce_count", f"{_FOLDER}/mcN/dimmM/dimm_ce_count"),
    record=Edac,
    read=read,
    scope="other",
    when="check",
)
