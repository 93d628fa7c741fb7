"""Headers and debug information of Debian's kernels."""

import shutil
import subprocess
from pathlib import Path

import pytest

from kernward.kernels import debian, find, symbols
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from tests.kernels import making
from tests.kernels.making import Archive

RELEASE = "6.1.0-9-cloud-amd64"
VERSION = "6.1.90-1"


@pytest.fixture
def kernel_with_parts(archive: Archive, home: Path) -> Kernel:
    archive.add_kernel(RELEASE, VERSION)
    build = f"usr/src/linux-headers-{RELEASE}"
    archive.add(
        f"linux-headers-{RELEASE}",
        VERSION,
        {
            f"{build}/Makefile": b"include /usr/src/linux-headers-6.1.0-9-common/Makefile\n",
            f"{build}/include/generated/autoconf.h": b"",
            f"{build}/vmlinux": b"for BTF",
        },
        depends=f"linux-headers-6.1.0-9-common (= {VERSION}), linux-kbuild-6.1 (>= {VERSION}), linux-compiler-gcc-12-x86",
        links={
            f"{build}/scripts": "../../lib/linux-kbuild-6.1/scripts",
            f"lib/modules/{RELEASE}/build": f"/{build}",
        },
    )
    archive.add(
        "linux-headers-6.1.0-9-common",
        VERSION,
        {"usr/src/linux-headers-6.1.0-9-common/Makefile": b"all:\n\t@sh scripts/say.sh $(M)\n"},
    )
    archive.add(
        "linux-kbuild-6.1", "6.1.99-1", {"usr/lib/linux-kbuild-6.1/scripts/say.sh": b"echo built $1\n"}
    )
    archive.add(
        f"linux-image-{RELEASE}-dbg",
        VERSION,
        {
            f"usr/lib/debug/boot/vmlinux-{RELEASE}": b"\x7fELF",
            f"usr/lib/debug/boot/System.map-{RELEASE}": b"ffffffff81000000 T _text\n",
        },
    )
    archive.update()
    return find.find(RELEASE, home)


def test_the_three_packages_become_one_folder_that_may_be_moved(
    kernel_with_parts: Kernel, home: Path, tmp_path: Path
) -> None:
    assert debian.headers_here(kernel_with_parts, home) is None
    kernel = find.with_headers(kernel_with_parts, home)
    assert kernel.headers is not None
    assert debian.headers_here(kernel_with_parts, home) == kernel.headers
    assert not (kernel.headers / "vmlinux").exists()
    home.rename(tmp_path / "moved")
    moved = tmp_path / "moved" / kernel.headers.relative_to(home)
    said = subprocess.run(
        ["make", "-s", "-C", moved, "M=/x"], capture_output=True, text=True, check=True
    ).stdout
    assert said == "built /x\n"
    assert (moved.parents[2] / f"lib/modules/{RELEASE}/build/Makefile").is_file()


def test_headers_that_are_here_need_no_archive(
    kernel_with_parts: Kernel, archive: Archive, home: Path
) -> None:
    kernel = find.with_headers(kernel_with_parts, home)
    archive.lose()
    assert find.with_headers(kernel_with_parts, home) == kernel
    assert find.with_headers(kernel, home) is kernel


def test_debug_information_brings_the_real_system_map(kernel_with_parts: Kernel, home: Path) -> None:
    kernel = find.with_symbols(kernel_with_parts, home)
    assert kernel.symbols is not None
    assert kernel.symbols.name == f"vmlinux-{RELEASE}"
    assert symbols.symbols_of(kernel).address("_text") == 0xFFFFFFFF81000000


def test_parts_that_nobody_offers_are_one_sentence(archive: Archive, home: Path, tmp_path: Path) -> None:
    archive.update()
    foreign = Kernel(release="6.9.0", image=tmp_path / "bzImage", origin="image", version=None)
    with pytest.raises(InputError, match=r"no headers for kernel 6\.9\.0: it is no built tree, and"):
        find.with_headers(foreign, home)
    with pytest.raises(InputError, match=r"no debug information for kernel 6\.9\.0"):
        find.with_symbols(foreign, home)


def test_the_packages_version_is_read_from_the_kernels_own(tmp_path: Path) -> None:
    kernel = Kernel(
        release=RELEASE,
        image=tmp_path,
        origin="image",
        version=f"#1 SMP PREEMPT_DYNAMIC Debian {VERSION} (2026-01-01)",
    )
    assert debian.package_version(kernel) == VERSION


def test_a_join_that_was_killed_is_done_again(kernel_with_parts: Kernel, home: Path) -> None:
    left = home / "kernels/headers" / f".{RELEASE}_{VERSION}.joining"
    left.mkdir(parents=True)
    (left / "half").touch()
    kernel = find.with_headers(kernel_with_parts, home)
    assert kernel.headers is not None
    assert not left.exists()
    shutil.rmtree(home)


def test_a_build_without_debug_information_says_so(tmp_path: Path, home: Path) -> None:
    (tmp_path / "vmlinux").write_bytes(making.elf({".text": (1, b"x")}))
    kernel = Kernel(
        release="6.9.0", image=tmp_path, origin="tree", version=None, symbols=tmp_path / "vmlinux"
    )
    with pytest.raises(InputError, match="lacks CONFIG_DEBUG_INFO"):
        find.with_symbols(kernel, home)
    (tmp_path / "vmlinux").write_bytes(making.elf({".debug_info": (1, b"x")}))
    assert find.with_symbols(kernel, home) is kernel
