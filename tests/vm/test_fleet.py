"""A fleet, end to end: hosts that talk, hosts that crash, one that never boots; their logs and the truth."""

from pathlib import Path

import msgspec
import pytest

from kernward.events.recognise import recognise
from kernward.kernels.kernel import Kernel
from kernward.logs.sources import open_sources
from kernward.records.fleet import FleetHost, Plan, PlannedFault, PlannedHost
from kernward.vm.acceleration import version
from kernward.vm.fleet import groups, run_fleet
from kernward.vm.fleet_logs import in_boot
from kernward.vm.plan import read_plan

PLAN = """\
[[host]]
name = "web-1"
kernel = "tested"
logs = ["console", "syslog", "journal", "dmesg"]
faults = [
    { fault = "syn-flood-peer", peers = ["probe-1"] },
    { fault = "network-disk-peer-stopped", stopped = "machine", peers = ["probe-1"] },
    { fault = "cgroup-oom", limit_mb = 32 },
]

[[host]]
name = "probe-1"
kernel = "tested"
logs = ["syslog-busybox", "messages"]

[[host]]
name = "gw-1"
kernel = "tested"
clock = 2026-11-18T03:12:00Z
logs = ["netconsole-extended", "pstore", "console-raw"]
faults = ["kernel-warning", "null-pointer-in-interrupt"]

[[host]]
name = "edge-1"
kernel = "tested"
cold = true
append = ["rdinit=/nothing"]
logs = ["console", "syslog"]
faults = ["segfault"]
"""


def host(name: str, *peers: str) -> PlannedHost:
    fault = PlannedFault(fault="syn-flood-peer", peers=peers)
    return PlannedHost(name=name, kernel="6.1", line=1, faults=(fault,) if peers else ())


def test_hosts_that_take_part_in_one_anothers_faults_run_together() -> None:
    hosts = [host("a"), host("b", "d"), host("c"), host("d", "a"), host("e")]
    assert [set(group) for group in groups(hosts)] == [{"a", "b", "d"}, {"c"}, {"e"}]


def test_what_was_fetched_from_a_guest_is_of_one_boot() -> None:
    assert [in_boot(name, 1) for name in ("dmesg.json", "dmesg-2.json", "messages-3", "kern.log")] == [
        False,
        True,
        False,
        True,
    ]


@pytest.fixture(scope="module")
def ran(
    kernel: Kernel, vm_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, FleetHost]]:
    if not version():
        pytest.skip("QEMU is not installed here (Debian: qemu-system-x86)")
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "plan.toml").write_text(PLAN)
    plan: Plan = read_plan(folder / "plan.toml")
    hosts = run_fleet(plan, {"tested": kernel}, {}, folder, vm_home, jobs=2, tell=lambda name, sentence: None)
    return folder, {each.name: each for each in hosts}


@pytest.mark.vm_slow
def test_all_faults_of_the_hosts_that_boot_show(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    _, hosts = ran
    problems = {each.name: each.problem for each in hosts.values() if each.problem}
    assert set(problems) == {"edge-1"}
    for name in ("web-1", "probe-1", "gw-1"):
        assert all(fault.shown and fault.evidence for fault in hosts[name].faults), hosts[name].faults


@pytest.mark.vm_slow
def test_a_host_that_never_boots_is_told_and_its_console_kept(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    folder, hosts = ran
    edge = hosts["edge-1"]
    assert edge.state == "failed"
    assert edge.problem is not None
    assert "boot" in edge.problem
    assert not edge.faults[0].shown
    assert edge.faults[0].problem
    assert b"Linux version" in (folder / "edge-1/console.log").read_bytes()


@pytest.mark.vm_slow
def test_every_log_holds_what_the_truth_says(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    folder, hosts = ran
    for each in hosts.values():
        if each.state != "failed":
            assert {log.form for log in each.logs} == set(read_plan_forms(folder, each.name))
        for log in each.logs:
            problems: list[object] = []
            found = {
                event.kind
                for source in open_sources([folder / log.path], problems=problems)
                for event in recognise(source)
            }
            assert not problems
            assert set(log.kinds) <= found, log


def read_plan_forms(folder: Path, name: str) -> tuple[str, ...]:
    return next(host.logs for host in read_plan(folder / "plan.toml").hosts if host.name == name)


@pytest.mark.vm_slow
def test_restored_hosts_are_alike_in_nothing_that_names_them(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    _, hosts = ran
    up = [hosts[name] for name in ("web-1", "probe-1", "gw-1")]
    assert not any(each.cold for each in up)
    for names in (
        [each.address for each in up],
        [each.mac for each in up],
        [each.boot_ids[0] for each in up],
    ):
        assert len(set(names)) == len(up)


@pytest.mark.vm_slow
def test_the_named_clock_is_that_of_the_logs_and_of_the_truth(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    folder, hosts = ran
    gateway = hosts["gw-1"]
    assert len(gateway.boot_ids) == 2, "it came back after its panic"
    for fault in gateway.faults:
        assert fault.injected_at_utc is not None
        assert f"{fault.injected_at_utc:%Y-%m-%d %H}" == "2026-11-18 03"
    assert any(name.name.startswith("dmesg-ramoops") for name in (folder / "gw-1/pstore").iterdir())


@pytest.mark.vm_slow
def test_the_truth_is_json_and_back(ran: tuple[Path, dict[str, FleetHost]]) -> None:
    _, hosts = ran
    for each in hosts.values():
        assert msgspec.json.decode(msgspec.json.encode(each), type=FleetHost) == each
