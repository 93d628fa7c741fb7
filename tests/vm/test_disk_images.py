"""Disk images for guests: whole ones and damaged ones, made without privileges, once."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from kernward.records.errors import UsageError
from kernward.vm import disk_images, programs

SIZES_MB = {"ext4": 16, "ext4-damaged": 16, "xfs": 320, "xfs-damaged": 320, "verity": 8}


def image(contents: str, home: Path) -> Path:
    try:
        made = disk_images.image(contents, SIZES_MB[contents], home)
    except UsageError as problem:
        pytest.skip(str(problem))
    assert made is not None
    return made


@pytest.mark.parametrize("contents", SIZES_MB)
def test_has_the_size_asked_for_and_is_made_once(contents: str, vm_home: Path) -> None:
    made = image(contents, vm_home)
    assert made.stat().st_size == SIZES_MB[contents] << 20
    before = made.stat().st_mtime_ns
    assert image(contents, vm_home).stat().st_mtime_ns == before


def test_every_kind_is_tested() -> None:
    assert set(SIZES_MB) == set(disk_images.MAKERS)


def test_ext4_is_whole_and_has_a_journal(vm_home: Path) -> None:
    assert "has_journal" in asked("stats", image("ext4", vm_home), vm_home)
    assert checked(image("ext4", vm_home), vm_home) == 0


def test_a_damaged_ext4_is_damaged(vm_home: Path) -> None:
    assert checked(image("ext4-damaged", vm_home), vm_home) & 4  # e2fsck(8): errors left uncorrected


def test_a_damaged_xfs_differs_in_its_indices_of_free_space(vm_home: Path) -> None:
    damaged = image("xfs-damaged", vm_home)
    with open(damaged, "rb") as file:
        assert file.read(4) == b"XFSB"
        for group in range(4):
            file.seek(group * (80 << 20) + 4096)
            assert file.read(512) == b"\xa5" * 512


def test_a_verity_image_holds_its_root_digest(vm_home: Path) -> None:
    data = image("verity", vm_home).read_bytes()
    blocks, start, salt, root = data[-4096:].split(b"\n")[0].decode().split()
    assert blocks == start
    top = data[int(start) * 4096 :][:4096]
    assert hashlib.sha256(bytes.fromhex(salt) + top).hexdigest() == root
    # the root block holds the digests of the blocks below it, those the digests of the data
    second = data[(int(start) + 1) * 4096 :][:4096]
    assert hashlib.sha256(bytes.fromhex(salt) + second).digest() == top[:32]
    assert hashlib.sha256(bytes.fromhex(salt) + data[:4096]).digest() == second[:32]


def test_blank_needs_no_image(tmp_path: Path) -> None:
    assert disk_images.image("blank", 16, tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_an_unknown_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no disk image 'zfs'; there are: blank, ext4"):
        disk_images.image("zfs", 16, tmp_path)


def asked(request: str, path: Path, home: Path) -> str:
    program, environment = programs.on_host("debugfs", home)
    return subprocess.run(
        [program, "-R", request, path], capture_output=True, text=True, check=True, env=environment
    ).stdout


def checked(path: Path, home: Path) -> int:
    program, environment = programs.on_host("fsck.ext4", home)
    return subprocess.run(
        [program, "-f", "-n", path], capture_output=True, check=False, env=environment
    ).returncode
