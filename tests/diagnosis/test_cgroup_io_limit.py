"""A cgroup at its I/O limit: held back, at it by chance, far from it, without one."""

from kernward.collectors.sources import cgroup_io, cgroup_pressure
from kernward.collectors.sources.cgroup_io import CgroupIo
from kernward.collectors.sources.cgroup_pressure import CgroupPressure
from kernward.diagnosis.hypotheses.cgroup_io_limit import HYPOTHESIS
from kernward.diagnosis.hypothesis import Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.windows import confirmed, verdict, verdicts, view

GROUP = "/system.slice/backup.service"
LIMIT = 4 << 20


def reading(
    read_bytes: int, waited_s: float | None = None, limit: int | None = LIMIT
) -> dict[object, object]:
    io = CgroupIo(
        read_bytes={"vda": read_bytes}, read_limit_bytes_per_s=None if limit is None else {"vda": limit}
    )
    found: dict[object, object] = {cgroup_io.SOURCE: {GROUP: io}}
    if waited_s is not None:
        found[cgroup_pressure.SOURCE] = {GROUP: CgroupPressure(io_some_s=waited_s)}
    return found


def seen(*readings: dict[object, object]) -> View:
    return view(*readings)  # type: ignore[arg-type]


def test_a_group_that_reads_as_much_as_it_may_and_waits_is_held_back() -> None:
    found = confirmed(HYPOTHESIS, seen(*(reading(LIMIT * second, 0.9 * second) for second in range(6))))
    assert (found.scope.kind, found.scope.name) == ("cgroup", GROUP)
    assert found.confidence > 0.9
    assert 0.85 < found.impact < 0.95
    assert "4,194,304 bytes/s of vda" in found.mechanism


def test_without_pressure_the_rate_alone_decides_and_less_surely() -> None:
    found = confirmed(HYPOTHESIS, seen(*(reading(LIMIT * second) for second in range(6))))
    assert found.confidence < 0.9


def test_a_group_at_its_limit_whose_tasks_do_not_wait_is_not_held_back() -> None:
    assert isinstance(
        verdict(HYPOTHESIS, seen(*(reading(LIMIT * second, 0.01 * second) for second in range(6)))), Refuted
    )


def test_a_burst_that_touches_the_limit_once_is_no_finding() -> None:
    read_bytes = [0, LIMIT, LIMIT + 1000, LIMIT + 2000, LIMIT + 3000]
    assert isinstance(verdict(HYPOTHESIS, seen(*(reading(each, 0.5) for each in read_bytes))), Refuted)


def test_a_group_below_its_limit_is_told_how_near_it_is() -> None:
    found = verdict(HYPOTHESIS, seen(*(reading(LIMIT * second // 2, 0.9 * second) for second in range(6))))
    assert isinstance(found, Refuted)
    assert "50%" in found.reason
    assert found.evidence[0].scope.name == GROUP


def test_without_a_limit_there_is_nothing_to_be_held_at() -> None:
    found = verdict(HYPOTHESIS, seen(*(reading(LIMIT * second, limit=None) for second in range(6))))
    assert isinstance(found, Refuted)
    assert found.reason == "no cgroup has a limit on its I/O"


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(HYPOTHESIS, seen(reading(LIMIT * 100))), Unknown)


def test_a_counter_that_was_reset_confirms_nothing() -> None:
    found = verdicts(HYPOTHESIS, seen(reading(LIMIT * 100), reading(0), reading(10)))
    assert [type(each) for each in found] == [Refuted]


def test_a_machine_without_the_controller_is_unknown() -> None:
    found = verdict(HYPOTHESIS, view({}, {}, absent={cgroup_io.SOURCE: "no cgroup hierarchy is mounted"}))
    assert isinstance(found, Unknown)
    assert "no cgroup hierarchy is mounted" in found.reason
