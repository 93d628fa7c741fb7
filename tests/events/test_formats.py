"""The same messages in any format are the same events: nothing depends on how a site ships its logs."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.events import cases
from tests.events.test_signatures import REPORT

OOM = """\
[  900.100000] Memory cgroup out of memory: Killed process 4242 (java) total-vm:9123456kB, anon-rss:524288kB, file-rss:1024kB, shmem-rss:0kB, UID:1000 pgtables:2048kB oom_score_adj:979
[ 1000.200000] nf_conntrack: nf_conntrack: table full, dropping packet
"""
MESSAGES = [
    (float(found[1]), found[2])
    for line in (REPORT + OOM).splitlines()
    if (found := re.match(r"\[ *(\d+\.\d+)\] (.*)", line))
]
EPOCH = 1_762_142_400


def console(number: int, at: float, text: str) -> bytes:
    return f"[{at:12.6f}] {text}\n".encode()


def syslog(number: int, at: float, text: str) -> bytes:
    return f"Nov  3 04:05:06 web-1 kernel: [{at:12.6f}] {text}\n".encode()


def rsyslog(number: int, at: float, text: str) -> bytes:
    return f"2026-11-03T04:05:06.123456+01:00 web-1 kernel: [{at:12.6f}] {text}\n".encode()


def rfc5424(number: int, at: float, text: str) -> bytes:
    return f"<4>1 2026-11-03T04:05:06.123Z web-1 kernel - - - [{at:12.6f}] {text}\n".encode()


def kmsg(number: int, at: float, text: str) -> bytes:
    return f"4,{number},{int(at * 1e6)},-;{text}\n SUBSYSTEM=x\n".encode()


def netconsole(number: int, at: float, text: str) -> bytes:
    return f"4,{number},{int(at * 1e6)},-;{text}\n".encode()


def journal_json(number: int, at: float, text: str) -> bytes:
    return json.dumps(journal_fields(at, text)).encode() + b"\n"


def journal_bytes(number: int, at: float, text: str) -> bytes:
    return json.dumps(journal_fields(at, text) | {"MESSAGE": list(text.encode())}).encode() + b"\n"


def journal_export(number: int, at: float, text: str) -> bytes:
    return "".join(f"{key}={value}\n" for key, value in journal_fields(at, text).items()).encode() + b"\n"


def journal_fields(at: float, text: str) -> dict[str, str]:
    return {
        "__REALTIME_TIMESTAMP": str(int((EPOCH + at) * 1e6)),
        "__MONOTONIC_TIMESTAMP": str(int(at * 1e6)),
        "_BOOT_ID": "0f" * 16,
        "_TRANSPORT": "kernel",
        "_HOSTNAME": "web-1",
        "_SOURCE_MONOTONIC_TIMESTAMP": str(int(at * 1e6)),
        "SYSLOG_IDENTIFIER": "kernel",
        "PRIORITY": "4",
        "MESSAGE": text,
    }


def events(data: bytes, folder: Path) -> list[tuple[str, str, str | None, object]]:
    file = folder / "log"
    file.write_bytes(data)
    return [(event.kind, event.title, event.function, event.signature) for event in cases.events_of(file)]


FORMS = [syslog, rsyslog, rfc5424, kmsg, netconsole, journal_json, journal_bytes, journal_export]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_the_same_events_in_every_format(form: Callable[[int, float, str], bytes], tmp_path: Path) -> None:
    plain = events(b"".join(console(n, at, text) for n, (at, text) in enumerate(MESSAGES)), tmp_path)
    assert [kind for kind, *_ in plain] == [
        "null-pointer-dereference",
        "oom-kill-cgroup",
        "conntrack-table-full",
    ]
    assert events(b"".join(form(n, at, text) for n, (at, text) in enumerate(MESSAGES)), tmp_path) == plain


def test_hosts_that_alternate_in_a_central_log_keep_their_reports_apart(tmp_path: Path) -> None:
    one = syslog
    lines = []
    for number, (at, text) in enumerate(MESSAGES):
        lines.append(one(number, at, text))
        lines.append(one(number, at, text.replace("frob_release", "frob_open")).replace(b"web-1", b"db-7"))
    file = tmp_path / "central.log"
    file.write_bytes(b"".join(lines))
    found = [
        (event.host, event.function, event.corrupted)
        for event in cases.events_of(file)
        if event.class_ == "crash"
    ]
    assert found == [("web-1", "frob_release", False), ("db-7", "frob_open", False)]


def test_a_log_that_is_saved_twice_counts_once(tmp_path: Path) -> None:
    log = b"".join(console(n, at, text) for n, (at, text) in enumerate(MESSAGES))
    assert events(log + log, tmp_path) == events(log, tmp_path)


def test_chunks_of_any_size_give_the_same_events(tmp_path: Path) -> None:
    log = b"".join(console(n, at, text) for n, (at, text) in enumerate(MESSAGES))
    filler = b"".join(console(0, 100 + n / 1000, "usb 1-1: new device") for n in range(40_000))
    found = events(
        filler + log + filler + log.replace(b"[  ", b"[ 9").replace(b"[ 1000", b"[11000"), tmp_path
    )
    assert [kind for kind, *_ in found] == 2 * [
        "null-pointer-dereference",
        "oom-kill-cgroup",
        "conntrack-table-full",
    ]
