"""CPU time, quota and throttling of each cgroup, of version 1 and 2."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.cgroups import Group
from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.stat import is_count

_STAT = "cpu_cfs_stat_show() and cpu_extra_stat_show() in kernel/sched/core.c"
_THROTTLE = "throttle_cfs_rq() in kernel/sched/fair.c"


class CgroupCpu(msgspec.Struct, frozen=True):
    """cpu.stat, cpu.max (cpu.cfs_quota_us, cpu.cfs_period_us) and the weight; all below it is included.

    Throttling is counted in the group whose quota was used up, not in those below it.
    """

    usage_s: Annotated[
        float | None, counter("s", "CPU time of it and all below", "cgroup_base_stat_cputime_show()")
    ] = None
    user_s: Annotated[float | None, counter("s", "of that, in user space", _STAT)] = None
    system_s: Annotated[float | None, counter("s", "of that, in the kernel", _STAT)] = None
    periods: Annotated[
        int | None, counter("", "periods of the quota in which it ran", "sched_cfs_period_timer()")
    ] = None
    throttled_periods: Annotated[
        int | None, counter("", "of those, periods in which the quota was used up", _THROTTLE)
    ] = None
    throttled_s: Annotated[
        float | None, counter("s", "time it was throttled, summed over CPUs", "unthrottle_cfs_rq()")
    ] = None
    bursts: Annotated[int | None, counter("", "periods in which it ran beyond the quota", _STAT)] = None
    burst_s: Annotated[float | None, counter("s", "time beyond the quota", _STAT)] = None
    quota_s: Annotated[
        float | None, gauge("s", "CPU time it may use in each period; absent: no limit", "tg_get_cfs_quota()")
    ] = None
    period_s: Annotated[float | None, gauge("s", "length of a period", "tg_get_cfs_period()")] = None
    weight: Annotated[int | None, gauge("", "cpu.weight of version 2, 100 by default", _STAT)] = None
    shares: Annotated[int | None, gauge("", "cpu.shares of version 1, 1024 by default", _STAT)] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, CgroupCpu]:
    """By path of the cgroup."""
    tree = cgroups.hierarchy(root, "cpu")
    if tree is None:
        raise Unavailable("/sys/fs/cgroup", "no cgroup hierarchy with CPU accounting is mounted", gone=True)
    found: dict[str, CgroupCpu] = {}
    if tree.version == 2:
        memory: cgroups.Memory[CgroupCpu] = cgroups.Memory(root, "cgroup_cpu")
        for group in cgroups.groups(root, tree, entities):
            data = cgroups.contents(root, group, "cpu.stat")
            if data is None:
                continue
            record = memory.known(group, data)
            if record is not None:
                cgroups.note_idle(root, group)
            else:
                record = memory.learn(group, data, _version_2(root, group, cgroups.pairs(data)))
            found[group.name] = record
        return found
    for group in cgroups.groups(root, tree, entities):
        data = cgroups.contents(root, group, "cpu.stat")
        if data is not None:
            found[group.name] = _version_1(root, group, cgroups.pairs(data))
    accounts = cgroups.hierarchy(root, "cpuacct")
    if accounts is not None and accounts.version == 1:
        for group in cgroups.groups(root, accounts, entities):
            _add_usage(root, group, found)
    return found


def _version_2(root: Root, group: Group, stat: dict[bytes, bytes]) -> CgroupCpu:
    quota_s = period_s = weight = None
    # Without the controller there is the base of cpu.stat only, and none of the other files.
    if b"nr_periods" in stat:
        quota_s, period_s = _quota(cgroups.contents(root, group, "cpu.max"))
        weight = cgroups.value(root, group, "cpu.weight")
    return CgroupCpu(
        usage_s=cgroups.seconds(stat, b"usage_usec", 10**6),
        user_s=cgroups.seconds(stat, b"user_usec", 10**6),
        system_s=cgroups.seconds(stat, b"system_usec", 10**6),
        periods=cgroups.whole(stat, b"nr_periods"),
        throttled_periods=cgroups.whole(stat, b"nr_throttled"),
        throttled_s=cgroups.seconds(stat, b"throttled_usec", 10**6),
        bursts=cgroups.whole(stat, b"nr_bursts"),
        burst_s=cgroups.seconds(stat, b"burst_usec", 10**6),
        quota_s=quota_s,
        period_s=period_s,
        weight=weight,
        id=group.id,
    )


def _quota(data: bytes | None) -> tuple[float | None, float | None]:
    """`20000 100000` or `max 100000`, in microseconds."""
    words = (data or b"").split()
    if len(words) != 2 or not is_count(words[1]):
        return None, None
    return int(words[0]) / 1e6 if is_count(words[0]) else None, int(words[1]) / 1e6


def _version_1(root: Root, group: Group, stat: dict[bytes, bytes]) -> CgroupCpu:
    quota_us = None if group.top else cgroups.value(root, group, "cpu.cfs_quota_us")
    period_us = None if group.top else cgroups.value(root, group, "cpu.cfs_period_us")
    return CgroupCpu(
        periods=cgroups.whole(stat, b"nr_periods"),
        throttled_periods=cgroups.whole(stat, b"nr_throttled"),
        throttled_s=cgroups.seconds(stat, b"throttled_time", 10**9),
        bursts=cgroups.whole(stat, b"nr_bursts"),
        burst_s=cgroups.seconds(stat, b"burst_time", 10**9),
        # -1 says that there is none
        quota_s=quota_us / 1e6 if quota_us is not None and quota_us > 0 else None,
        period_s=None if period_us is None else period_us / 1e6,
        shares=cgroups.value(root, group, "cpu.shares"),
        id=group.id,
    )


def _add_usage(root: Root, group: Group, found: dict[str, CgroupCpu]) -> None:
    """cpuacct is mostly mounted together with cpu; where it is a tree of its own, it may have other groups."""
    usage_ns = cgroups.value(root, group, "cpuacct.usage")
    if usage_ns is None:
        return
    user_ns = cgroups.value(root, group, "cpuacct.usage_user")
    system_ns = cgroups.value(root, group, "cpuacct.usage_sys")
    found[group.name] = msgspec.structs.replace(
        found.get(group.name) or CgroupCpu(id=group.id),
        usage_s=usage_ns / 1e9,
        user_s=None if user_ns is None else user_ns / 1e9,
        system_s=None if system_ns is None else system_ns / 1e9,
    )


FILES: Mapping[str, tuple[str, str]] = {
    "usage_s": ("cpu.stat", "cpuacct.usage"),
    "user_s": ("cpu.stat", "cpuacct.usage_user"),
    "system_s": ("cpu.stat", "cpuacct.usage_sys"),
    **dict.fromkeys(
        ("periods", "throttled_periods", "throttled_s", "bursts", "burst_s"), ("cpu.stat", "cpu.stat")
    ),
    "quota_s": ("cpu.max", "cpu.cfs_quota_us"),
    "period_s": ("cpu.max", "cpu.cfs_period_us"),
    "weight": ("cpu.weight", "cpu.shares"),
    "shares": ("cpu.weight", "cpu.shares"),
}

SOURCE = EntitySource(
    name="cgroup_cpu",
    doc="CPU time, quota and throttling of each cgroup.",
    files=(
        "/sys/fs/cgroup/GROUP/cpu.stat",
        "/sys/fs/cgroup/GROUP/cpu.max",
        "/sys/fs/cgroup/GROUP/cpu.weight",
        "/sys/fs/cgroup/cpu/GROUP/cpu.cfs_quota_us",
        "/sys/fs/cgroup/cpuacct/GROUP/cpuacct.usage",
    ),
    record=CgroupCpu,
    read=read,
    scope="cgroup",
    group_file=FILES.get,
)
