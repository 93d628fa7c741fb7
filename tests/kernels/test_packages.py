"""The cache of packages: whole or not there, fetched once, and fetched again when it is damaged."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kernward.kernels import archive as debian_archive
from kernward.kernels import packages
from kernward.kernels.archive import Package
from kernward.records.errors import InputError
from tests.kernels.making import Archive

RELEASE = "6.1.0-9-cloud-amd64"


@pytest.fixture
def package(archive: Archive) -> Package:
    archive.add_kernel(RELEASE, "6.1.9-1")
    archive.update()
    found = debian_archive.newest(f"linux-image-{RELEASE}")
    assert found is not None
    return found


def test_a_package_is_fetched_and_unpacked_once(package: Package, archive: Archive, home: Path) -> None:
    assert not packages.is_here(package, home)
    content = packages.obtain(package, home)
    assert (content / f"boot/vmlinuz-{RELEASE}").is_file()
    # From now on the archive is not needed.
    archive.lose()
    assert packages.obtain(package, home) == content
    assert packages.is_here(package, home)
    assert packages.unpacked(home) == [(package, content)]


def test_nothing_is_fetched_unasked(package: Package, home: Path) -> None:
    with pytest.raises(InputError, match="not in the cache"):
        packages.obtain(package, home, fetch=False)


def test_a_damaged_file_in_the_cache_is_fetched_again(package: Package, home: Path) -> None:
    file = packages.folder(home) / f"{package.stem}.deb"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"!<arch>\ntruncated")
    assert packages.obtain(package, home).is_dir()
    assert file.stat().st_size == package.size_bytes


def test_a_file_in_the_cache_is_used(package: Package, archive: Archive, home: Path) -> None:
    packages.folder(home).mkdir(parents=True)
    shutil.move(archive.pool / f"{package.stem}.deb", packages.folder(home))
    assert packages.obtain(package, home).is_dir()


def test_what_the_archive_gives_damaged_is_refused(package: Package, archive: Archive, home: Path) -> None:
    file = archive.pool / f"{package.stem}.deb"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(
        InputError, match=rf"linux-image-{RELEASE} 6.1.9-1 cannot be fetched .*Hash Sum mismatch"
    ):
        packages.obtain(package, home)
    assert not list(packages.folder(home).glob("*.deb"))


def test_a_file_whose_digest_is_another_than_the_lists_say_is_refused(package: Package, home: Path) -> None:
    lists_say = msgspec.structs.replace(package, sha256="0" * 64)
    with pytest.raises(InputError, match="was fetched damaged"):
        packages.obtain(lists_say, home)
    assert packages.unpacked(home) == []


def test_an_archive_that_is_gone_is_one_sentence(package: Package, archive: Archive, home: Path) -> None:
    archive.lose()
    with pytest.raises(InputError, match="cannot be fetched with apt-get") as caught:
        packages.obtain(package, home)
    assert "\n" not in str(caught.value)
    assert packages.unpacked(home) == []
    assert not list(packages.folder(home).glob("[!.]*"))


def test_what_a_killed_process_left_is_cleared(package: Package, home: Path) -> None:
    left = packages.folder(home) / f".{package.stem}.unpacking" / "content"
    left.mkdir(parents=True)
    (left / "half").touch()
    content = packages.obtain(package, home)
    assert not (content / "half").exists()
    assert not left.exists()


def test_many_processes_at_once_get_one_whole_package(package: Package, home: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from kernward.kernels import archive, packages\n"
        "package = archive.newest(sys.argv[1])\n"
        "content = packages.obtain(package, pathlib.Path(sys.argv[2]))\n"
        "print(sum(each.is_file() for each in content.rglob('*')))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, package.name, str(home)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [each.communicate()[0] for each in running] == [b"6\n"] * 4
    assert len(packages.unpacked(home)) == 1


def test_a_cache_that_cannot_be_written_is_one_sentence(package: Package, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the cache cannot be written"):
        packages.obtain(package, tmp_path / "file")


def test_a_package_file_is_kept_by_its_content(package: Package, archive: Archive, home: Path) -> None:
    file = archive.pool / f"{package.stem}.deb"
    content = packages.unpack_file(file, home)
    copy = archive.pool / "renamed.deb"
    shutil.copy(file, copy)
    assert packages.unpack_file(copy, home) == content
    assert packages.receipt(content).name == f"linux-image-{RELEASE}"
