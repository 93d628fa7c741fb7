"""Kills at a cgroup's limit: in the log, in the counters, long ago, of a group that is gone, of the host's."""

from typing import Any

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import cgroup_memory, kernel_events
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.diagnosis.hypotheses.cgroup_memory_limit import HYPOTHESIS
from kernward.diagnosis.hypothesis import Refuted, Unknown
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import confirmed, verdict, view

GROUP = "/kubepods.slice/pod7.slice/session.scope"
MIB = 1 << 20


def kill(age_s: float | None, cgroup: str = GROUP, kind: str = "oom-kill-cgroup", pid: int = 812) -> LogEvent:
    return event(
        kind,
        age_s,
        f"Memory cgroup out of memory: Killed process {pid} (sessiond)",
        fields={
            "oom_memcg": cgroup,
            "task_memcg": cgroup,
            "comm": "sessiond",
            "pid": pid,
            "anon_rss_kb": 47 << 10,
            "memory_limit_kb": 48 << 10,
        },
    )


def group(name: str = GROUP, **fields: Any) -> dict[Any, Any]:
    return {
        cgroup_memory.SOURCE: {
            "/": CgroupMemory(),
            name: CgroupMemory(**{"usage_bytes": 0, "limit_bytes": 48 * MIB, "oom_kills": 1, **fields}),
        }
    }


def test_a_kill_in_the_log_names_the_cgroup_and_its_victim() -> None:
    found = confirmed(HYPOTHESIS, view({**log(kill(12.0)), **group()}, {**log(kill(18.0)), **group()}))
    assert (found.scope.kind, found.scope.name) == ("cgroup", GROUP)
    assert found.victims[0].name == "sessiond[812]"
    assert found.confidence > 0.95
    assert found.impact == 1.0
    assert "limit of 48.0 MiB" in found.mechanism
    assert "18 s ago" in found.mechanism


def test_the_cgroup_whose_limit_it_was_is_named_and_not_that_of_the_victim() -> None:
    event = kill(12.0)
    event.fields["oom_memcg"] = "/kubepods.slice/pod7.slice"
    found = confirmed(HYPOTHESIS, view({**log(event), **group("/kubepods.slice/pod7.slice")}))
    assert found.scope.name == "/kubepods.slice/pod7.slice"


def test_kills_again_and_again_are_counted() -> None:
    found = confirmed(HYPOTHESIS, view({**log(kill(300.0), kill(200.0), kill(9.0)), **group()}))
    assert "for the 3rd time in 15 minutes" in found.mechanism


def test_the_counters_alone_tell_of_a_kill_while_it_was_looked_at() -> None:
    before, after = (
        group(oom_events=4, oom_kills=4, max_events=90),
        group(oom_events=5, oom_kills=5, max_events=99),
    )
    found = confirmed(HYPOTHESIS, view(before, after))
    assert found.scope.name == GROUP
    assert 0.9 <= found.confidence < 0.97


def test_a_kill_for_the_hosts_sake_is_not_the_cgroups() -> None:
    before, after = (
        group(oom_events=0, oom_kills=4, max_events=9),
        group(oom_events=0, oom_kills=5, max_events=9),
    )
    found = verdict(
        HYPOTHESIS, view({**before, **log()}, {**after, **log(kill(2.0, kind="oom-kill-global"))})
    )
    assert isinstance(found, Refuted)


def test_version_1_needs_its_limit_to_be_met() -> None:
    def one(kills: int, met: int) -> dict[Any, Any]:
        return group(oom_kills=kills, max_events=met)

    assert confirmed(HYPOTHESIS, view(one(0, 10), one(1, 300))).scope.name == GROUP
    assert isinstance(verdict(HYPOTHESIS, view({**one(0, 10), **log()}, {**one(1, 10), **log()})), Refuted)


def test_tasks_that_wait_because_killing_is_forbidden_are_found() -> None:
    found = confirmed(HYPOTHESIS, view(group(under_oom=1, oom_kills=0), group(under_oom=1, oom_kills=0)))
    assert "wait" in found.mechanism


def test_a_kill_of_long_ago_is_history() -> None:
    found = verdict(HYPOTHESIS, view({**log(kill(4000.0)), **group()}))
    assert isinstance(found, Refuted)
    assert "15 minutes" in found.reason


def test_a_kill_at_a_time_that_the_log_does_not_tell_is_less_sure() -> None:
    found = confirmed(HYPOTHESIS, view({**log(kill(None)), **group()}))
    assert found.confidence <= 0.6
    assert found.impact < 1.0


def test_a_cgroup_that_is_gone_is_named_only_when_it_died_while_it_was_looked_at() -> None:
    gone = {cgroup_memory.SOURCE: {"/": CgroupMemory()}}
    found = verdict(HYPOTHESIS, view({**log(), **gone}, {**log(kill(90.0)), **gone}, every_s=6.0))
    assert isinstance(found, Refuted)
    assert "is gone" in found.reason
    found = confirmed(HYPOTHESIS, view({**log(), **gone}, {**log(kill(5.0)), **gone}, every_s=6.0))
    assert found.scope.name == GROUP


def test_without_the_log_a_kill_of_some_time_is_unknown() -> None:
    found = verdict(
        HYPOTHESIS, view(group(), group(), absent={kernel_events.SOURCE: "/dev/kmsg: permission denied"})
    )
    assert isinstance(found, Unknown)
    assert "permission denied" in found.reason


def test_a_group_within_its_limit_is_healthy() -> None:
    calm = group(usage_bytes=30 * MIB, oom_kills=0, oom_events=0, max_events=0)
    assert isinstance(verdict(HYPOTHESIS, view({**calm, **log()}, {**calm, **log()})), Refuted)
