"""Settings of the scheduler that explain what is seen: real-time bandwidth, isolated CPUs, quota slices."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import Source

_KERNEL = "/proc/sys/kernel"
_CPUS = "/sys/devices/system/cpu"


class SchedulerSettings(msgspec.Struct, frozen=True):
    """Absent is what this kernel does not have."""

    rt_runtime_s: Annotated[
        float | None,
        gauge(
            "s", "real-time tasks may run so long in each rt_period_s; below 0: always", "kernel/sched/rt.c"
        ),
    ] = None
    rt_period_s: Annotated[float | None, gauge("s", "the period of it", "kernel/sched/rt.c")] = None
    quota_slice_s: Annotated[
        float | None,
        gauge("s", "what a CPU takes of a cgroup's quota at a time", "sched_cfs_bandwidth_slice()"),
    ] = None
    autogroup: Annotated[
        int | None, gauge("", "1: each session is a group of its own", "kernel/sched/autogroup.c")
    ] = None
    online_cpus: Annotated[str | None, fact("CPUs that are online", "drivers/base/cpu.c")] = None
    isolated_cpus: Annotated[
        str | None, fact("CPUs that load balancing leaves out (isolcpus=)", "drivers/base/cpu.c")
    ] = None
    smt: Annotated[str | None, fact("on, off, forceoff, notsupported", "smt/control in kernel/cpu.c")] = None
    mitigations_off: Annotated[
        bool | None, fact("mitigations=off is on the command line", "cpu_mitigations in kernel/cpu.c")
    ] = None


def read(root: Root) -> SchedulerSettings:
    """The settings."""
    command_line = root.text("/proc/cmdline")
    return SchedulerSettings(
        _seconds(root, f"{_KERNEL}/sched_rt_runtime_us"),
        _seconds(root, f"{_KERNEL}/sched_rt_period_us"),
        _seconds(root, f"{_KERNEL}/sched_cfs_bandwidth_slice_us"),
        _number(root, f"{_KERNEL}/sched_autogroup_enabled"),
        _text(root, f"{_CPUS}/online"),
        _text(root, f"{_CPUS}/isolated"),
        _text(root, f"{_CPUS}/smt/control"),
        None if command_line is None else "mitigations=off" in command_line.split(),
    )


def _seconds(root: Root, path: str) -> float | None:
    found = _number(root, path)
    return None if found is None else found / 1e6


def _number(root: Root, path: str) -> int | None:
    return root.number(path) if root.exists(path) else None


def _text(root: Root, path: str) -> str | None:
    return (root.text(path) or None) if root.exists(path) else None


SOURCE = Source(
    name="scheduler_settings",
    doc="Settings of the scheduler that explain what is seen.",
    files=(f"{_KERNEL}/sched_rt_runtime_us", f"{_CPUS}/isolated", "/proc/cmdline"),
    record=SchedulerSettings,
    read=read,
    when="check",
)
