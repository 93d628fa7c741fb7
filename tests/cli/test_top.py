"""`kernward top`: what fits the terminal is shown, hostile names are harmless, keys do what they say."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from kernward.cli.main import main
from kernward.cli.top_screen import keys
from kernward.cli.top_text import lines
from kernward.records.overview import (
    CgroupUse,
    DeviceUse,
    InterfaceUse,
    Memory,
    Network,
    Overview,
    Processors,
    ProcessUse,
    Stall,
)
from tests.operations.test_overview import START

HOSTILE = "a\x1b]0;owned\x07\x1b[31m\u202e[red]b\n"


def made(**changes: Any) -> Overview:
    values: dict[str, Any] = {
        "host": "web1",
        "kernel": "6.1.0",
        "boot_id": None,
        "at_utc": START,
        "seconds": 2.0,
        "uptime_s": 90061.0,
        "processors": Processors(cpus=4, user_percent=12.5, busy_percent=(0.0, 100.0)),
        "memory": Memory(total_bytes=8 << 30),
        "stalls": (Stall(resource="io", some_percent=55.0, full_percent=5.0),),
        "network": Network(retransmits_per_s=3.0),
        "cgroups": (CgroupUse(name="/web", cpu_percent=40.0), CgroupUse(name="/db", memory_bytes=9 << 30)),
        "devices": (DeviceUse(name="vda", busy_percent=99.0, latency_ms=12.0),),
        "interfaces": (InterfaceUse(name="eth0", drops_per_s=7.0),),
        "processes": (
            ProcessUse(pid=8, comm="dd", state="D", cpu_percent=1.0),
            ProcessUse(pid=7, comm="nginx", state="S", cpu_percent=40.0),
        ),
    } | changes
    return Overview(**values)


def shown(found: Overview, width: int = 120, height: int = 40, sort: str = "c") -> list[str]:
    return [each.plain for each in lines(found, width=width, height=height, sort=sort)]


def test_the_machine_comes_first_and_then_who_uses_it() -> None:
    text = shown(made())
    assert text[0] == "web1  6.1.0  up 1 d 1:01  2026-01-02 00:00:00 UTC  live, 2.0 s"
    assert "io some 55.0 %, full 5.0 %" in text[3]
    headings = [line.split()[0] for line in text if line.startswith(("cgroup", "device", "process"))]
    assert headings == ["cgroup", "device", "process"]


def test_sorting_is_by_what_the_heading_says() -> None:
    def firsts(sort: str) -> tuple[str, str]:
        text = shown(made(), sort=sort)
        at = [number for number, line in enumerate(text) if " by " in line]
        return text[at[0] + 1].split()[0], text[at[1] + 1].split()[0]

    assert firsts("c") == ("/web", "nginx[7]")
    assert firsts("m")[0] == "/db"
    assert firsts("w")[1] == "dd[8]"


@pytest.mark.parametrize(("width", "height"), [(10, 3), (40, 12), (80, 24), (200, 60), (1, 1)])
def test_it_fits_every_terminal(width: int, height: int) -> None:
    many = made(
        cgroups=tuple(CgroupUse(name=f"/{'x' * 300}{number}") for number in range(60)),
        processes=tuple(ProcessUse(pid=number, comm="x" * 15, state="S") for number in range(60)),
        devices=tuple(DeviceUse(name=f"nvme{number}n1") for number in range(60)),
    )
    text = shown(many, width, height)
    assert len(text) <= height
    assert all(len(line) <= width for line in text)


def test_hostile_names_reach_no_terminal() -> None:
    found = made(
        host=HOSTILE,
        kernel=HOSTILE,
        cgroups=(CgroupUse(name=HOSTILE),),
        devices=(DeviceUse(name=HOSTILE),),
        interfaces=(InterfaceUse(name=HOSTILE),),
        processes=(ProcessUse(pid=1, comm=HOSTILE, state="\x1b"),),
    )
    console = Console(width=300, height=50, force_terminal=True, color_system=None, record=True)
    with console.capture() as capture:
        console.print(*lines(found, width=300, height=50, note=HOSTILE), sep="\n")
    text = capture.get()
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "\x1b]" not in text
    assert "\x1b[31m" not in text
    assert "\\x1b[31m" in text
    assert "[red]" in text


def test_keys_of_every_terminal_are_known_and_others_passed_over() -> None:
    assert list(keys(b"\x1b[D\x1bOC\x1b[5~q")) == ["left", "right", "page up", "q"]
    assert list(keys(b"")) == ["q"]
    assert list(keys(b"\x1b[99;99xm"))[-1] == "m"
    assert list(keys(b"\xff\x00"))


def test_without_a_terminal_one_overview_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--interval", "0.2", "--once"]) == 0
    text = capsys.readouterr().out
    assert "run queue" in text
    assert "quit" not in text
    assert main(["top", "--interval", "0.2", "--format", "json"]) == 0
    found = msgspec.convert(json.loads(capsys.readouterr().out), Overview, strict=False)
    assert found.seconds is not None


def test_a_time_that_was_not_recorded_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERNWARD_HOME", str(tmp_path))
    assert main(["top", "--at", "2h"]) == 2
    assert capsys.readouterr().err.startswith("kernward: nothing was recorded from")


def test_on_a_terminal_it_shows_frames_until_it_is_quit_and_leaves_the_terminal_as_it_was(
    tmp_path: Path,
) -> None:
    terminal, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "top", "--interval", "0.2"],
        env=os.environ | {"KERNWARD_HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "300", "LINES": "30"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        ends = time.monotonic() + 30
        while text not in seen:
            assert time.monotonic() < ends, seen[-2000:]
            if select.select([terminal], [], [], 0.2)[0]:
                seen += os.read(terminal, 65536)

    try:
        until(b"run queue")
        assert b"\x1b[?1049h" in seen
        # An hour back: to where looking began, and nothing was recorded before.
        os.write(terminal, b"\x1b[H")
        until(b"holds no recording")
        os.write(terminal, b"q")
        until(b"\x1b[?1049l")
        assert process.wait(timeout=10) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
        os.close(theirs)


def test_importing_the_command_is_quick() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, kernward.cli.top; print('rich' in sys.modules, 'duckdb' in sys.modules)",
        ],
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == ["False", "False"]
