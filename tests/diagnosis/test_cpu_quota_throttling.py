"""A cgroup at its CPU quota: held back, within it, without one, of version 1 and 2, seen once only."""

import msgspec

from kernward.collectors.sources import cgroup_cpu, cgroup_pressure, cgroup_trees
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cgroup_pressure import CgroupPressure
from kernward.collectors.sources.cgroup_trees import CgroupTree
from kernward.diagnosis.hypotheses.cpu_quota_throttling import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.windows import confirmed, verdict, verdicts, view

GROUP = "/kubepods.slice/pod8d1f.slice/web.scope"


def group(second: int, throttled: float = 1.0, used: float = 0.2, withheld: float = 1.6) -> CgroupCpu:
    """Ten periods a second, of which this part is throttled."""
    return CgroupCpu(
        usage_s=used * second,
        periods=10 * second,
        throttled_periods=round(10 * throttled * second),
        throttled_s=withheld * second,
        quota_s=0.02,
        period_s=0.1,
        id=7,
    )


def replaced(record: CgroupCpu, **changes: int | None) -> CgroupCpu:
    return msgspec.structs.replace(record, **changes)


def seen(*groups: dict[str, CgroupCpu]) -> View:
    return view(*({cgroup_cpu.SOURCE: each} for each in groups))


def test_a_group_that_is_throttled_period_after_period_is_named_with_its_numbers() -> None:
    found = confirmed(HYPOTHESIS, seen(*({GROUP: group(second)} for second in range(7))))
    assert (found.scope.kind, found.scope.name) == ("cgroup", GROUP)
    assert found.confidence > 0.9
    assert 0.85 < found.impact < 0.95
    assert "20 ms of CPU time in each period of 100 ms" in found.mechanism
    assert "in 60 of 60 periods" in found.mechanism


def test_evidence_names_the_file_of_the_group_as_it_is_on_that_machine() -> None:
    def told(mounted: dict[str, CgroupTree]) -> str:
        readings = (
            {cgroup_cpu.SOURCE: {GROUP: group(second)}, cgroup_trees.SOURCE: mounted} for second in range(7)
        )
        return confirmed(HYPOTHESIS, view(*readings)).evidence[0].source

    assert told({cgroup_trees.VERSION_2: CgroupTree("/sys/fs/cgroup")}) == f"/sys/fs/cgroup{GROUP}/cpu.stat"
    assert told({"cpu": CgroupTree("/sys/fs/cgroup/cpu")}) == f"/sys/fs/cgroup/cpu{GROUP}/cpu.stat"


def test_what_counts_is_the_window_and_not_what_was_before() -> None:
    """Throttled for hours, and not any more."""
    after = [replaced(group(1000), periods=10000 + 10 * second) for second in range(7)]
    assert isinstance(verdict(HYPOTHESIS, seen(*({GROUP: each} for each in after))), Refuted)


def test_a_burst_that_uses_a_period_up_now_and_then_is_no_finding() -> None:
    readings = [{GROUP: group(second, throttled=0.1, used=0.6, withheld=0.02)} for second in range(7)]
    found = verdict(HYPOTHESIS, seen(*readings))
    assert isinstance(found, Refuted)
    assert "6 of 60 periods" in found.reason


def test_bursts_in_a_third_of_the_periods_are_no_finding_while_the_group_needs_less_than_it_may() -> None:
    readings = [{GROUP: group(second, throttled=0.3, used=0.1, withheld=0.3)} for second in range(7)]
    assert isinstance(verdict(HYPOTHESIS, seen(*readings)), Refuted)


def test_a_third_of_the_periods_is_a_finding_when_the_group_uses_all_that_it_may() -> None:
    readings = [{GROUP: group(second, throttled=0.3, used=0.18, withheld=0.3)} for second in range(7)]
    assert confirmed(HYPOTHESIS, seen(*readings)).scope.name == GROUP


def test_bursts_that_use_the_quota_up_in_every_other_period_are_a_finding() -> None:
    readings = [{GROUP: group(second, throttled=0.5, used=0.1, withheld=0.5)} for second in range(7)]
    assert confirmed(HYPOTHESIS, seen(*readings)).scope.name == GROUP


def test_many_periods_that_lose_their_last_moment_are_no_finding() -> None:
    readings = [{GROUP: group(second, throttled=0.5, used=0.85, withheld=0.02)} for second in range(7)]
    assert isinstance(verdict(HYPOTHESIS, seen(*readings)), Refuted)


def test_the_group_with_the_limit_is_named_and_not_those_in_it() -> None:
    inner = CgroupCpu(usage_s=0.2, periods=0, throttled_periods=0, throttled_s=0.0, period_s=0.1, id=8)
    found = confirmed(
        HYPOTHESIS, seen(*({"/web": group(second), "/web/worker": inner} for second in range(7)))
    )
    assert found.scope.name == "/web"


def test_two_groups_at_their_quotas_are_two_findings() -> None:
    found = verdicts(HYPOTHESIS, seen(*({"/a": group(each), "/b": group(each)} for each in range(7))))
    assert [each.scope.name for each in found if isinstance(each, Confirmed)] == ["/a", "/b"]


def test_version_1_without_the_time_used_decides_as_well() -> None:
    readings = [{GROUP: replaced(group(second), usage_s=None)} for second in range(7)]
    found = confirmed(HYPOTHESIS, seen(*readings))
    assert found.impact > 0.5


def test_pressure_of_the_group_says_how_long_it_stood_still() -> None:
    readings = [
        {cgroup_cpu.SOURCE: {GROUP: group(second)}, cgroup_pressure.SOURCE: {GROUP: CgroupPressure(cpu_full_s=0.95 * second)}}
        for second in range(7)
    ]  # fmt: skip
    found = confirmed(HYPOTHESIS, view(*readings))
    assert abs(found.impact - 0.95) < 0.01


def test_without_quotas_it_is_refuted_and_says_so() -> None:
    found = verdict(HYPOTHESIS, seen(*({GROUP: CgroupCpu(usage_s=1.0, id=7)} for _ in range(3))))
    assert isinstance(found, Refuted)
    assert found.reason == "none of the 1 cgroups has a CPU quota"


def test_one_reading_speaks_of_the_groups_life_and_less_surely() -> None:
    found = confirmed(HYPOTHESIS, seen({GROUP: group(600)}))
    assert found.confidence < 0.7
    assert "since the group was made" in found.mechanism


def test_a_group_that_was_made_anew_is_not_differenced_with_the_old_one() -> None:
    old, new = group(1000), replaced(group(1), id=9, throttled_periods=0)
    assert isinstance(verdict(HYPOTHESIS, seen({GROUP: old}, {GROUP: old}, {GROUP: new})), Refuted)


def test_counters_that_went_back_confirm_nothing() -> None:
    found = verdict(HYPOTHESIS, seen({GROUP: group(1000)}, {GROUP: group(1)}, {GROUP: group(2)}))
    assert isinstance(found, Unknown)


def test_a_machine_without_cgroups_is_unknown() -> None:
    found = verdict(HYPOTHESIS, view({}, {}, absent={cgroup_cpu.SOURCE: "no cgroup hierarchy is mounted"}))
    assert isinstance(found, Unknown)
    assert "no cgroup hierarchy" in found.reason
