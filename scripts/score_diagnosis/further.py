"""Faults that the test bed does not offer by name: limits set above the group that meets them, and other ways
to the same cause. They are scored besides, so that hypotheses are not made for the faults of the bed alone.
"""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import (
    COUNT,
    DISK,
    FIND_CGROUP,
    MAKE_CGROUP,
    SERVE,
    cgroup_path,
    service_name,
)

_PARENT = cgroup_path("/app.slice", "cgroup", "the group with the limit")
_IN_CHILD = "make_cgroup {0} $cgroup/worker.service\nlimited=/sys/fs/cgroup$cgroup\n"


def _fault(
    name: str,
    title: str,
    *,
    cause: str,
    entity_kind: str,
    entity: str,
    parameters: tuple[Parameter, ...],
    needs: Needs,
    inject: str,
    seen: str,
    within_s: float = 40,
) -> Fault:
    return Fault(
        name=name,
        title=title,
        doc=title,
        group="limits",
        parameters=parameters,
        needs=needs,
        inject=inject,
        symptom=Symptom(doc=title, command=seen, within_s=within_s),
        truth=Truth(cause=cause, entity_kind=entity_kind, entity=entity, mechanism=title),  # type: ignore[arg-type]
    )


FURTHER = {
    fault.name: fault
    for fault in (
        _fault(
            "parent-quota",
            "the quota is of the parent of the group that computes",
            cause="cpu-quota-throttling", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("quota_percent", 25, "%", "", least=10, most=60), service_name("render"), _PARENT),
            needs=Needs(misbehave=True),
            inject=MAKE_CGROUP + SERVE + _IN_CHILD.format("cpu") + """
                echo $((quota_percent * 1000)) 100000 >$limited/cpu.max || exit 1
                serve $service $folder spin 2
            """,
            seen=COUNT + "sleep 2; [ $(count /sys/fs/cgroup$cgroup/cpu.stat nr_throttled) -ge 5 ]",
        ),
        _fault(
            "bursts-over-quota",
            "a service that rests half of the time meets its quota in each burst",
            cause="cpu-quota-throttling", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("quota_percent", 30, "%", "", least=10, most=40), service_name("cron"), cgroup_path()),
            needs=Needs(misbehave=True),
            inject=MAKE_CGROUP + """
                make_cgroup cpu $cgroup
                echo $((quota_percent * 1000)) 100000 >$folder/cpu.max || exit 1
                (echo 0 >$folder/cgroup.procs; while :; do timeout 0.6 sha256sum /dev/zero; sleep 0.5; done) \\
                    </dev/null >/dev/null 2>&1 &
            """,
            seen=FIND_CGROUP + COUNT + "find_cgroup cpu $cgroup; sleep 2; [ $(count $folder/cpu.stat nr_throttled) -ge 4 ]",
        ),
        _fault(
            "memory-max-reclaim",
            "a group reads a data set through the page cache that its memory.max has no room for",
            cause="cgroup-memory-reclaim", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("limit_mb", 32, "MiB", "", least=16, most=90), service_name("index"), cgroup_path()),
            needs=Needs(misbehave=True, disks=(DiskNeed("data", "blank", 512),)),
            inject=MAKE_CGROUP + SERVE + DISK + """
                make_cgroup memory $cgroup
                echo $((limit_mb << 20)) >$folder/memory.max || exit 1
                serve $service $folder reread $(disk data) $((limit_mb * 3))
            """,
            seen=FIND_CGROUP + COUNT + "find_cgroup memory $cgroup; sleep 1; [ $(count $folder/memory.events max) -ge 5 ]",
        ),
        _fault(
            "parent-memory-high",
            "memory.high is of the parent of the group that needs the memory",
            cause="cgroup-memory-reclaim", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("high_mb", 32, "MiB", "", least=16, most=90), service_name("index"), _PARENT),
            needs=Needs(misbehave=True, disks=(DiskNeed("data", "blank", 512),)),
            inject=MAKE_CGROUP + SERVE + DISK + _IN_CHILD.format("memory") + """
                echo $((high_mb << 20)) >$limited/memory.high || exit 1
                serve $service $folder reread $(disk data) $((high_mb * 3))
            """,
            seen=COUNT + "sleep 1; [ $(count /sys/fs/cgroup$cgroup/memory.events high) -ge 5 ]",
        ),
        _fault(
            "parent-pids",
            "pids.max is of the parent of the group that forks",
            cause="cgroup-pids-limit", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("pids_max", 40, "", "", least=8, most=200), service_name("spawner"), _PARENT),
            needs=Needs(misbehave=True),
            inject=MAKE_CGROUP + SERVE + _IN_CHILD.format("pids") + """
                echo $pids_max >$limited/pids.max || exit 1
                serve $service $folder fork $((pids_max * 2))
            """,
            seen="sleep 1; [ $(cat /sys/fs/cgroup$cgroup/pids.current) -ge $((pids_max - 2)) ]",
        ),
        _fault(
            "io-max",
            "a group wants more of a disk than its io.max",
            cause="cgroup-io-limit", entity_kind="cgroup", entity="$cgroup",
            parameters=(Parameter("kb_s", 512, "KiB/s", "", least=64, most=4096), service_name("backup"), cgroup_path()),
            needs=Needs(misbehave=True, disks=(DiskNeed("data", "blank", 256),), config={"CONFIG_BLK_DEV_THROTTLING": "y"}),
            inject=MAKE_CGROUP + SERVE + DISK + """
                make_cgroup io $cgroup
                device=$(disk data)
                echo "$(cat /sys/block/${device##*/}/dev) rbps=$((kb_s << 10))" >$folder/io.max || exit 1
                serve $service $folder direct $device read 2 16384 128
            """,
            seen=FIND_CGROUP + "find_cgroup io $cgroup; sleep 2; grep -q 'rbytes=[1-9]' $folder/io.stat",
        ),
        _fault(
            "cpuset-pileup",
            "a cpuset keeps all threads of a service on one processor while the other is idle",
            cause="cpu-affinity-pileup", entity_kind="process", entity="$service",
            parameters=(Parameter("threads", 4, "", "", least=3, most=12), service_name("solver"), cgroup_path()),
            needs=Needs(misbehave=True, smp=2),
            inject=MAKE_CGROUP + SERVE + """
                make_cgroup cpuset $cgroup
                echo 1 >$folder/cpuset.cpus || exit 1
                serve $service $folder spin $threads
            """,
            seen="[ -e /run/$service.pid ]",
        ),
        _fault(
            "group-frozen",
            "a group with a service in it is frozen",
            cause="cgroup-frozen", entity_kind="cgroup", entity="$cgroup",
            parameters=(service_name("sessions"), cgroup_path()),
            needs=Needs(misbehave=True),
            inject=MAKE_CGROUP + SERVE + """
                make_cgroup cpu $cgroup
                serve $service $folder spin 1
                sleep 0.3
                echo 1 >$folder/cgroup.freeze
            """,
            seen=FIND_CGROUP + "find_cgroup cpu $cgroup; grep -qx 'frozen 1' $folder/cgroup.events",
        ),
        _fault(
            "one-byte-copy",
            "a program spends its time in the kernel, one byte at a time",
            cause="kernel-time", entity_kind="process", entity="dd",
            parameters=(),
            needs=Needs(smp=1),
            inject="for each in $(seq $(nproc)); do dd if=/dev/zero of=/dev/null bs=1 </dev/null >/dev/null 2>&1 & done",
            seen="pidof dd",
        ),
    )
}  # fmt: skip
