"""/sys/block/md*/md: each software RAID, its level and state, and which of its members have failed."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_MD = "drivers/md/md.c"


class Md(msgspec.Struct, frozen=True):
    """One array."""

    level: Annotated[str | None, fact("raid1, raid5, …", f"level_show() in {_MD}")] = None
    state: Annotated[str | None, fact("clean, active, broken, …", f"array_state_show() in {_MD}")] = None
    disks: Annotated[int | None, fact("members that it is made for", f"raid_disks_show() in {_MD}")] = None
    missing: Annotated[
        int | None, gauge("", "members that it lacks (degraded)", f"degraded_show() in {_MD}")
    ] = None
    action: Annotated[
        str | None, fact("idle, resync, recover, check, repair, reshape, frozen", f"action_show() in {_MD}")
    ] = None
    mismatched_sectors: Annotated[
        int | None, gauge("", "sectors that differed in the last check", f"mismatch_cnt in {_MD}")
    ] = None
    members: Annotated[
        tuple[str, ...], fact("its members, as device=state", f"rdev state_show() in {_MD}")
    ] = ()
    faulty: Annotated[
        tuple[str, ...], fact("members that md no longer uses", f"rdev state_show() in {_MD}")
    ] = ()
    corrected_errors: Annotated[
        int | None,
        counter("", "reads of its members that failed and were corrected", f"errors_show() in {_MD}"),
    ] = None


def read(root: Root, arrays: Collection[str] | None) -> Mapping[str, Md]:
    """All arrays; empty where there is none."""
    found: dict[str, Md] = {}
    for name in sorted(root.names("/sys/block")):
        if name.startswith("md") and (arrays is None or name in arrays):
            folder = f"/sys/block/{name}/md"
            state = root.optional(f"{folder}/array_state")
            if state is not None and state != "clear":
                found[name] = _array(root, folder, state)
    return found


def _array(root: Root, folder: str, state: str) -> Md:
    members: dict[str, str] = {}
    errors: list[int] = []
    try:
        inside = sorted(root.names(folder))
    except Unavailable:
        inside = []
    for each in inside:
        if each.startswith("dev-"):
            members[each[4:]] = root.optional(f"{folder}/{each}/state") or ""
            count = root.optional_number(f"{folder}/{each}/errors")
            if count is not None:
                errors.append(count)
    return Md(
        level=root.optional(f"{folder}/level"),
        state=state,
        disks=root.optional_number(f"{folder}/raid_disks"),
        missing=root.optional_number(f"{folder}/degraded"),
        action=root.optional(f"{folder}/sync_action"),
        mismatched_sectors=root.optional_number(f"{folder}/mismatch_cnt"),
        members=tuple(f"{device}={says}" for device, says in members.items()),
        faulty=tuple(device for device, says in members.items() if "faulty" in says.split(",")),
        corrected_errors=sum(errors) if errors else None,
    )


SOURCE = EntitySource(
    name="md",
    doc="Each software RAID, its state and its failed members.",
    files=("/sys/block/DEVICE/md",),
    record=Md,
    read=read,
    scope="device",
    when="check",
)
