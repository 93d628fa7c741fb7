"""The site's collector: what is sent to it is filed under its sender, and nothing else is."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.vm import collector as collecting
from kernward.vm import console_log, frames
from kernward.vm.collector import Collector, filed_as

HOST_MAC, OTHER_MAC = frames.mac("52:54:00:4d:01:01"), frames.mac("52:54:00:4d:01:02")
MINE = frames.mac(collecting.MAC)


def udp(
    data: bytes, port: int = 514, *, sender: str = "10.77.1.1", to: bytes = MINE, fragment: int = 0
) -> bytes:
    head = struct.pack("!HHHH", 1024, port, 8 + len(data), 0)
    size = 20 + len(head) + len(data)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, size, 1, fragment, 64, 17, 0)
    return (
        to + HOST_MAC + b"\x08\x00" + ip + frames.address(sender) + frames.address("10.77.0.1") + head + data
    )


@pytest.fixture
def collector(tmp_path: Path):
    with Collector(tmp_path, limit_bytes=1000) as collector:
        collector.expect("web-1", "10.77.1.1")
        collector.expect("web-2", "10.77.1.2")
        yield collector


def test_each_host_has_its_own_files(collector: Collector, tmp_path: Path) -> None:
    collector.frame(udp(b"<4>Nov 18 03:12:04 web-1 kernel: [    1.0] one\n"))
    collector.frame(udp(b"<4>Nov 18 03:12:05 web-2 kernel: [    1.0] two", sender="10.77.1.2"))
    collector.frame(udp(b"[    2.0] three\n", 6666))
    assert (tmp_path / "web-1/kern.log").read_bytes() == b"Nov 18 03:12:04 web-1 kernel: [    1.0] one\n"
    assert (tmp_path / "web-2/kern.log").read_bytes() == b"Nov 18 03:12:05 web-2 kernel: [    1.0] two\n"
    assert (tmp_path / "web-1/netconsole.log").read_bytes() == b"[    2.0] three\n"
    assert [path.name for path in collector.finish("web-1")] == ["kern.log", "netconsole.log"]


@pytest.mark.parametrize(
    ("data", "name", "line"),
    [
        (b"<6>Nov 18 03:12:04 kernel: [    1.0] x", "kern.log", b"Nov 18 03:12:04 db-1 kernel: [    1.0] x\n"),
        (b"<6>Nov  8 03:12:04 db-1 kernel: a: b", "kern.log", b"Nov  8 03:12:04 db-1 kernel: a: b\n"),
        (b"<6>2026-11-18T03:12:04+00:00 db-1 kernel: x", "kern.log", b"2026-11-18T03:12:04+00:00 db-1 kernel: x\n"),
        (b"<6>1 2026-11-18T03:12:04Z db-1 kernel - - - x", "syslog.log", b"<6>1 2026-11-18T03:12:04Z db-1 kernel - - - x\n"),
        (b'{"MESSAGE":"x"}\n', "journal.json", b'{"MESSAGE":"x"}\n'),
        (b"<6>Nov 18 03:12:04 db-1 kernel: a\nb\0", "kern.log", b"Nov 18 03:12:04 db-1 kernel: a#012b\n"),
    ],
    ids=["a-host-without-a-name", "traditional", "iso", "rfc5424", "journal", "two-lines"],
)  # fmt: skip
def test_what_syslog_sends_is_filed_by_its_form(data: bytes, name: str, line: bytes) -> None:
    assert filed_as("db-1", 514, data) == (name, line)


def test_a_log_without_end_is_cut_off(collector: Collector, tmp_path: Path) -> None:
    for _ in range(100):
        collector.frame(udp(b"<4>Nov 18 03:12:04 web-1 kernel: again and again"))
    assert (tmp_path / "web-1/kern.log").stat().st_size <= 1000
    assert collector.left_out > 50


@pytest.mark.parametrize(
    "frame",
    [
        udp(b"x", sender="10.77.9.9"),
        udp(b"x", to=OTHER_MAC),
        udp(b"x", 80),
        udp(b"x", fragment=0x2000),
        udp(b"x" * 50)[:60],
        b"",
        MINE,
    ],
    ids=["a stranger", "to another", "another port", "a fragment", "cut off", "empty", "a destination"],
)
def test_what_is_not_for_it_is_left_alone(frame: bytes, collector: Collector, tmp_path: Path) -> None:
    assert collector.frame(frame) is None
    assert not list(tmp_path.iterdir())


def test_it_says_where_it_is(collector: Collector) -> None:
    host = frames.address("10.77.1.1")
    body = struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, HOST_MAC, host, bytes(6), frames.address("10.77.0.1")
    )
    answer = collector.frame(b"\xff" * 6 + HOST_MAC + b"\x08\x06" + body)
    assert answer is not None
    assert answer[:12] == HOST_MAC + MINE
    assert struct.unpack("!HHBBH6s4s6s4s", answer[14:42])[4:] == (
        2, MINE, frames.address("10.77.0.1"), HOST_MAC, host,
    )  # fmt: skip
    other = body[:-4] + frames.address("10.77.0.2")
    assert collector.frame(b"\xff" * 6 + HOST_MAC + b"\x08\x06" + other) is None


@given(st.binary(max_size=200))
def test_no_frame_is_too_strange(rest: bytes) -> None:
    for kind in (b"\x08\x00", b"\x08\x06", b"\x86\xdd"):
        frame = MINE + HOST_MAC + kind + rest
        found = frames.datagram(frame)
        assert found is None or found.data in frame
        frames.arp_reply(frame, MINE, frames.address("10.77.0.1"))


BOOT = (
    b"2026-11-18T01:00:00.000000Z snapshot: [    0.000000] Linux version 6.1.0\n"
    b"2026-11-18T01:00:04.000000Z snapshot: [    4.000000] up"
)
LOG = b"2026-11-21T05:00:10.500000Z web-1: [    9.000000] BUG\n2026-11-21T05:00:10.500000Z web-1: login: "


def test_a_restored_console_begins_with_its_boot_in_the_hosts_own_time() -> None:
    up_at = datetime(2026, 11, 21, 5, 0, 0, tzinfo=UTC)
    assert console_log.timed(
        BOOT, LOG, "web-1", up_at=up_at, clock_offset_s=-3600.0
    ).decode().splitlines() == [
        "2026-11-21T03:59:56.000000Z web-1: [    0.000000] Linux version 6.1.0",
        "2026-11-21T04:00:00.000000Z web-1: [    4.000000] up",
        "2026-11-21T04:00:10.500000Z web-1: [    9.000000] BUG",
        "2026-11-21T04:00:10.500000Z web-1: login: ",
    ]


def test_a_raw_console_is_what_the_port_gave() -> None:
    assert console_log.raw(BOOT, LOG) == (
        b"[    0.000000] Linux version 6.1.0\r\n[    4.000000] up\r\n[    9.000000] BUG\r\nlogin: "
    )
