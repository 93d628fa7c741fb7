"""Root images: what is asked of apt and mke2fs, what comes out, and that a machine runs from it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError, UsageError
from kernward.vm import root_image
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec

TARGETS = """\
http://mirror.example/debian/ bookworm bookworm main
http://mirror.example/debian/ bookworm bookworm contrib
http://mirror.example/debian/ bookworm bookworm main
http://mirror.example/debian/ bookworm-updates bookworm-updates main
http://mirror.example/security/ bookworm-security bookworm-security main
http://mirror.example/debian/ trixie trixie main
http://packages.example/tools/ stable stable main
"""

needs_mke2fs = pytest.mark.skipif(
    shutil.which("debugfs", path="/usr/sbin:/sbin:/usr/bin") is None, reason="no debugfs (Debian: e2fsprogs)"
)


def shown(image: Path, command: str) -> str:
    """What debugfs says of a file system."""
    return subprocess.run(
        ["debugfs", "-R", command, str(image)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
    ).stdout


def test_packages_come_from_where_apt_takes_them() -> None:
    assert root_image.sources("bookworm", TARGETS) == [
        "deb http://mirror.example/debian/ bookworm main contrib",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://mirror.example/security/ bookworm-security main",
    ]


def test_a_suite_that_apt_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="no sources for sid"):
        root_image.sources("sid", TARGETS)


@pytest.mark.parametrize("name", ["a b", "--hook=x", "x;y", "", "ROOT"])
def test_what_is_no_name_of_a_package_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not the name of a suite or package"):
        root_image.make_root(tmp_path, packages=(name,))


def test_a_request_must_make_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not from both"):
        root_image.make_root(tmp_path, packages=("nano",), folder=tmp_path)
    with pytest.raises(UsageError, match="this is none"):
        root_image.make_root(tmp_path, folder=tmp_path / "nowhere")
    with pytest.raises(UsageError, match="0 MB"):
        root_image.make_root(tmp_path, folder=tmp_path, size_mb=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/issue").write_text("a root of our own\n")
    (tree / "program").write_bytes(b"#!/bin/sh\n")
    (tree / "program").chmod(0o755)
    (tree / "link").symlink_to("etc/issue")
    return tree


@needs_mke2fs
def test_an_image_holds_the_folder(tmp_path: Path, folder: Path) -> None:
    image = root_image.make_root(tmp_path / "home", folder=folder, size_mb=16)
    assert image.stat().st_size == 16 << 20
    assert image.stat().st_blocks * 512 < 4 << 20, "the image must be sparse"
    assert shown(image, "cat /etc/issue") == "a root of our own\n"
    assert "Mode:  0755" in shown(image, "stat /program")
    assert 'Fast link dest: "etc/issue"' in shown(image, "stat /link")
    about = shown(image, "stats")
    assert "orphan_file" not in about
    assert "metadata_csum_seed" not in about
    # Nothing but the image and its lock is left.
    assert sorted(path.suffix for path in image.parent.iterdir()) == [".img", ".lock"]


@needs_mke2fs
def test_an_image_is_made_once_for_each_request(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    first = root_image.make_root(home, folder=folder, size_mb=16)
    made = first.stat().st_mtime_ns
    assert root_image.make_root(home, folder=folder, size_mb=16) == first
    assert first.stat().st_mtime_ns == made
    others = {root_image.make_root(home, folder=folder, size_mb=17)}
    (folder / "etc/issue").write_text("another root of ours\n")
    others.add(root_image.make_root(home, folder=folder, size_mb=16))
    (folder / "etc/issue").chmod(0o600)
    others.add(root_image.make_root(home, folder=folder, size_mb=16))
    assert len(others | {first}) == 4


@needs_mke2fs
def test_what_a_killed_owner_left_goes(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    image = root_image.make_root(home, folder=folder, size_mb=16)
    image.unlink()
    left = image.parent / f"{image.stem}.work-abc"
    (left / "tree").mkdir(parents=True)
    assert root_image.make_root(home, folder=folder, size_mb=16) == image
    assert not left.exists()


@needs_mke2fs
def test_what_does_not_fit_is_one_sentence(tmp_path: Path, folder: Path) -> None:
    (folder / "large").write_bytes(os.urandom(20 << 20))
    with pytest.raises(InputError, match="an ext4 image of 16 MB could not be made: .") as refused:
        root_image.make_root(tmp_path / "home", folder=folder, size_mb=16)
    assert "\n" not in str(refused.value)
    assert not list((tmp_path / "home").rglob("*.img"))


@pytest.mark.vm_slow
def test_a_machine_runs_from_debian(bed: Bed, each_kernel: Kernel) -> None:
    image = root_image.make_root(bed.home, packages=("iproute2",))
    before = root_image.file_digest(image)
    spec = Spec(kernel=each_kernel, root=image)
    with bed.boot(spec) as machine:
        assert machine.sh(". /etc/os-release && echo $VERSION_CODENAME").stdout == b"bookworm\n"
        assert (
            machine.run(["dpkg-query", "-W", "-f", "${Status}", "iproute2"]).stdout == b"install ok installed"
        )
        # The owners that packages gave their files are kept.
        assert machine.run(["stat", "-c", "%U %G %a", "/var/mail"]).stdout == b"root mail 2775\n"
        assert machine.sh("echo mine > /root/written; sync; cat /root/written").stdout == b"mine\n"
    with bed.machine(spec) as machine:
        assert machine.sh("ls /root/written").status != 0
    assert root_image.file_digest(image) == before
