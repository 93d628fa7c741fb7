"""Which modules a kernel has, and the order in which they load."""

import os
from pathlib import Path

import pytest

from kernward.kernels import modules
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from tests.kernels import making


@pytest.fixture
def made(tmp_path: Path) -> Kernel:
    """A kernel with a few modules."""
    folder = tmp_path / "lib/modules/6.1"
    for path, data in {
        "kernel/fs/ext4/ext4.ko": making.module("ext4", "softdep=pre: crc32c", depends="jbd2,mbcache"),
        "kernel/fs/jbd2.ko": making.module("jbd2"),
        "kernel/fs/mbcache.ko": making.module("mbcache"),
        "kernel/crypto/crc32c_generic.ko": making.module(
            "crc32c_generic", "alias=crc32c", "alias=crypto-crc32c"
        ),
        "kernel/arch/x86/crypto/crc32c-intel.ko": making.module("crc32c_intel", "alias=crc32c"),
        "kernel/drivers/loop-a.ko": making.module("loop_a", "softdep=pre: loop-b"),
        "kernel/drivers/loop-b.ko": making.module("loop_b", depends="loop-a"),
        "kernel/drivers/broken.ko": making.module("broken", depends="nowhere"),
        "kernel/drivers/sha.ko": making.module("sha", "softdep=pre: sha256 nothing-here"),
    }.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (folder / "modules.builtin").write_text(
        "kernel/drivers/virtio/virtio-ring.ko\nkernel/crypto/sha256_generic.ko\n"
    )
    (folder / "modules.builtin.modinfo").write_bytes(
        b"sha256_generic.alias=sha256\0sha256_generic.license=GPL\0"
    )
    return Kernel(release="6.1", image=tmp_path / "none", origin="folder", version=None, modules=folder)


def test_what_a_module_needs_comes_before_it(made: Kernel) -> None:
    assert modules.load_order(made, ["ext4"]) == ["crc32c_generic", "jbd2", "mbcache", "ext4"]


def test_what_is_built_in_is_left_out(made: Kernel) -> None:
    assert modules.load_order(made, ["virtio-ring", "jbd2"]) == ["jbd2"]
    assert modules.load_order(made, ["sha"]) == ["sha"]


def test_modules_that_want_each_other_are_loaded_once(made: Kernel) -> None:
    assert sorted(modules.load_order(made, ["loop_a", "loop-b"])) == ["loop_a", "loop_b"]


def test_a_module_that_is_not_there_is_named(made: Kernel) -> None:
    with pytest.raises(InputError, match="kernel 6.1 has no module raid6, and"):
        modules.load_order(made, ["raid6"])
    with pytest.raises(InputError, match="no module nowhere, which broken needs"):
        modules.load_order(made, ["broken"])


def test_names_are_taken_with_dashes_too(made: Kernel) -> None:
    assert modules.present(made, "crc32c-intel") == "module"
    assert modules.present(made, "virtio_ring") == "builtin"
    assert modules.present(made, "raid6") is None


def test_a_kernel_without_modules_has_none(tmp_path: Path) -> None:
    bare = Kernel(release="6.1", image=tmp_path, origin="image", version=None)
    assert modules.present(bare, "ext4") is None
    assert modules.load_order(bare, []) == []


def test_a_module_that_was_built_again_is_read_again(made: Kernel) -> None:
    before = modules.info(made, "jbd2").depends
    path = modules.file_of(made, "jbd2")
    path.write_bytes(making.module("jbd2", depends="mbcache"))
    os.utime(path, (1, 1))
    assert (before, modules.info(made, "jbd2").depends) == ((), ("mbcache",))


@pytest.mark.parametrize("suffix", [".o", ".ko"])
def test_the_modules_of_a_tree_are_those_in_modules_order(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "include/generated").mkdir(parents=True)
    (tmp_path / "fs").mkdir()
    (tmp_path / "fs/new.ko").write_bytes(making.module("new"))
    (tmp_path / "fs/left-over.ko").write_bytes(making.module("left_over"))
    (tmp_path / "modules.order").write_text(
        f"fs/new{suffix}\nfs/not-made{suffix}\n../../etc/evil.ko\n/etc/evil.ko\n"
    )
    tree = Kernel(release="6.1", image=tmp_path, origin="tree", version=None, modules=tmp_path)
    assert dict(modules.files(tree)) == {"new": tmp_path / "fs/new.ko"}


def test_real_modules_load_in_an_order_that_serves_each(kernel: Kernel) -> None:
    order = modules.load_order(kernel, ["xfs", "virtio_blk", "btrfs", "netconsole", "nf_conntrack"])
    assert len(order) == len(set(order)) > 5
    for position, name in enumerate(order):
        for needed in modules.info(kernel, name).depends:
            assert needed in order[:position] or modules.present(kernel, needed) == "builtin"


def test_real_modules_are_read_whole(kernel: Kernel) -> None:
    data = modules.read(kernel, "xfs")
    assert data[:4] == b"\x7fELF"
    assert len(data) > 1 << 20


def test_a_damaged_module_is_named_in_the_error(made: Kernel) -> None:
    path = modules.file_of(made, "jbd2")
    path.write_bytes(b"\xfd7zXZ\0\0\0")
    with pytest.raises(InputError, match=r"jbd2\.ko: the module cannot be decompressed: its xz data"):
        modules.read(made, "jbd2")
