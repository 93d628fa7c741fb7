"""A machine with 5,000 processes and 2,000 cgroups: the one that is held back is found among all of them."""

from kernward.collectors.recorded import Recorded
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.processes import Process
from kernward.diagnosis.engine import examine
from kernward.diagnosis.hypotheses import hypotheses
from kernward.records.check import Scope
from tests.diagnosis.making import sample

GROUPS = [f"/kubepods.slice/pod{number // 4}/c{number}" for number in range(2000)]
HELD_BACK = 1234


def at(step: int):
    processes = {
        str(pid): Process(
            f"worker-{pid % 50}",
            "S",
            1,
            5.0,
            False,
            user_s=pid / 1000 + step * 0.001,
            threads=2,
            rss_bytes=pid << 12,
        )
        for pid in range(1, 5001)
    }
    groups = {
        name: CgroupCpu(
            usage_s=100.0 + step * 0.2,
            quota_s=0.02,
            period_s=0.1,
            periods=1000 + 10 * step,
            throttled_periods=10 * step if number == HELD_BACK else 0,
            throttled_s=0.75 * step if number == HELD_BACK else 0.0,
        )
        for number, name in enumerate(GROUPS)
    }
    return sample(
        1000.0 + step,
        processes=processes,
        process_cgroups={
            pid: ProcessCgroups(cgroup=GROUPS[int(pid) % len(GROUPS)], start_s=5.0) for pid in processes
        },
        cgroup_cpu=groups,
    )


def test_the_one_that_is_held_back_is_found_among_thousands() -> None:
    check = examine(Recorded([at(step) for step in range(6)]), hypotheses().values())
    assert [(each.id, each.scope) for each in check.findings] == [
        ("cpu-quota-throttling", Scope("cgroup", GROUPS[HELD_BACK]))
    ]
    assert not [each.reason for each in check.unknown if "a fault of kernward" in each.reason]
