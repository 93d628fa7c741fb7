"""A container grows beyond its cgroup's memory limit, on a machine with cgroup v1."""

import msgspec

from kernward.vm.fault import Fault
from kernward.vm.faults import cgroup_oom

_OF_V2 = cgroup_oom.FAULT

FAULT: Fault = msgspec.structs.replace(
    _OF_V2,
    name="cgroup-oom-v1",
    title="a container is killed at its cgroup's memory limit, with cgroup v1",
    doc=(
        "As cgroup-oom, on a machine whose cgroups are those of v1: the limit is memory.limit_in_bytes, and "
        "memory.oom_control counts the kill. Since Linux 6.11 v1's memory controller is an option of its own "
        "(CONFIG_MEMCG_V1), which Debian's 6.12 does without."
    ),
    # Up to 6.10 it comes with CONFIG_MEMCG, and CONFIG_MEMCG_KMEM is what tells those kernels.
    needs=msgspec.structs.replace(_OF_V2.needs, cgroup=1, config={"CONFIG_MEMCG_V1|CONFIG_MEMCG_KMEM": "y"}),
)
