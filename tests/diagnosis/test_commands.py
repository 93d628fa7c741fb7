"""Commands carry the names of what a finding is about, and never more than a plain word of somebody else's."""

import pytest

from kernward.collectors.sources import cgroup_cpu
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.diagnosis.commands import VERSION_1, named
from kernward.diagnosis.hypotheses import hypotheses
from kernward.records.check import Action, Finding, Scope
from tests.diagnosis.windows import view


def command(text: str, scope: Scope, *victims: Scope, version_1: bool = False) -> str:
    groups = {"/a": CgroupCpu(shares=1024) if version_1 else CgroupCpu(weight=100)}
    finding = Finding(
        id="any", title="any", confidence=0.9, impact=0.5, scope=scope, mechanism="any", evidence=(),
        actions=(Action("now", "any", "any", text),), victims=victims,
    )  # fmt: skip
    return named(finding, view({cgroup_cpu.SOURCE: groups}).window)[0].command


@pytest.mark.parametrize(
    ("text", "scope", "expected"),
    [
        ("renice -n 19 -p PID", Scope("process", "worker[3] [812]"), "renice -n 19 -p 812"),
        ("smartctl -x /dev/DEVICE", Scope("device", "nvme0n1"), "smartctl -x /dev/nvme0n1"),
        ("ethtool IFACE; ip -s link show IFACE", Scope("interface", "br-0"), "ethtool br-0; ip -s link show br-0"),
        ("systemctl kill UNIT", Scope("cgroup", "/system.slice/a@1.service"), "systemctl kill a@1.service"),
        ("systemctl kill UNIT", Scope("cgroup", "/docker/1234"), "systemctl kill UNIT"),
        ("echo 1G > /sys/fs/cgroup/GROUP/memory.max", Scope("cgroup", "/a/b"), "echo 1G > /sys/fs/cgroup/a/b/memory.max"),
        ("kill PID", Scope("device", "sda"), "kill PID"),
    ],
)  # fmt: skip
def test_a_placeholder_becomes_the_name(text: str, scope: Scope, expected: str) -> None:
    assert command(text, scope) == expected


@pytest.mark.parametrize(
    "name", ["/a;reboot", "/$(reboot)", "/a b", "/a'b", "/`x`", "/a\n/b", "/é", "/a*", "/~"]
)
def test_a_name_that_a_shell_reads_as_more_than_one_word_stays_out(name: str) -> None:
    assert (
        command("cat /sys/fs/cgroup/GROUP/pids.max", Scope("cgroup", name))
        == "cat /sys/fs/cgroup/GROUP/pids.max"
    )


def test_a_name_that_a_program_reads_as_an_option_stays_out() -> None:
    assert command("ethtool IFACE", Scope("interface", "-s")) == "ethtool IFACE"


def test_a_file_system_is_named_where_one_suffers() -> None:
    one, other = Scope("filesystem", "/srv"), Scope("filesystem", "/var")
    assert command("umount MOUNTPOINT", Scope("device", "sda"), one) == "umount /srv"
    assert command("umount MOUNTPOINT", Scope("device", "sda"), one, other) == "umount MOUNTPOINT"


def test_a_victim_is_never_what_a_command_strikes() -> None:
    assert command("kill PID", Scope("cgroup", "/a"), Scope("process", "b[7]")) == "kill PID"


def test_where_cgroups_are_of_version_1_the_command_is_of_version_1() -> None:
    text = "echo 'max 100000' > /sys/fs/cgroup/GROUP/cpu.max"
    expected = "echo -1 > /sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us"
    assert command(text, Scope("cgroup", "/a/b"), version_1=True) == expected


@pytest.mark.parametrize("id", sorted(hypotheses()))
def test_each_command_about_a_cgroup_has_a_form_for_version_1(id: str) -> None:
    for action in hypotheses()[id].actions:
        text = action.command
        for newer, older in VERSION_1.items():
            text = text.replace(newer, older)
        assert "/sys/fs/cgroup/GROUP" not in text
