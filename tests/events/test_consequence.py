"""What caused what: the chains that the design names, and that every rule can apply."""

import re
from pathlib import Path

import pytest

from kernward.events import index
from kernward.events.consequence import NEEDS_CAUSE, RULES, Rule
from tests.events import cases

IDS = [kind.id for kind in index.kinds()]

CHAINS = {
    "io": """\
[  100.000000] I/O error, dev sdb, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2
[  100.000100] Buffer I/O error on dev sdb1, logical block 12, lost sync page write
[  100.000200] EXT4-fs error (device sdb1): ext4_find_entry:1683: inode #2: comm nginx: reading directory lblock 0
[  100.000300] EXT4-fs (sdb1): Remounting filesystem read-only
[  250.000000] INFO: task nginx:812 blocked for more than 120 seconds.
[  250.000010]       Not tainted 6.1.0-47-cloud-amd64 #1 Debian 6.1.170-1
[  250.000020] task:nginx           state:D stack:0     pid:812   ppid:1      flags:0x00000002
[  250.000030] Call Trace:
[  250.000031]  <TASK>
[  250.000040]  __schedule+0x351/0xa20
[  250.000050]  schedule+0x5d/0xe0
[  250.000060]  io_schedule+0x42/0x70
[  250.000070]  jbd2_log_wait_commit+0xd7/0x140
[  250.000080]  ext4_sync_file+0x1a0/0x380
[  250.000090]  do_fsync+0x38/0x70
[  250.000100]  </TASK>
[  250.000200] Kernel panic - not syncing: hung_task: blocked tasks
""",
    "warn": """\
[   10.000000] WARNING: CPU: 1 PID: 77 at drivers/foo/frob.c:42 frob_start+0x1c/0x90 [frob]
[   10.000010] CPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0-47-cloud-amd64 #1 Debian 6.1.170-1
[   10.000020] RIP: 0010:frob_start+0x1c/0x90 [frob]
[   10.000030] Call Trace:
[   10.000040]  frob_open+0x33/0x70 [frob]
[   10.000050]  do_dentry_open+0x1d2/0x3f0
[   10.000060] Kernel panic - not syncing: kernel: panic_on_warn set ...
""",
}


def links(log: str, folder: Path) -> list[tuple[str, str | None]]:
    file = folder / "kernel.log"
    file.write_text(log)
    return [
        (event.kind, event.caused_by[0].kind if event.caused_by else None) for event in cases.events_of(file)
    ]


def test_io_error_to_panic(tmp_path: Path) -> None:
    assert links(CHAINS["io"], tmp_path) == [
        ("block-io-error", None),
        ("buffer-io-error", "block-io-error"),
        ("ext4-error", "buffer-io-error"),
        ("ext4-remount-read-only", "ext4-error"),
        ("hung-task", "ext4-remount-read-only"),
        ("panic-hung-task", "hung-task"),
    ]


def test_warning_to_panic(tmp_path: Path) -> None:
    assert links(CHAINS["warn"], tmp_path) == [("warning", None), ("panic-on-warn", "warning")]


def test_another_disk_is_not_the_cause(tmp_path: Path) -> None:
    log = (
        CHAINS["io"]
        .replace("dev sdb,", "dev sdc,")
        .replace("[  100.000100] Buffer", "[  100.000100] x Buffer")
    )
    found = dict(links(log, tmp_path))
    assert found["ext4-remount-read-only"] == "ext4-error"


def test_a_new_boot_has_no_old_causes(tmp_path: Path) -> None:
    banner = "[    0.000000] Linux version 6.1.0-47-cloud-amd64 (a@b) (gcc) #1 SMP\n"
    lines = CHAINS["warn"].splitlines(keepends=True)
    found = links("".join(lines[:-1]) + banner + lines[-1], tmp_path)
    assert ("panic-on-warn", None) in found


def test_a_panic_that_lost_its_report_says_so(tmp_path: Path) -> None:
    file = tmp_path / "kernel.log"
    file.write_text(CHAINS["warn"].splitlines(keepends=True)[-1])
    (event,) = cases.events_of(file)
    assert event.corrupted
    assert event.corrupted_reason == "the report that led to this panic is not in the log"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
def test_every_rule_names_kinds_that_exist(rule: Rule) -> None:
    for words in (rule.effect, rule.cause):
        for word in re.split(r"\|(?![^(]*\))", words):
            assert any(re.fullmatch(word, id) for id in IDS), word


def test_panics_that_need_a_cause_exist() -> None:
    assert set(IDS) >= NEEDS_CAUSE
