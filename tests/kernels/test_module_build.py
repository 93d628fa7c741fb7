"""Out-of-tree modules, built against the headers of real kernels."""

import shutil
from pathlib import Path

import pytest

from kernward.kernels import find, modinfo, module_build
from kernward.kernels.kernel import Kernel
from kernward.kernels.module_build import build_module
from kernward.records.errors import InputError, KernwardError, UsageError
from tests.kernels import making

SOURCE = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static int answer = 42;
module_param(answer, int, 0444);
MODULE_PARM_DESC(answer, "What it says");

static int __init begin(void)
{
	pr_info("%d from %s\\n", answer, __FILE__);
	return 0;
}
static void __exit end(void) { }
module_init(begin);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Says a number");
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "says"
    folder.mkdir()
    (folder / "says.c").write_text(SOURCE)
    (folder / "Makefile").write_text("obj-m := says.o\n")
    return folder


@pytest.fixture
def with_headers(kernel: Kernel, shared_home: Path) -> Kernel:
    return having_headers(kernel, shared_home)


@pytest.fixture
def with_headers_6_1(kernel_6_1: Kernel, shared_home: Path) -> Kernel:
    return having_headers(kernel_6_1, shared_home)


def having_headers(kernel: Kernel, home: Path) -> Kernel:
    for program in ("make", "gcc-12"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: no module can be built (apt-get install {program})")
    try:
        return find.with_headers(kernel, home)
    except KernwardError as problem:
        pytest.skip(f"the headers of {kernel.release} cannot be had: {problem}")


def test_a_module_is_built_for_its_kernel_and_kept(source: Path, with_headers: Kernel, home: Path) -> None:
    built = build_module(source, with_headers, home)
    info = modinfo.read(built)
    assert (info.name, info.license, info.in_tree) == ("says", "GPL", False)
    assert (info.vermagic or "").startswith(f"{with_headers.release} ")
    # No path of this machine is in it, and the source folder is as it was.
    assert str(source.parent).encode() not in built.read_bytes()
    assert str(home).encode() not in built.read_bytes()
    assert sorted(path.name for path in source.iterdir()) == ["Makefile", "says.c"]
    assert [path.name for path in built.parent.iterdir()] == ["says.ko"]
    changed_at = built.stat().st_mtime_ns
    assert build_module(source, with_headers, home) == built
    assert built.stat().st_mtime_ns == changed_at


def test_another_source_is_another_module(source: Path, with_headers_6_1: Kernel, home: Path) -> None:
    first = build_module(source, with_headers_6_1, home)
    (source / "says.c").write_text(SOURCE.replace("42", "43"))
    assert build_module(source, with_headers_6_1, home) != first
    # What a build in the folder left behind is no source.
    (source / "says.o").touch()
    (source / "says.c").write_text(SOURCE)
    assert build_module(source, with_headers_6_1, home) == first


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (
            "static int answer",
            "static int unused; static int answer",
            r"says\.c:4:\d+: error: .unused. defined but not used",
        ),
        ("return 0;", "return 0", r"says\.c:\d+:\d+: error: expected"),
        ("return 0;", "extern int nowhere(void); return nowhere();", r'"nowhere" .*undefined'),
        ('MODULE_LICENSE("GPL");', "", "missing MODULE_LICENSE"),
    ],
)
def test_what_is_wrong_with_the_source_is_said(
    before: str, after: str, what: str, source: Path, with_headers_6_1: Kernel, home: Path
) -> None:
    (source / "says.c").write_text(SOURCE.replace(before, after))
    with pytest.raises(
        InputError, match=rf"^says cannot be built for {with_headers_6_1.release}: .*{what}"
    ) as caught:
        build_module(source, with_headers_6_1, home)
    assert "\n" not in str(caught.value)
    assert not list((home / "kernels/modules").glob("[!.]*"))


def test_a_folder_that_says_not_what_to_build_is_refused(tmp_path: Path, home: Path) -> None:
    kernel = Kernel(release="6.1", image=tmp_path, origin="image", version=None, headers=tmp_path)
    with pytest.raises(UsageError, match="no Makefile or Kbuild"):
        build_module(tmp_path, kernel, home)
    with pytest.raises(UsageError, match="is a folder with"):
        build_module(tmp_path / "absent", kernel, home)


def test_a_compiler_that_is_not_here_is_named(source: Path, tmp_path: Path, home: Path) -> None:
    headers = tmp_path / "headers"
    headers.mkdir()
    (headers / ".kernelvariables").write_text("CC = $(if $(CCACHE),ccache) $(CROSS_COMPILE)gcc-99\n")
    kernel = Kernel(release="6.1", image=tmp_path, origin="image", version=None, headers=headers)
    with pytest.raises(InputError, match=r"says cannot be built for 6\.1: gcc-99 is not installed"):
        build_module(source, kernel, home)


def test_a_kernel_built_by_clang_asks_for_clang(
    source: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".config").write_text("#\nCONFIG_CC_IS_CLANG=y\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/make").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    kernel = Kernel(release="6.9", image=tmp_path, origin="tree", version=None, headers=tmp_path)
    with pytest.raises(InputError, match="clang is not installed"):
        build_module(source, kernel, home)


def test_builds_that_differ_in_their_symbols_have_modules_of_their_own(source: Path, tmp_path: Path) -> None:
    kernel = Kernel(release="6.1", image=tmp_path, origin="tree", version="#1", headers=tmp_path)
    sources = module_build._sources(source)
    (tmp_path / "Module.symvers").write_text("0x1 printk vmlinux EXPORT_SYMBOL\n")
    first = module_build._digest(sources, kernel, tmp_path)
    (tmp_path / "Module.symvers").write_text("0x2 printk vmlinux EXPORT_SYMBOL\n")
    assert module_build._digest(sources, kernel, tmp_path) != first


def test_a_module_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.ko").write_bytes(making.elf({".text": (1, b"x")}))
    with pytest.raises(InputError, match=r"x\.ko: not a kernel module: it has no \.modinfo section"):
        modinfo.read(tmp_path / "x.ko")
