"""A container wants more processor time than its quota, on a machine with cgroup v1."""

import msgspec

from kernward.vm.fault import Fault
from kernward.vm.faults import cpu_throttling

_OF_V2 = cpu_throttling.FAULT

FAULT: Fault = msgspec.structs.replace(
    _OF_V2,
    name="cpu-throttling-v1",
    title="a container is throttled at its CPU quota, with cgroup v1",
    doc=(
        "As cpu-throttling, on a machine whose cgroups are those of v1: the quota is cpu.cfs_quota_us, the "
        "period cpu.cfs_period_us, and cpu.stat counts nr_throttled and throttled_time (in ns)."
    ),
    needs=msgspec.structs.replace(_OF_V2.needs, cgroup=1),
)
