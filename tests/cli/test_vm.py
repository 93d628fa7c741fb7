"""`kernward vm`: statuses and bytes are the command's, what is none of them is one sentence."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernward.vm.acceleration import version

Kernward = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def kernward(project: Path) -> Kernward:
    """Runs the program with the kept state folder, so that kernels and snapshots are there."""
    if not version():
        pytest.skip("QEMU is not installed here (Debian: qemu-system-x86)")

    def run(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "kernward.cli.main", *arguments],
            input=stdin,
            capture_output=True,
            timeout=200,
            env={**os.environ, "KERNWARD_HOME": str(project / ".cache" / "home")},
        )

    return run


def test_run_passes_bytes_and_status_through(kernward: Kernward) -> None:
    data = random.Random(4).randbytes(100_000)
    done = kernward(
        "vm", "run", "--kernel", "6.1", "--", "sh", "-c", "cat; echo oops >&2; exit 7", stdin=data
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, data, b"oops\n")


def test_options_behind_the_dashes_are_the_commands(kernward: Kernward) -> None:
    done = kernward("vm", "run", "--kernel", "6.1", "--", "echo", "--kernel", "--help")
    assert done.stdout == b"--kernel --help\n"


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--timeout", "1", "--", "sleep", "60"), 124, "`sleep` did not end within 1 s and was killed"),
        (("--", "nosuch"), 127, "the guest did not run the command: nosuch: No such file or directory"),
        (("--", "poweroff", "-f"), 125, "the machine was lost while `poweroff` ran: it switched itself off"),
        (
            ("--", "sh", "-c", "echo c >/proc/sysrq-trigger"),
            125,
            "the guest's kernel panicked while `sh` ran: sysrq triggered crash",
        ),
    ],
    ids=["timeout", "no such program", "off", "panic"],
)
def test_what_is_no_status_is_a_sentence(
    kernward: Kernward, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    done = kernward("vm", "run", "--kernel", "6.1", *arguments)
    assert done.returncode == status
    assert done.stderr.decode().splitlines()[-1].startswith(f"kernward: {sentence}")


def test_a_fault_is_injected_before_the_command_runs(kernward: Kernward) -> None:
    throttled = "cpu-throttling quota_percent=10 cgroup=/test"
    done = kernward(
        "vm", "run", "--kernel", "6.1", "--fault", throttled, "--", "cat", "/sys/fs/cgroup/test/cpu.stat"
    )
    assert done.returncode == 0
    counted = dict(line.split() for line in done.stdout.decode().splitlines())
    assert int(counted["nr_throttled"]) >= 3
    assert done.stderr.startswith(b"kernward: cpu-throttling shows: ")


def test_wrong_usage_is_a_sentence(kernward: Kernward) -> None:
    for arguments, sentence in (
        (("run", "--memory", "huge", "--", "true"), b"huge is no size of memory"),
        (("run", "--kernel", "/nowhere", "--", "true"), b"/nowhere"),
        (("run",), b"Missing argument"),
        (("run", "--fault", "nosuch", "--", "true"), b"there is no fault 'nosuch'"),
        (("run", "--fault", "sysrq-crash", "--", "true"), b"does not survive sysrq-crash"),
        (("run", "--fault", "segfault x", "--", "true"), b"x is no parameter; NAME=VALUE was expected"),
        (("stop", "nosuch"), b"no machine nosuch runs (kernward vm list)"),
        (("shell",), b"vm shell needs a terminal"),
        (("crash", "6.1", "nosuch"), b"there is no fault 'nosuch'"),
        (("nosuch",), b"there is no command vm nosuch; kernward vm --help lists those there are"),
    ):
        done = kernward("vm", *arguments)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_list_and_stop(kernward: Kernward) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "vm", "run", "--kernel", "6.1", "--", "sleep", "100"],
        env={**os.environ, "KERNWARD_HOME": kernward_home()},
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(100):
            mine = [each for each in machines(kernward) if each["owner_pid"] == owner.pid]
            if mine:
                break
        assert [each["kernel"].startswith("6.1.") for each in mine] == [True]
        assert kernward("vm", "stop", mine[0]["id"]).returncode == 0
        _, said = owner.communicate(timeout=60)
        assert owner.returncode == 125
        assert b"the machine was lost while `sleep` ran" in said
        assert not [each for each in machines(kernward) if each["owner_pid"] == owner.pid]
    finally:
        owner.kill()
        owner.wait()


def machines(kernward: Kernward) -> list[dict[str, object]]:
    return json.loads(kernward("vm", "list", "--format", "json").stdout)


def kernward_home() -> str:
    return str(Path(__file__).parent.parent.parent / ".cache" / "home")


def test_doctor_says_what_works(kernward: Kernward) -> None:
    found = {each["name"]: each for each in json.loads(kernward("vm", "doctor", "--format", "json").stdout)}
    assert found["QEMU"]["state"] == "works"
    assert found["acceleration"]["state"] in ("works", "limited")
    assert all(each["packages"] for each in found.values() if each["state"] == "missing")


def test_kernels_lists_what_is_in_the_cache(kernward: Kernward) -> None:
    kernward("vm", "run", "--kernel", "6.1", "--", "true")
    listed = json.loads(kernward("vm", "kernels", "--here", "--format", "json").stdout)
    assert any(each["release"].startswith("6.1.") and each["has_modules"] for each in listed)


def test_a_fault_is_explained(kernward: Kernward) -> None:
    said = kernward("explain", "cgroup-oom").stdout.decode()
    assert "Symptom, checked before it counts as injected" in said
    assert "oom-kill-cgroup" in said
