"""A container wants more processor time than its quota."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import (
    COUNT,
    FIND_CGROUP,
    MAKE_CGROUP,
    SERVE,
    STOP,
    cgroup_path,
    service_name,
)

FAULT = Fault(
    name="cpu-throttling",
    title="a container is throttled at its CPU quota",
    doc=(
        "A service computes with several threads in a cgroup with cpu.max (cpu.cfs_quota_us in v1). In each "
        "period its threads use the quota up and are taken off the processors until the next period begins, "
        "even though the host has idle time. Nothing is printed; what depends on the service sees pauses of "
        "up to a period."
    ),
    group="cpu",
    parameters=(
        Parameter("quota_percent", 20, "% of one CPU", "what the cgroup may use", least=5, most=90),
        # The kernel takes no quota below 1 ms (kernel/sched/core.c: min_cfs_quota_period).
        Parameter("period_ms", 100, "ms", "length of a period", least=20, most=1000),
        Parameter("threads", 2, "", "how many threads compute", least=1, most=64),
        service_name("transcoder"),
        cgroup_path(),
    ),
    needs=Needs(misbehave=True, config={"CONFIG_CFS_BANDWIDTH": "y"}),
    inject=MAKE_CGROUP
    + SERVE
    + """
        make_cgroup cpu $cgroup
        period=$((period_ms * 1000)) quota=$((period_ms * quota_percent * 10))
        if [ -e $folder/cpu.max ]; then
            echo $quota $period >$folder/cpu.max || exit 1
        else
            echo $period >$folder/cpu.cfs_period_us && echo $quota >$folder/cpu.cfs_quota_us || exit 1
        fi
        serve $service $folder spin $threads
    """,
    undo=FIND_CGROUP + STOP + "stop $service; find_cgroup cpu $cgroup; rmdir $folder",
    symptom=Symptom(
        doc="cpu.stat counts at least three throttled periods more than a moment before.",
        command=FIND_CGROUP
        + COUNT
        + """
        find_cgroup cpu $cgroup
        before=$(count $folder/cpu.stat nr_throttled) periods=$(count $folder/cpu.stat nr_periods)
        usleep $((period_ms * 6000))
        throttled=$(($(count $folder/cpu.stat nr_throttled) - before))
        echo "$throttled of $(($(count $folder/cpu.stat nr_periods) - periods)) periods were throttled"
        [ $throttled -ge 3 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="cpu-quota-throttling",
        entity_kind="cgroup",
        entity="$cgroup",
        mechanism=(
            "account_cfs_rq_runtime() in kernel/sched/fair.c finds the quota used up, and throttle_cfs_rq() takes "
            "the cgroup's run queue off its CPU until sched_cfs_period_timer() refills it."
        ),
    ),
)
