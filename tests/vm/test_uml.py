"""User-mode kernels: they run, end, say what their suites found, and leave nothing behind."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from kernward.vm import uml
from kernward.vm.build import build, missing
from kernward.vm.verdict import CommandTimedOut, ConsoleFlooded

SUITE = b"""\
[    0.000000] Linux version 6.12.117
[    0.060000][    T1] KTAP version 1
[    0.060000][    T1] 1..2
[    0.060000][    T1]     KTAP version 1
[    0.060000][    T1]     # Subtest: list
[    0.060000][    T1]     1..1
[    0.060000][    T1]     ok 1 list_test
[    0.060000][    T1] ok 1 list
[    0.070000][    T1]     # broken: EXPECTATION FAILED at lib/broken.c:7
[    0.070000][    T1] not ok 2 broken
[    0.080000][    T1] reboot: System halted
"""


def script(folder: Path, text: str) -> Kernel:
    """A stand-in for a user-mode kernel: a program that prints and ends as told."""
    path = folder / "linux"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return Kernel(release="6.12.117-fake", image=path, origin="built", version=None)


class TestKtap:
    def test_the_results_are_taken_out_of_the_console(self) -> None:
        text = uml.ktap(SUITE)
        assert text is not None
        lines = text.splitlines()
        assert lines[0] == "KTAP version 1"
        assert lines[-1] == "not ok 2 broken"
        assert "    ok 1 list_test" in lines
        assert "    # broken: EXPECTATION FAILED at lib/broken.c:7" in lines

    def test_older_kernels_say_tap(self) -> None:
        assert (
            uml.ktap(b"[    0.1] TAP version 14\n1..1\nok 1 - list\nbye\n")
            == "TAP version 14\n1..1\nok 1 - list\n"
        )

    def test_a_crash_in_a_suite_stays_in_the_text(self) -> None:
        text = uml.ktap(b"KTAP version 1\n1..2\nok 1 list\nKernel panic - not syncing: Segfault\n")
        assert text is not None
        assert text.endswith("Kernel panic - not syncing: Segfault\n")

    def test_a_console_without_suites(self) -> None:
        assert uml.ktap(b"[    0.1] Linux version 6.12\n[    0.2] reboot: System halted\n") is None


def test_a_result_is_passed_only_if_every_suite_ended_well() -> None:
    assert uml.passed("KTAP version 1\n1..2\nok 1 list\n    not ok 1 skipped by the suite\nok 2 bits\n")
    assert not uml.passed("KTAP version 1\n1..2\nok 1 list\nnot ok 2 bits\n")
    assert not uml.passed("KTAP version 1\n1..2\nok 1 list\nKernel panic - not syncing: Segfault\n")


class TestRun:
    """The stand-in is a shell script: how a process is run and ended does not depend on what it is."""

    def test_console_and_status_are_the_programs(self, tmp_path: Path) -> None:
        ended = uml.run(script(tmp_path, 'echo "got $1 $4"; echo oops >&2; exit 7'), ["kunit.enable=1"])
        assert ended.status == 7
        assert ended.console == b"got mem=256M kunit.enable=1\noops\n"

    def test_arguments_reach_it(self, tmp_path: Path) -> None:
        assert uml.run(script(tmp_path, 'for each; do :; done; echo "$each"'), ["a b"]).console == b"a b\n"

    def test_one_that_does_not_end_is_ended(self, tmp_path: Path) -> None:
        begun = time.monotonic()
        with pytest.raises(CommandTimedOut, match="not done after 0.5 s") as caught:
            uml.run(script(tmp_path, "echo begun; exec sleep 60"), timeout_s=0.5)
        assert time.monotonic() - begun < 10
        assert caught.value.console_tail == b"begun\n"

    def test_one_that_prints_without_end_is_ended(self, tmp_path: Path) -> None:
        with pytest.raises(ConsoleFlooded):
            uml.run(script(tmp_path, "exec yes flood"), timeout_s=60)

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        missing_one = Kernel(release="6.1", image=tmp_path / "none", origin="built", version=None)
        with pytest.raises(InputError, match="none"):
            uml.run(missing_one)

    def test_nothing_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(temporary))
        uml.run(script(tmp_path, 'touch "${2#uml_dir=}left"; touch "$TMPDIR/memory"'))
        assert list(temporary.iterdir()) == []

    def test_it_ends_with_its_owner_and_its_files_go(self, tmp_path: Path) -> None:
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        pid_file = tmp_path / "pid"
        script(tmp_path, f"echo $$ > {pid_file}; exec sleep 60")
        program = (
            "import sys; from pathlib import Path; from kernward.kernels.kernel import Kernel\n"
            "from kernward.vm import uml\n"
            "uml.run(Kernel(release='6.1', image=Path(sys.argv[1]), origin='built', version=None))"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "linux")],
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        deadline = time.monotonic() + 30
        while not (pid_file.is_file() and pid_file.read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        owner.kill()
        owner.wait()
        pid = int(pid_file.read_text())
        while Path(f"/proc/{pid}").exists() or list(temporary.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_a_kernel_without_suites_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"ran no KUnit suite: .*\(VFS: Unable to mount root\)"):
            uml.kunit(script(tmp_path, "echo 'VFS: Unable to mount root'"))


@pytest.fixture(scope="module")
def kernel(vm_home: Path) -> Kernel:
    return build(
        "linux-source-6.12", name="kunit-6.12", fragments=("kunit",), architecture="um", home=vm_home
    )


@pytest.mark.vm_slow
@pytest.mark.skipif(bool(missing()), reason=f"kernels cannot be built here: {missing()}")
class TestARealKernel:
    """Linux 6.12 of Debian's source package, compiled as a program."""

    def test_the_suites_run_and_pass(self, kernel: Kernel) -> None:
        text = uml.kunit(kernel)
        assert text.startswith("KTAP version 1\n")
        for suite in ("list-kunit-test", "ext4_inode_test", "slub_test", "sysctl_test"):
            assert re.search(rf"^ok \d+ {suite}$", text, re.MULTILINE)
        assert uml.passed(text), text

    def test_a_pattern_chooses_among_them(self, kernel: Kernel) -> None:
        text = uml.kunit(kernel, ["kunit.filter_glob=list*"])
        assert "ok 1 list-kunit-test" in text
        assert "example" not in text

    def test_one_that_is_ended_leaves_nothing(
        self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with pytest.raises(CommandTimedOut):
            uml.run(kernel, ["kunit.enable=1"], timeout_s=0.1)
        assert list(tmp_path.iterdir()) == []
        assert not [each for each in Path("/proc").glob("[0-9]*/exe") if _runs(each, kernel.image)]


def _runs(exe: Path, image: Path) -> bool:
    try:
        return exe.readlink() == image.resolve()
    except OSError:
        return False
