"""Which kernel is meant by a name."""

from pathlib import Path

import pytest

from kernward.kernels import config, find, folders, modules, packages
from kernward.records.errors import InputError, UsageError
from tests.kernels import making
from tests.kernels.making import Archive


@pytest.fixture
def stocked(archive: Archive) -> Archive:
    """An archive with two series, three flavours and a kernel that is not signed."""
    for release, version in [
        ("6.1.0-9-cloud-amd64", "6.1.90-1"),
        ("6.1.0-10-cloud-amd64", "6.1.100-1"),
        ("6.1.0-10-amd64", "6.1.100-1"),
        ("6.1.0-10-rt-amd64", "6.1.100-1"),
        ("6.1.0-11-rt-amd64", "6.1.110-1"),
        ("6.12.9+deb12-amd64", "6.12.9-1~deb12u1"),
    ]:
        archive.add_kernel(release, version)
    archive.add_kernel("6.1.0-10-cloud-amd64", "6.1.100-1", suffix="-unsigned")
    archive.add("linux-image-6.12-amd64", "6.12.9-1~deb12u1", {"usr/share/doc/x": b""})
    archive.add("linux-image-6.1.0-10-amd64-dbg", "6.1.100-1", {"usr/share/doc/x": b""})
    archive.update()
    return archive


@pytest.mark.parametrize(
    ("wanted", "release"),
    [
        ("6.1", "6.1.0-10-cloud-amd64"),
        ("v6.1", "6.1.0-10-cloud-amd64"),
        ("6.1-amd64", "6.1.0-10-amd64"),
        ("6.1-rt", "6.1.0-11-rt-amd64"),
        ("6.12", "6.12.9+deb12-amd64"),
        ("6.1.0-9-cloud-amd64", "6.1.0-9-cloud-amd64"),
        ("linux-image-6.1.0-9-cloud-amd64", "6.1.0-9-cloud-amd64"),
        ("6.1.90", "6.1.0-9-cloud-amd64"),
        ("6.12.9", "6.12.9+deb12-amd64"),
    ],
)
def test_names_of_the_archives_kernels(wanted: str, release: str, stocked: Archive, home: Path) -> None:
    kernel = find.find(wanted, home)
    assert (kernel.release, kernel.origin) == (release, "package")
    assert config.config_of(kernel) == {"CONFIG_HZ": "250"}
    assert modules.load_order(kernel, ["xfs", "ext4"]) == ["libcrc32c", "xfs"]


def test_the_signed_and_the_unsigned_package_are_told_apart(stocked: Archive, home: Path) -> None:
    unsigned = find.find("6.1.0-10-cloud-amd64-unsigned", home)
    assert unsigned.package == "linux-image-6.1.0-10-cloud-amd64-unsigned"
    assert find.find("6.1", home).package == "linux-image-6.1.0-10-cloud-amd64"


def test_offline_the_newest_that_is_here_is_taken(stocked: Archive, home: Path) -> None:
    older = find.find("6.1.0-9-cloud-amd64", home)
    stocked.lose()
    assert find.find("6.1", home) == older
    assert find.find("6.1", home, fetch=False) == older
    assert find.find("6.1.90", home) == older
    with pytest.raises(InputError, match="cannot be fetched"):
        find.find("6.12", home)


def test_a_newer_kernel_in_the_archive_is_fetched(stocked: Archive, home: Path) -> None:
    find.find("6.1", home)
    stocked.add_kernel("6.1.0-12-cloud-amd64", "6.1.120-1")
    stocked.update()
    assert find.find("6.1", home).release == "6.1.0-12-cloud-amd64"


def test_what_nobody_has_is_said_with_what_there_is(stocked: Archive, home: Path) -> None:
    with pytest.raises(InputError, match=r"no 5\.10 kernel is here, and apt's lists offer none"):
        find.find("5.10", home)
    with pytest.raises(InputError, match=r"no kernel 6\.1\.0-99-amd64 is here.*the newest is 6\.12\.9"):
        find.find("6.1.0-99-amd64", home)


def test_without_an_archive_a_series_is_what_is_here(archive: Archive, home: Path) -> None:
    with pytest.raises(InputError, match="apt-get update"):
        find.find("6.1", home)


@pytest.mark.parametrize("wanted", ["nothing", "./nothing", "/no/such/bzImage", "x.deb"])
def test_a_name_that_means_nothing_is_a_wrong_request(wanted: str, home: Path) -> None:
    with pytest.raises(UsageError, match="neither a kernel release or series"):
        find.find(wanted, home)


def test_an_rpm_is_refused_with_the_way_out(home: Path) -> None:
    with pytest.raises(UsageError, match="rpm2cpio"):
        find.find("kernel-6.1.rpm", home)


def test_a_package_file(stocked: Archive, home: Path) -> None:
    file = stocked.pool / "linux-image-6.12.9+deb12-amd64_6.12.9-1~deb12u1_amd64.deb"
    kernel = find.find(str(file), home)
    assert (kernel.release, kernel.origin) == ("6.12.9+deb12-amd64", "deb")
    assert kernel.package_version == "6.12.9-1~deb12u1"
    assert modules.present(kernel, "xfs") == "module"


def test_a_package_file_is_not_taken_for_the_archives_kernel(
    stocked: Archive, home: Path, tmp_path: Path
) -> None:
    release = "6.1.0-10-cloud-amd64"
    foreign = Archive(tmp_path / "foreign").add_kernel(release, "6.1.666-1")
    assert find.find(str(foreign), home).package_version == "6.1.666-1"
    assert find.find(release, home).package_version == "6.1.100-1"


def test_a_package_without_a_kernel_is_refused(stocked: Archive, home: Path) -> None:
    with pytest.raises(InputError, match="no x86 kernel image"):
        find.find(str(stocked.pool / "linux-image-6.12-amd64_6.12.9-1~deb12u1_amd64.deb"), home)


def laid_out(folder: Path, release: str = "6.9.0-fleet") -> Path:
    for path, data in making.kernel_files(release, "#3 SMP").items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def test_a_folder_laid_out_like_a_package(tmp_path: Path, home: Path) -> None:
    kernel = find.find(str(laid_out(tmp_path / "k")), home)
    assert (kernel.release, kernel.version, kernel.origin) == ("6.9.0-fleet", "#3 SMP", "folder")
    assert modules.present(kernel, "xfs") == "module"
    assert config.config_of(kernel)["CONFIG_HZ"] == "250"


def test_a_folder_of_loose_parts(tmp_path: Path, home: Path) -> None:
    (tmp_path / "bzImage").write_bytes(making.image("6.9.0", "#1"))
    (tmp_path / "config").write_text("CONFIG_A=y\n")
    (tmp_path / "System.map").write_text("ffffffff81000000 T _text\n" * 100)
    kernel = find.find(str(tmp_path), home)
    assert kernel.config == tmp_path / "config"
    assert kernel.system_map == tmp_path / "System.map"
    assert kernel.modules is None


def test_an_image_alone_and_one_in_boot(tmp_path: Path, home: Path) -> None:
    (tmp_path / "alone").write_bytes(making.image("6.9.0", "#1"))
    alone = find.find(str(tmp_path / "alone"), home)
    assert (alone.origin, alone.modules, alone.config) == ("image", None, None)
    laid_out(tmp_path / "k")
    assert modules.present(find.find(str(tmp_path / "k/boot/vmlinuz-6.9.0-fleet"), home), "xfs") == "module"


def test_of_several_kernels_in_a_folder_one_must_be_named(tmp_path: Path, home: Path) -> None:
    laid_out(tmp_path / "k", "6.9.0-a")
    laid_out(tmp_path / "k", "6.9.0-b")
    with pytest.raises(UsageError, match=r"more than one kernel is in it \(6\.9\.0-a, 6\.9\.0-b\)"):
        find.find(str(tmp_path / "k"), home)


def built_tree(tree: Path) -> Path:
    for path, data in {
        "Makefile": b"",
        "Kconfig": b"",
        "arch/x86/boot/bzImage": making.image("6.9.0-tree", "#1"),
        ".config": b"CONFIG_A=y\n",
        "System.map": b"ffffffff81000000 T _text\n" * 100,
        "vmlinux": b"\x7fELF",
        "modules.order": b"fs/x.o\n",
        "fs/x.ko": making.module("x"),
        "include/generated/autoconf.h": b"",
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
    return tree


def test_a_built_tree_and_the_image_in_it(tmp_path: Path, home: Path) -> None:
    tree = built_tree(tmp_path / "linux")
    kernel = find.find(str(tree), home)
    assert (kernel.release, kernel.origin) == ("6.9.0-tree", "tree")
    assert kernel.symbols == tree / "vmlinux"
    assert kernel.headers == tree
    assert modules.load_order(kernel, ["x"]) == ["x"]
    assert find.find(str(tree / "arch/x86/boot/bzImage"), home) == kernel
    assert folders.built_trees(tmp_path) == [tree]


def test_a_tree_that_is_not_built_says_so(tmp_path: Path, home: Path) -> None:
    tree = built_tree(tmp_path / "linux")
    (tree / "arch/x86/boot/bzImage").unlink()
    with pytest.raises(InputError, match="the kernel tree is not built"):
        find.find(str(tree), home)


def test_kernels_of_vm_build_have_names(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none was built yet"):
        find.find("built:kasan", home)
    made = home / "kernels/built/kasan"
    laid_out(made, "6.9.0-kasan")
    (made / "boot/vmlinuz-6.9.0-kasan").rename(made / "image")
    (made / "config").write_text("CONFIG_KASAN=y\n")
    (made / "vmlinux").write_bytes(b"\x7fELF")
    (made / "build").symlink_to(built_tree(tmp_path / "objects"))
    kernel = find.find("built:kasan", home)
    assert (kernel.release, kernel.origin) == ("6.9.0-kasan", "built")
    assert config.config_of(kernel) == {"CONFIG_KASAN": "y"}
    assert kernel.symbols == made / "vmlinux"
    assert kernel.headers == made / "build"
    assert modules.present(kernel, "xfs") == "module"
    with pytest.raises(UsageError, match=r"built:\.\./kasan: no such build; there are kasan"):
        find.find("built:../kasan", home)


def test_installed_kernels_are_found(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "vmlinuz").symlink_to("boot/vmlinuz-6.9.0-fleet")
    (kernel,) = find.installed(tmp_path)
    assert (kernel.release, kernel.origin) == ("6.9.0-fleet", "installed")
    assert modules.present(kernel, "xfs") == "module"


def test_the_real_series_are_found_again_without_fetching(kernel: object, shared_home: Path) -> None:
    series = kernel.release.rsplit(".", 1)[0] if "deb12" in kernel.release else "6.1"  # type: ignore[attr-defined]
    assert find.find(f"{series}-cloud", shared_home, fetch=False) == kernel
    assert packages.unpacked(shared_home)
