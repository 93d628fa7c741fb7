"""The list of kernels that can be used here."""

import shutil
from pathlib import Path

import pytest

from kernward.kernels import find
from kernward.operations.kernels import list_kernels
from kernward.records.errors import UsageError
from tests.kernels import making
from tests.kernels.making import Archive


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def stocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get is not installed: there is no archive")
    archive = Archive(tmp_path / "archive")
    monkeypatch.setenv("APT_CONFIG", str(archive.configuration))
    for release, version in [
        ("6.1.0-9-cloud-amd64", "6.1.90-1"),
        ("6.1.0-10-cloud-amd64", "6.1.100-1"),
        ("6.1.0-10-amd64", "6.1.100-1"),
        ("6.12.9+deb12-cloud-amd64", "6.12.9-1~deb12u1"),
    ]:
        archive.add_kernel(release, version)
    archive.add_kernel("6.1.0-10-cloud-amd64", "6.1.100-1", suffix="-unsigned")
    archive.update()
    return archive


def test_the_archives_newest_of_each_series_and_flavour_are_listed_with_their_size(
    stocked: Archive, home: Path
) -> None:
    listed = list_kernels(home)
    assert [(each.wanted, each.flavour) for each in listed] == [
        ("6.12.9+deb12-cloud-amd64", "cloud"),
        ("6.1.0-10-cloud-amd64", "cloud"),
        ("6.1.0-10-amd64", ""),
    ]
    assert all(each.fetch_bytes for each in listed)
    assert not (home / "kernels/packages").exists()


def test_every_kernel_of_the_archive_can_be_listed_and_had(stocked: Archive, home: Path) -> None:
    listed = list_kernels(home, every=True)
    assert len(listed) == 5
    for each in listed:
        kernel = find.find(each.wanted, home)
        assert (kernel.release, kernel.package, kernel.package_version) == (
            each.release,
            each.package,
            each.package_version,
        )


def test_what_is_here_costs_nothing_and_is_listed_once(stocked: Archive, home: Path) -> None:
    find.find("6.1", home)
    (here,) = (each for each in list_kernels(home) if each.release == "6.1.0-10-cloud-amd64")
    assert here.fetch_bytes is None
    assert here.path is not None
    assert here.has_modules
    assert here.has_config
    assert not here.has_headers
    assert here.version == "#1 SMP PREEMPT_DYNAMIC Debian 6.1.100-1 (2026-01-01)"
    assert [each.release for each in list_kernels(home, archive=False)] == ["6.1.0-10-cloud-amd64"]


def test_places_are_looked_through(stocked: Archive, home: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "vmlinuz-6.9.0").write_bytes(making.image("6.9.0", "#1"))
    file = shutil.copy(stocked.pool / "linux-image-6.1.0-10-amd64_6.1.100-1_amd64.deb", place)
    (place / "notes.txt").write_text("no kernel")
    tree = place / "linux"
    for path in ("Makefile", "Kconfig"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).touch()
    (tree / "arch/x86/boot").mkdir(parents=True)
    (tree / "arch/x86/boot/bzImage").write_bytes(making.image("6.10.0-rc1", "#1"))
    listed = list_kernels(home, archive=False, places=[place])
    assert [(each.wanted, each.release, each.origin) for each in listed] == [
        (str(tree), "6.10.0-rc1", "tree"),
        (str(place / "vmlinuz-6.9.0"), "6.9.0", "folder"),
        (str(file), "6.1.0-10-amd64", "deb"),
    ]
    assert [find.find(each.wanted, home).release for each in listed] == [each.release for each in listed]


def test_a_place_that_is_not_there_is_a_wrong_request(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        list_kernels(home, archive=False, places=[tmp_path / "absent"])
