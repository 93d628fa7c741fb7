"""Two CPUs report at once, other programs write in between, a report begins or ends in the middle."""

import random
from pathlib import Path

import pytest

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.events import Event

# Two reports of different shape, without prefixes; CPU 0 prints the first, CPU 1 the second.
USE_AFTER_FREE = """\
==================================================================
BUG: KASAN: slab-use-after-free in frob_ring_poll+0x1c4/0x3d0 [frob]
Read of size 8 at addr ffff888012a4b010 by task frobd/4411

CPU: 0 UID: 0 PID: 4411 Comm: frobd Not tainted 6.12.8 #1
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.3 04/01/2014
Call Trace:
 <TASK>
 dump_stack_lvl+0x5d/0x80
 print_report+0x15b/0x4b0
 kasan_report+0xb9/0xf0
 frob_ring_poll+0x1c4/0x3d0 [frob]
 frob_file_poll+0x62/0xa0 [frob]
 do_sys_poll+0x41f/0x7e0
 __x64_sys_poll+0xa1/0x2c0
 do_syscall_64+0x82/0x190
 entry_SYSCALL_64_after_hwframe+0x76/0x7e
 </TASK>

Allocated by task 4400:
 kasan_save_stack+0x33/0x60
 __kasan_kmalloc+0xaa/0xb0
 frob_ring_alloc+0x5e/0x110 [frob]
 frob_open+0x3f/0x90 [frob]

Freed by task 4410:
 kasan_save_stack+0x33/0x60
 __kasan_slab_free+0x38/0x50
 kfree+0x127/0x400
 frob_ring_free+0x44/0x60 [frob]
==================================================================
""".splitlines()
PAGE_FAULT = """\
BUG: unable to handle page fault for address: ffffc90000a01000
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
Oops: Oops: 0002 [#1] SMP NOPTI
CPU: 1 UID: 0 PID: 5522 Comm: kworker/1:2 Tainted: G    B               6.12.8 #1
Tainted: [B]=BAD_PAGE
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.3 04/01/2014
Workqueue: events snarf_work [snarf]
RIP: 0010:snarf_copy_out+0x77/0x120 [snarf]
Code: 48 89 c7 48 8b 45 d0 48 89 de <48> 89 07 48 83 c3 08
RSP: 0018:ffffc9000056fe00 EFLAGS: 00010246
RAX: 0000000000000000 RBX: ffff8881034a1000 RCX: 0000000000000000
CR2: ffffc90000a01000 CR3: 0000000103c3a000 CR4: 00000000000006f0
Call Trace:
 <TASK>
 snarf_flush+0x5c/0xd0 [snarf]
 snarf_work+0x2e/0x70 [snarf]
 process_one_work+0x17e/0x330
 worker_thread+0x2ce/0x3f0
 kthread+0xef/0x230
 ret_from_fork+0x34/0x50
 </TASK>
Modules linked in: snarf frob
CR2: ffffc90000a01000
---[ end trace 0000000000000000 ]---
""".splitlines()
TITLES = [
    "KASAN: slab-use-after-free Read in frob_ring_poll",
    "BUG: unable to handle kernel paging request in snarf_copy_out",
]


def crashes(text: str, folder: Path) -> list[Event]:
    path = folder / "console.log"
    path.write_text(text)
    problems: list[str] = []
    found = [event for source in open_sources([str(path)], problems=problems) for event in recognise(source)]
    assert not problems
    return [event for event in found if event.class_ == "crash"]


def stamped(lines: list[str], caller: str | None) -> list[str]:
    tag = f"[{caller:>6}] " if caller else " "
    return [f"[  201.{number:06}]{tag}{line}" for number, line in enumerate(lines)]


def shuffled(first: list[str], second: list[str], seed: int) -> str:
    """Both in their own order, the first line of the first one in front."""
    choose = random.Random(seed)
    left, right = list(first), list(second)
    out = [left.pop(0)]
    while left or right:
        out.append((left if left and (not right or choose.random() < 0.5) else right).pop(0))
    return "\n".join(out) + "\n"


def shape(event: Event) -> object:
    report = event.report
    assert report is not None
    return (
        event.title,
        event.function,
        event.corrupted_reason,
        event.fields,
        event.signature,
        report.cpu,
        report.pid,
        report.comm,
        report.registers,
        report.modules,
        report.stacks,
    )


@pytest.mark.parametrize("seed", range(12))
def test_with_caller_tags_both_reports_are_whole(seed: int, tmp_path: Path) -> None:
    first, second = stamped(USE_AFTER_FREE, "T4411"), stamped(PAGE_FAULT, "T5522")
    alone = [crashes("\n".join(each) + "\n", tmp_path)[0] for each in (first, second)]
    together = crashes(shuffled(first, second, seed), tmp_path)
    assert sorted(event.title for event in together) == sorted(TITLES)
    by_title = {event.title: event for event in together}
    for event in alone:
        assert event.corrupted_reason is None
        assert shape(by_title[event.title]) == shape(event)


@pytest.mark.parametrize("seed", range(12))
def test_without_caller_tags_the_mixture_is_told(seed: int, tmp_path: Path) -> None:
    found = crashes(shuffled(stamped(USE_AFTER_FREE, None), stamped(PAGE_FAULT, None), seed), tmp_path)
    assert found
    assert all(event.title in TITLES or event.corrupted_reason for event in found)
    assert any(event.corrupted_reason for event in found)


def test_lines_of_other_programs_between_the_frames_do_no_harm(tmp_path: Path) -> None:
    lines = [f"Nov  3 04:05:06 node-17 kernel: {line}" for line in stamped(PAGE_FAULT, None)]
    plain = crashes("\n".join(lines) + "\n", tmp_path)[0]
    noisy: list[str] = []
    for number, line in enumerate(lines):
        noisy += [line, f"Nov  3 04:05:06 node-17 sshd[{700 + number}]: BUG: kernel NULL pointer dereference"]
    found = crashes("\n".join(noisy) + "\n", tmp_path)
    assert [event.title for event in found] == TITLES[1:]
    assert shape(found[0]) == shape(plain)


def test_two_hosts_in_one_log_are_two_reports(tmp_path: Path) -> None:
    first = [f"Nov  3 04:05:06 node-17 kernel: {line}" for line in stamped(USE_AFTER_FREE, None)]
    second = [f"Nov  3 04:05:06 node-18 kernel: {line}" for line in stamped(PAGE_FAULT, None)]
    found = crashes(shuffled(first, second, 5), tmp_path)
    assert sorted(event.title for event in found) == sorted(TITLES)
    assert not any(event.corrupted_reason for event in found)
    assert {event.host for event in found} == {"node-17", "node-18"}


@pytest.mark.parametrize("kept", [1, 3, 6, 7])
def test_a_report_that_ends_before_its_stack_is_damaged(kept: int, tmp_path: Path) -> None:
    found = crashes("\n".join(stamped(USE_AFTER_FREE[: kept + 1], None)) + "\n", tmp_path)
    assert [event.kind for event in found] == ["kasan"]
    assert found[0].corrupted_reason is not None


def test_a_report_that_ends_within_its_stack_keeps_its_name(tmp_path: Path) -> None:
    cut = PAGE_FAULT.index(" process_one_work+0x17e/0x330")
    found = crashes("\n".join(stamped(PAGE_FAULT[:cut], None)) + "\n", tmp_path)
    assert [event.title for event in found] == TITLES[1:]


def test_a_report_that_lost_its_header_is_still_found(tmp_path: Path) -> None:
    found = crashes("\n".join(stamped(PAGE_FAULT[3:], None)) + "\n", tmp_path)
    assert len(found) == 1
    assert found[0].function == "snarf_copy_out"
    assert found[0].report is not None
    assert found[0].report.pid == 5522
