"""The kernel's log: events with their age, reports that come in pieces, copies, floods."""

import os
from pathlib import Path

import pytest

from kernward.collectors.kernel_messages import Message, Ring, busiest
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import earlier_boot, kernel_events, kernel_log
from tests.collectors.made_trees import made

HUNG = """\
[  100.000000] INFO: task kf_submit:812 blocked for more than 120 seconds.
[  100.000010]       Not tainted 6.1.0-28-amd64 #1 Debian 6.1.119-1
[  100.000020] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  100.000030] task:kf_submit       state:D stack:0     pid:812   ppid:2 flags:0x00004000
[  100.000040] Call Trace:
[  100.000050]  <TASK>
[  100.000060]  __schedule+0x34d/0x9e0
[  100.000070]  schedule+0x5a/0xd0
[  100.000080]  schedule_preempt_disabled+0x11/0x20
[  100.000090]  __mutex_lock.constprop.0+0x399/0x700
[  100.000100]  kf_submit+0x15/0x40 [driver]
[  100.000110]  kthread+0xd7/0x100
[  100.000120]  </TASK>
"""


def tree(folder: Path, text: str | bytes, uptime: str = "130.50 200.00\n") -> Root:
    return made(folder, {"/var/log/dmesg": text, "/proc/uptime": uptime})


def records(text: str, first: int = 0, facility: int = 0) -> list[bytes]:
    found = []
    for number, line in enumerate(text.splitlines(), first):
        at, _, message = line[1:].partition("] ")
        microseconds = round(float(at) * 1e6)
        found.append(f"{facility * 8 + 4},{number},{microseconds},-;{message}\n".encode())
    return found


def ring() -> Ring:
    return Ring(os.open("/dev/null", os.O_RDONLY))


def test_an_event_of_a_copied_log_has_its_age_and_its_fields(tmp_path: Path) -> None:
    found = kernel_events.read(tree(tmp_path, HUNG))["hung-task"]
    assert (found.count, found.recent, found.severity) == (1, 1, "error")
    assert found.age_s == 30.5
    (event,) = found.latest
    assert (event.fields["comm"], event.fields["pid"], event.fields["blocked_s"]) == ("kf_submit", 812, 120)
    assert event.function == "kf_submit"
    assert event.stack[:2] == ("__schedule", "schedule")


def test_without_an_uptime_the_age_is_not_known(tmp_path: Path) -> None:
    found = kernel_events.read(tree(tmp_path, HUNG, uptime=""))["hung-task"]
    assert (found.count, found.recent, found.age_s) == (1, None, None)


def test_an_event_of_long_ago_is_not_recent(tmp_path: Path) -> None:
    found = kernel_events.read(tree(tmp_path, HUNG, uptime="90000.00 1.0\n"))["hung-task"]
    assert (found.count, found.recent) == (1, 0)


def test_only_kinds_that_are_asked_for_are_given(tmp_path: Path) -> None:
    assert kernel_events.read(tree(tmp_path, HUNG), ["block-io-error"]) == {}


def test_a_sosreports_dmesg_is_found(tmp_path: Path) -> None:
    (tmp_path / "sos_commands/kernel").mkdir(parents=True)
    (tmp_path / "sos_commands/kernel/dmesg").write_text(HUNG)
    assert list(kernel_events.read(Root(tmp_path))) == ["hung-task"]


def test_a_tree_without_a_log_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no kernel log"):
        kernel_log.read(Root(tmp_path))


@pytest.mark.parametrize(
    "hostile", [b"\0" * 5000 + b"\n", b"\xff\xfe;;;,,,\n" * 300, b"[ 1e999] x\n[ -] y\n"]
)
def test_a_log_of_rubbish_gives_no_event(tmp_path: Path, hostile: bytes) -> None:
    root = tree(tmp_path, hostile)
    assert kernel_events.read(root) == {}
    kernel_log.read(root)


def test_a_report_that_was_being_printed_is_read_whole_the_next_time() -> None:
    device, all_ = ring(), records(HUNG)
    device.add(all_[:5])
    assert [each.kind for each in device.events] == ["hung-task"]
    device.add(all_[5:])
    (event,) = device.events
    assert event.function == "kf_submit"


def test_what_is_read_again_is_not_counted_again() -> None:
    device = ring()
    device.add(records(HUNG))
    later = HUNG.replace("[  100.", "[  220.").replace("812", "813")
    device.add(records(later, first=13))
    device.add([])
    assert [each.fields["pid"] for each in device.events] == [812, 813]


def test_an_event_that_left_the_part_that_is_read_again_stays() -> None:
    device = ring()
    device.add(records(HUNG))
    for start in range(0, 900, 300):
        text = "".join(f"[  {200 + start + each}.0] usb 1-1: message\n" for each in range(300))
        device.add(records(text, first=13 + start))
    assert [each.kind for each in device.events] == ["hung-task"]


def test_what_a_program_wrote_into_the_ring_is_no_event() -> None:
    device = ring()
    device.add(records(HUNG, facility=1))
    assert device.events == []
    assert len(device.messages) == 13


def test_messages_that_were_overwritten_between_two_readings_are_counted() -> None:
    device = ring()
    device.add(records(HUNG))
    device.add(records("[  300.0] usb 1-1: reset\n", first=1013))
    assert device.missed == 1000
    assert device.next == 1014


def test_torn_records_are_passed_over() -> None:
    device = ring()
    device.add([b"", b"x", b"1,2\n", b"a,b,c,d;e\n", b"6,7,8,-;good\n"])
    assert [each.text for each in device.messages] == ["good"]


def test_a_flood_is_seen_by_its_text_without_the_numbers(tmp_path: Path) -> None:
    lines = "".join(f"[  {100 + each / 1000:.6f}] dev: completion {each:06d} lost\n" for each in range(5000))
    found = kernel_log.read(tree(tmp_path, "[    1.000000] Linux\n" + lines, uptime="110.0 1\n"))
    assert (found.burst, found.burst_same) == (5000, 5000)
    assert found.burst_text == "dev: completion # lost"
    assert found.burst_age_s == pytest.approx(5.0, abs=0.1)
    assert found.reaches_back_s == 109.0


def test_the_densest_stretch_ends_where_it_ends() -> None:
    messages = [Message(float(at), f"m {at}") for at in (0, 50, 51, 52, 100)]
    assert busiest(messages, 10.0) == (3, 52.0, "m #", 3)
    assert busiest([], 10.0) is None


PANIC = """\
Panic#1 Part1
<0>[   93.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
<4>[   93.000010] CPU: 0 PID: 1 Comm: init Not tainted 6.1.0 #1
"""


def test_a_panic_of_the_boot_before_is_read_from_pstore(tmp_path: Path) -> None:
    (tmp_path / "sys/fs/pstore").mkdir(parents=True)
    (tmp_path / "sys/fs/pstore/dmesg-efi-171234567801001").write_text(PANIC)
    found = earlier_boot.read(Root(tmp_path))
    assert "panic-init-killed" in found
    assert found["panic-init-killed"].latest[0].text.startswith("Kernel panic")


def test_a_link_in_a_copied_pstore_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "tree/sys/fs/pstore").mkdir(parents=True)
    (tmp_path / "outside").write_text(PANIC)
    (tmp_path / "tree/sys/fs/pstore/dmesg-efi-171234567801001").symlink_to(tmp_path / "outside")
    assert earlier_boot.read(Root(tmp_path / "tree")) == {}


def test_no_crash_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "sys/fs/pstore").mkdir(parents=True)
    assert earlier_boot.read(Root(tmp_path)) == {}
