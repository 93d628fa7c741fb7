"""A fleet's plan: what it may say, and that what it may not say is refused with its place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernward.records.errors import InputError, UsageError
from kernward.records.fleet import Plan, PlannedDisk
from kernward.vm.plan import names_of, read_plan

WHOLE = """\
compress_above_kb = 60

[defaults]
kernel = "6.12"
logs = ["syslog"]

[[host]]
name = "web"
count = 3
kernel = "6.1"
memory = "1G"
smp = 2
clock = 2026-11-18T03:12:00+01:00
faults = [
    { fault = "cgroup-oom", at_s = 5, for_s = 10, limit_mb = 64 },
    "segfault",
]

[[host]]
name = "db-1"
memory = 512
logs = ["console", "dmesg", "journal", "netconsole-extended"]
disks = [{ name = "data", contents = "ext4" }]

[[host.faults]]
fault = "null-pointer"
access = "write"
"""


def plan_of(text: str, folder: Path) -> Plan:
    (folder / "plan.toml").write_text(text)
    return read_plan(folder / "plan.toml")


def test_a_plan_is_read(tmp_path: Path) -> None:
    plan = plan_of(WHOLE, tmp_path)
    assert plan.compress_above_kb == 60
    assert [host.name for host in plan.hosts] == ["web-1", "web-2", "web-3", "db-1"]
    web, db = plan.hosts[0], plan.hosts[3]
    assert (web.kernel, web.memory_mb, web.smp, web.logs) == ("6.1", 1024, 2, ("syslog",))
    assert web.clock == datetime(2026, 11, 18, 2, 12, tzinfo=UTC)
    assert [fault.fault for fault in web.faults] == ["cgroup-oom", "segfault"]
    first = web.faults[0]
    assert (first.at_s, first.for_s, first.values["limit_mb"]) == (5, 10, 64)
    assert (db.kernel, db.memory_mb, db.line) == ("6.12", 512, 19)
    assert db.disks == (PlannedDisk(name="data", contents="ext4"),)
    assert db.faults[0].values["access"] == "write"


@pytest.mark.parametrize(
    ("name", "count", "names"),
    [
        ("web", 1, ["web"]),
        ("web", 2, ["web-1", "web-2"]),
        ("web-4", 2, ["web-4", "web-5"]),
        ("web-4", 1, ["web-4"]),
    ],
)
def test_equal_hosts_are_numbered(name: str, count: int, names: list[str]) -> None:
    assert names_of(name, count) == names


HOST = '[[host]]\nname = "a"\nkernel = "6.1"\n'
WRONG = {
    "no TOML": ("[[host]\n", "this is no TOML: .*line 1"),
    "no hosts": ("", "line 1: a plan has at least one"),
    "a host that is no table": ("host = [1]\n", "line 1: a host is a table"),
    "an unknown key": (HOST + "colour = 1\n", "line 4: a host has no key 'colour'; it has: append, "),
    "an unknown key at the top": ("speed = 1\n" + HOST, "line 1: a plan has no key 'speed'"),
    "an unknown key in the defaults": (
        "[defaults]\ncount = 2\n" + HOST,
        r"line 2: \[defaults\] has no key 'count'",
    ),
    "no name": ('[[host]]\nkernel = "6.1"\n', "line 1: a host needs a name"),
    "no kernel": ('[[host]]\nname = "a"\n', "line 1: host a needs a kernel"),
    "a name that is none": ('[[host]]\nname = "../a"\nkernel = "6.1"\n', r"line 2: '\.\./a' is no host name"),
    "no count": (HOST + "count = 0\n", "line 4: count is a number of hosts"),
    "too little memory": (HOST + 'memory = "8K"\n', "line 4: memory is a size of 64M or more"),
    "a true size": (HOST + "memory = true\n", "line 4: memory is a size"),
    "a wrong type": (HOST + 'smp = "two"\n', "line 4: host a, smp: expected `int`, got `str`"),
    "an unknown log": (HOST + 'logs = ["syslogd"]\n', "line 4: host a, logs: .*known: console, console-raw"),
    "no clock": (HOST + 'clock = "noon"\n', "line 4: clock is a date with a time"),
    "an unknown fault": (
        HOST + 'faults = [\n  "segfault",\n  "segfalt",\n]\n',
        "line 6: host a: there is no fault 'segfalt'; nearest: segfault",
    ),
    "an unknown parameter": (
        HOST + 'faults = [{ fault = "cgroup-oom", speed = 1 }]\n',
        "line 4: host a: fault cgroup-oom has no parameter 'speed'",
    ),
    "a parameter out of range": (
        HOST + 'faults = [{ fault = "cgroup-oom", limit_mb = 0 }]\n',
        "line 4: host a: fault cgroup-oom: limit_mb must be",
    ),
    "a fault that is no name": (HOST + "faults = [1]\n", "line 4: a fault of host a is a table"),
    "faults that are no list": (HOST + 'faults = "segfault"\n', "line 4: faults of host a is a list"),
    "a time that is none": (
        HOST + 'faults = [{ fault = "segfault", at_s = "soon" }]\n',
        "line 4: host a, fault segfault, at_s: expected `float",
    ),
    "a time before the start": (
        HOST + 'faults = [{ fault = "segfault", at_s = -1 }]\n',
        "line 4: host a, fault segfault: at_s and for_s are seconds",
    ),
    "a fault behind the end": (
        HOST + 'faults = ["sysrq-crash", "segfault"]\n',
        "line 4: host a does not survive sysrq-crash: no fault can follow it",
    ),
    "syslog of a host without a root": (
        HOST + 'faults = ["no-root"]\nlogs = ["syslog"]\n',
        "line 4: host a has no root with no-root",
    ),
    "two syslog daemons": (HOST + 'logs = ["messages", "syslog"]\n', "line 4: host a can run busybox's"),
    "two forms of one log": (HOST + 'logs = ["syslog", "syslog-iso"]\n', "line 4: host a can have one of"),
    "two hosts of one name": (HOST + HOST, "line 4: there is a host a already"),
    "a peer that the fault has not": (
        HOST + 'faults = [{ fault = "segfault", peers = ["b"] }]\n',
        "line 4: host a: fault segfault takes 0 peers, not 1",
    ),
    "no script": (HOST + 'script = "work.sh"\n', "line 4: host a: there is no file work.sh beside the plan"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_plan_cannot_say_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, sentence = WRONG[name]
    with pytest.raises(UsageError, match=sentence) as told:
        plan_of(text, tmp_path)
    assert "\n" not in str(told.value)


def test_a_plan_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plan\.toml: No such file"):
        read_plan(tmp_path / "plan.toml")
