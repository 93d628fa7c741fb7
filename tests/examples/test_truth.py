"""What was done to the hosts of examples/ is what kernward finds in their logs.

examples/truth.json says for each host which faults were injected, and for each of its logs which kinds of event
it must hold.
"""

from pathlib import Path

import msgspec
import pytest
from scripts.examples_readme import OPENING, rows

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.events import Event
from kernward.records.fleet import FleetHost, FleetLog, FleetTruth
from kernward.vm.plan import read_plan

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TRUTH = msgspec.json.decode((EXAMPLES / "truth.json").read_bytes(), type=FleetTruth)
LOGS = [(host, log) for host in TRUTH.hosts for log in host.logs]
# Netconsole begins when it is switched on, so not all that it sends names the kernel.
WITHOUT_A_BOOT = {"netconsole", "netconsole-extended"}

each_log = pytest.mark.parametrize(("host", "log"), LOGS, ids=[log.path for _, log in LOGS])


def events_of(log: Path) -> list[Event]:
    problems: list[object] = []
    events = [event for source in open_sources([log], problems=problems) for event in recognise(source)]
    assert not problems
    return events


def test_every_log_is_described_and_every_description_has_its_log() -> None:
    logs = {
        str(path.relative_to(EXAMPLES))
        for path in EXAMPLES.rglob("*")
        if path.is_file() and path.parent != EXAMPLES
    }
    assert logs == {log.path for _, log in LOGS}


@each_log
def test_each_injected_fault_is_found(host: FleetHost, log: FleetLog) -> None:
    assert set(log.kinds) <= {event.kind for event in events_of(EXAMPLES / log.path)}


@each_log
def test_the_kernel_is_the_one_that_was_booted(host: FleetHost, log: FleetLog) -> None:
    kernels = {event.kernel for event in events_of(EXAMPLES / log.path)}
    assert kernels - ({None} if log.form in WITHOUT_A_BOOT else set()) == {host.kernel}


@each_log
def test_no_log_names_another_host(host: FleetHost, log: FleetLog) -> None:
    assert {event.host for event in events_of(EXAMPLES / log.path)} <= {host.name, None}


def test_hosts_of_the_folder_are_told_apart() -> None:
    problems: list[object] = []
    hosts = {
        event.host for source in open_sources([EXAMPLES], problems=problems) for event in recognise(source)
    }
    assert not problems
    assert hosts == {host.name for host in TRUTH.hosts}


def test_all_that_the_plan_asks_for_was_done() -> None:
    plan = read_plan(EXAMPLES / "plan.toml")
    assert [host.name for host in TRUTH.hosts] == [host.name for host in plan.hosts]
    for planned, host in zip(plan.hosts, TRUTH.hosts, strict=True):
        assert host.state != "failed", host.problem
        assert [fault.fault for fault in host.faults] == [fault.fault for fault in planned.faults]
        assert all(fault.shown for fault in host.faults), host.faults
        assert {log.form for log in host.logs} == set(planned.logs)


def test_every_kind_that_a_fault_should_show_is_in_some_log() -> None:
    for host in TRUTH.hosts:
        kinds = {kind for fault in host.faults for kind in fault.kinds}
        assert kinds == {kind for log in host.logs for kind in log.kinds}, host.name


def test_a_slow_host_whose_kernel_says_nothing_raises_no_alarm() -> None:
    silent = [host for host in TRUTH.hosts if host.faults and not any(fault.kinds for fault in host.faults)]
    assert silent
    for host in silent:
        for log in host.logs:
            assert {event.class_ for event in events_of(EXAMPLES / log.path)} == {"state"}


def test_the_examples_are_a_fleet() -> None:
    assert len(TRUTH.hosts) >= 24
    builds = {host.kernel for host in TRUTH.hosts}
    assert len(builds) >= 5
    assert {build.split(".")[1] for build in builds} == {"1", "12"}
    assert len({kind for _, log in LOGS for kind in log.kinds}) >= 30
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 3 << 20


def test_the_page_says_what_the_truth_says() -> None:
    assert (EXAMPLES / "README.md").read_text() == OPENING + "".join(rows(TRUTH))
