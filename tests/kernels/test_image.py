"""The header of a kernel image: what it says, and what it may not make us do."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import image
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from tests.kernels import making


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "bzImage"
    path.write_bytes(data)
    return path


def test_release_and_version_are_those_of_uname(tmp_path: Path) -> None:
    header = image.read_header(
        written(tmp_path, making.image("6.9.0-rc3+", "#7 SMP Mon Jan  1 00:00:00 UTC 2026"))
    )
    assert header == image.ImageHeader("6.9.0-rc3+", "#7 SMP Mon Jan  1 00:00:00 UTC 2026")


def test_debians_kernels_say_who_they_are(kernel: Kernel) -> None:
    header = image.read_header(kernel.image)
    assert header.release == kernel.release
    assert header.version == kernel.version
    assert f"Debian {kernel.package_version}" in (kernel.version or "")


@pytest.mark.parametrize("release", ["../../etc", "6.1/../..", "$(reboot)", "", "x" * 65])
def test_a_release_that_would_be_a_path_or_a_command_is_refused(release: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no release"):
        image.read_header(written(tmp_path, making.image(release)))


@pytest.mark.parametrize("pointer", [0, 0xFFFF, 0x400])
def test_a_pointer_out_of_the_setup_part_is_refused(pointer: int, tmp_path: Path) -> None:
    data = bytearray(making.image())
    data[0x20E:0x210] = pointer.to_bytes(2, "little")
    with pytest.raises(InputError, match="does not say its release"):
        image.read_header(written(tmp_path, bytes(data)))


def test_what_is_no_image_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an x86 kernel image"):
        image.read_header(written(tmp_path, b"\x7fELF" + bytes(4096)))
    with pytest.raises(InputError, match="cannot be read"):
        image.read_header(tmp_path / "absent")


@given(
    damage=st.lists(st.tuples(st.integers(0, 1535), st.integers(0, 255)), max_size=40),
    end=st.integers(0, 1536),
)
def test_a_damaged_header_gives_a_release_or_an_error(
    damage: list[tuple[int, int]], end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(making.image())
    for at, value in damage:
        data[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[:end])
    with contextlib.suppress(InputError):
        assert image.RELEASE.fullmatch(image.read_header(path).release)


def test_a_payload_that_lies_outside_the_file_is_refused() -> None:
    data = bytearray(making.image())
    data[0x248:0x250] = b"\xff" * 8
    with pytest.raises(ValueError, match="outside the file"):
        image.vmlinux_inside(bytes(data))
