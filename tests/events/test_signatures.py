"""What a signature must not depend on, and what it must: property tests over mutated reports."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernward.events import index
from kernward.records.events import Event
from tests.events import cases

REPORT = """\
[  871.540161] BUG: kernel NULL pointer dereference, address: 0000000000000048
[  871.540170] #PF: supervisor read access in kernel mode
[  871.540172] #PF: error_code(0x0000) - not-present page
[  871.540180] Oops: 0000 [#1] PREEMPT SMP NOPTI
[  871.540190] CPU: 3 PID: 4711 Comm: backup.sh Not tainted 6.1.0-47-cloud-amd64 #1 Debian 6.1.170-1
[  871.540195] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-1 04/01/2014
[  871.540201] RIP: 0010:frob_release+0x1c/0x90 [frob]
[  871.540210] Code: 48 89 e5 41 54 53 <48> 8b 47 48
[  871.540220] RSP: 0018:ffffb7e4c0c37d58 EFLAGS: 00010246
[  871.540230] RAX: 0000000000000000 RBX: ffff9d3c41f0a000 RCX: 0000000000000000
[  871.540240] Call Trace:
[  871.540241]  <TASK>
[  871.540250]  ? __die_body+0x1a/0x60
[  871.540260]  frob_close+0x33/0x70 [frob]
[  871.540270]  __fput+0x8e/0x250
[  871.540280]  task_work_run+0x59/0x90
[  871.540290]  exit_to_user_mode_prepare+0x1b2/0x1c0
[  871.540300]  syscall_exit_to_user_mode+0x17/0x40
[  871.540310]  do_syscall_64+0x67/0xc0
[  871.540320]  entry_SYSCALL_64_after_hwframe+0x64/0xce
[  871.540330] RIP: 0033:0x7f2c1d5149e0
[  871.540340]  </TASK>
[  871.540350] ---[ end trace 0000000000000000 ]---
"""


def signature(log: str, folder: Path) -> tuple[Event, tuple[str, str, str]]:
    file = folder / "kernel.log"
    file.write_text(log)
    events = [event for event in cases.events_of(file) if event.class_ == "crash"]
    assert len(events) == 1, [event.title for event in events]
    return events[0], (events[0].signature.exact, events[0].signature.function, events[0].signature.subsystem)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The report on another CPU, by another task, at other addresses, at another time."""
    log = REPORT
    log = re.sub(r"CPU: \d+", f"CPU: {draw(st.integers(0, 1023))}", log)
    log = re.sub(r"PID: \d+", f"PID: {draw(st.integers(1, 4_000_000))}", log)
    comm = draw(st.from_regex(r"[a-z][a-z0-9_./:-]{0,14}", fullmatch=True))
    log = log.replace("Comm: backup.sh", f"Comm: {comm}")
    shift = draw(st.integers(0, 0xFFF))
    log = re.sub(r"\+0x([0-9a-f]+)/", lambda m: f"+{(int(m[1], 16) + shift) & 0xFFFF:#x}/", log)
    log = log.replace("ffff9d3c41f0a000", f"{draw(st.integers(0xFFFF800000000000, 0xFFFFFFFFFFFFFFFF)):016x}")
    seconds = draw(st.integers(0, 99999))
    log = re.sub(r"\[  871\.", f"[{seconds:5d}.", log)
    suffix = draw(st.sampled_from(["", ".isra.0", ".part.1", ".constprop.0", ".cold", ".isra.0.cold"]))
    log = log.replace("frob_close+", f"frob_close{suffix}+")
    caller = draw(st.sampled_from(["", "[ T4711]", "[    C3]"]))
    if caller:
        log = re.sub(r"^(\[ *\d+\.\d+\])", rf"\1{caller}", log, flags=re.M)
    form = draw(st.sampled_from(["console", "syslog", "iso", "level", "journal"]))
    lines = log.splitlines()
    if form == "syslog":
        lines = [f"Nov  3 04:05:06 node-17 kernel: {line}" for line in lines]
    elif form == "iso":
        lines = [f"2026-11-03T04:05:06.123456+00:00 node-17 kernel: {line}" for line in lines]
    elif form == "level":
        lines = [f"<{draw(st.integers(0, 7))}>{line}" for line in lines]
    elif form == "journal":
        lines = [
            f"Nov 03 04:05:06 node-17 kernel: {re.sub(r'^[^A-Za-z <#-]*[0-9.]+](?:.[ TC0-9]+])? ', '', line)}"
            for line in lines
        ]
    return "\n".join(lines) + "\n"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=mutations())
def test_signature_survives_everything_that_differs_between_two_hosts(log: str, tmp_path: Path) -> None:
    event, mutated = signature(log, tmp_path)
    _, original = signature(REPORT, tmp_path)
    assert mutated == original
    assert event.function == "frob_release"
    assert event.title == "BUG: unable to handle kernel NULL pointer dereference in frob_release"


def test_signature_tells_two_functions_apart(tmp_path: Path) -> None:
    _, one = signature(REPORT, tmp_path)
    _, other = signature(REPORT.replace("frob_release", "frob_open"), tmp_path)
    assert one[1] != other[1]


def test_kind_is_part_of_every_layer(tmp_path: Path) -> None:
    event, layers = signature(REPORT, tmp_path)
    assert all(layer.startswith(event.kind + ":") for layer in layers)


def test_reading_again_from_the_report_gives_the_same_and_from_its_end_nothing(tmp_path: Path) -> None:
    event, layers = signature("[    1.000000] systemd[1]: started\n" * 20 + REPORT, tmp_path)
    log = (tmp_path / "kernel.log").read_text()
    _, again = signature(log[event.start :], tmp_path)
    assert again == layers
    (tmp_path / "kernel.log").write_text(log[event.end :])
    assert [each.kind for each in cases.events_of(tmp_path / "kernel.log")] == []


@pytest.mark.parametrize("path", sorted(cases.FOLDER.glob("*.case")), ids=lambda path: path.name)
def test_without_hyperscan_the_events_are_the_same(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "kernel.log"
    file.write_bytes(cases.read(path)[1])
    assert cases.events_of(file, engine="re") == cases.events_of(file)


def test_index_is_current_and_names_every_kind() -> None:
    built = index.load()
    assert built.digest == index.digest()
    assert {id for entry in built.entries for id in entry.kinds} == {kind.id for kind in index.kinds()}
