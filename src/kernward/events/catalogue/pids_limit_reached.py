"""A cgroup reached its limit of processes and threads, and a fork was refused."""

from kernward.events.cgroup_path import owner
from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Whose cgroup it is."""
    reading.fields.update(owner(reading.fields.get("cgroup")))


KIND = Kind(
    id="pids-limit-reached",
    title="fork rejected by pids controller",
    class_="resource",
    severity="warning",
    subsystem="cgroup",
    patterns=(
        Pattern(
            literal="cgroup: fork rejected by pids controller in ",
            regex=r"cgroup: fork rejected by pids controller in (?P<cgroup>.{1,4096})",
        ),
    ),
    fields=(
        Field("cgroup", "str", "the cgroup"),
        Field("container_id", "str", "its container"),
        Field("container_runtime", "str", "container engine, where the path tells it"),
        Field("pod_uid", "str", "its Kubernetes pod"),
        Field("systemd_unit", "str", "its systemd unit"),
    ),
    read=read,
    printed_by=("kernel/cgroup/pids.c:pids_event",),
    meaning=(
        "The number of tasks in the cgroup (threads count) reached pids.max, and fork or clone returned "
        "EAGAIN. Programs report that as `Resource temporarily unavailable` or `unable to create native "
        "thread`, which looks like a lack of memory. The kernel prints it only the first time for each "
        "cgroup, so silence later does not mean that it stopped."
    ),
    next_steps=(
        (
            "Compare pids.current, pids.peak and pids.max of the cgroup; pids.events counts refusals. "
            "systemd: `systemctl show -p TasksMax,TasksCurrent UNIT`."
        ),
        "Find what grows: `ps -eLo pid,nlwp,comm --sort=-nlwp | head`; zombies count too.",
        "Kubernetes: the kubelet's podPidsLimit.",
    ),
    confused_with=("oom-kill-cgroup: the limit of memory",),
    example="""\
[50112.300001] cgroup: fork rejected by pids controller in /kubepods/burstable/pod3f1c7c6e-8a54-4f0e-9d3b-0a6f5c1e2b7d/5d0f7b1e3c9a8d6f4e2b0a1c3e5d7f9b1a3c5e7d9f0b2d4f6a8c0e2d4f6b8a0c""",
    near_miss="[    0.300001] cgroup: Disabling memory control group subsystem",
)
