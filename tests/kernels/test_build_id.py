"""Build-ids of kernels and modules."""

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import build_id, modules
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from tests.kernels import making

ID = "0123456789abcdef0123456789abcdef01234567"


def test_it_is_found_among_other_notes() -> None:
    notes = making.note("ff")[:8] + b"\x01\0\0\0GNU\0\xff\0\0\0" + making.note(ID)
    assert build_id.of_notes(notes) == ID


def test_vmlinux_and_image_have_the_same_one(tmp_path: Path) -> None:
    vmlinux = making.elf({".text": (1, b"x" * 100), ".notes": (7, making.note(ID))})
    (tmp_path / "vmlinux").write_bytes(vmlinux)
    (tmp_path / "bzImage").write_bytes(making.image_with(lzma.compress(vmlinux)))
    bare = Kernel(release="6.1", image=tmp_path / "bzImage", origin="image", version=None)
    assert build_id.of_kernel(bare) == ID
    assert build_id.of_vmlinux(tmp_path / "vmlinux") == ID


def test_real_kernels_have_one(kernel: Kernel) -> None:
    found = build_id.of_kernel(kernel)
    assert found is not None
    assert len(bytes.fromhex(found)) == 20


def test_a_modules_is_what_readelf_says(kernel_6_1: Kernel, tmp_path: Path) -> None:
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not installed (apt-get install binutils)")
    path = tmp_path / "xfs.ko"
    path.write_bytes(modules.read(kernel_6_1, "xfs"))
    said = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    assert f"Build ID: {build_id.of_module(kernel_6_1, 'xfs')}" in said


def test_what_has_none_has_none() -> None:
    assert build_id.of_elf(making.elf({".text": (1, b"x")})) is None


def test_what_is_no_kernel_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "vmlinux").write_text("no kernel")
    with pytest.raises(InputError, match="not a vmlinux"):
        build_id.of_vmlinux(tmp_path / "vmlinux")
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="not a vmlinux"):
        build_id.of_vmlinux(tmp_path / "empty")


@given(st.binary(max_size=200))
def test_noise_is_no_build_id_or_a_short_one(notes: bytes) -> None:
    found = build_id.of_notes(notes)
    assert found is None or len(found) <= 128
