"""Programs for a guest: with all that they load, from this machine or from Debian's packages."""

import subprocess
import threading
from pathlib import Path

import msgspec
import pytest

from kernward.records.errors import UsageError
from kernward.vm import programs
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec


def of(name: str, home: Path) -> dict[str, bytes]:
    try:
        return {file.path: file.data for file in programs.files_of(name, home)}
    except UsageError as problem:
        pytest.skip(str(problem))


def test_a_program_comes_with_its_libraries_and_their_loader(vm_home: Path) -> None:
    files = of("dmsetup", vm_home)
    assert files["/sbin/dmsetup"].startswith(b"\x7fELF")
    names = {Path(path).name for path in files}
    assert {"libc.so.6", "libdevmapper.so.1.02.1"} <= names
    assert any(name.startswith("ld-linux") for name in names)


def test_libraries_lie_where_the_guests_loader_looks(vm_home: Path) -> None:
    libraries = [path for path in of("nft", vm_home) if ".so" in path]
    assert libraries
    for path in libraries:
        assert path.startswith(("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"))
        assert "programs" not in path


def test_what_a_program_loads_at_run_time_comes_too(vm_home: Path) -> None:
    assert "/usr/lib/x86_64-linux-gnu/rsyslog/imklog.so" in of("rsyslogd", vm_home)


@pytest.mark.parametrize(
    ("name", "argument", "said"),
    [("dmsetup", "--version", "Library version"), ("mdadm", "--version", "mdadm - v"), ("nft", "-h", "Usage"),
     ("tc", "-V", "tc utility")],
)  # fmt: skip
def test_it_runs_in_a_guest(name: str, argument: str, said: str, bed: Bed, spec: Spec, vm_home: Path) -> None:
    of(name, vm_home)
    # nft asks the kernel for its socket before it reads its arguments
    modules = ("nf_tables",) if name == "nft" else ()
    with bed.boot(msgspec.structs.replace(spec, programs=(name,), modules=modules)) as machine:
        done = machine.run(["/" + programs.PROGRAMS[name].path, argument])
    assert said in (done.stdout + done.stderr).decode()


def test_an_unknown_program_is_refused(vm_home: Path) -> None:
    with pytest.raises(UsageError, match="no program kernward-none on this machine"):
        programs.files_of("kernward-none", vm_home)


def test_busybox_needs_no_library(vm_home: Path, tmp_path: Path) -> None:
    shell = tmp_path / "busybox"
    shell.write_bytes(programs.busybox(vm_home))
    shell.chmod(0o755)
    assert programs.is_static(shell.read_bytes())
    assert subprocess.run([shell, "echo", "here"], capture_output=True, check=True).stdout == b"here\n"


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF\x02", b"#!/bin/sh\n", b"\x7fELF\x02" + b"\xff" * 59, b"\x7fELF\x01" + bytes(100)]
)
def test_what_is_no_whole_program_is_not_static(data: bytes) -> None:
    assert not programs.is_static(data)


def test_misbehave_is_compiled_once(vm_home: Path) -> None:
    built: list[bytes] = []
    threads = [threading.Thread(target=lambda: built.append(programs.misbehave(vm_home))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 4
    assert len(set(built)) == 1
    assert programs.is_static(built[0])


def test_misbehave_says_what_it_does_not_know(vm_home: Path, tmp_path: Path) -> None:
    program = tmp_path / "service"
    program.write_bytes(programs.misbehave(vm_home))
    program.chmod(0o755)
    for arguments, said in (
        (["nothing"], "service: nothing of this kind is known here: nothing"),
        (["eat"], "service eat: 1 arguments expected"),
        (["eat", "much"], "service: a number was expected, not 'much'"),
    ):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.strip() == said


def test_every_act_of_misbehave_is_documented() -> None:
    source = (Path(programs.__file__).parent / "guest/misbehave.c").read_text()
    head, _, body = source.partition("*/")
    acts = [line.split('"')[1] for line in body.splitlines() if line.startswith('\t{ "')]
    assert len(acts) > 20
    for act in acts:
        assert f"SERVICE {act}" in head or f"| {act}" in head, act
