"""What apt's lists say of kernels."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import archive as debian_archive
from kernward.kernels.archive import Package
from tests.kernels.making import Archive


def test_kernels_are_listed_from_new_to_old_and_signed_first(archive: Archive, home: Path) -> None:
    archive.add_kernel("6.1.0-9-amd64", "6.1.90-1", suffix="-unsigned")
    archive.add_kernel("6.1.0-9-amd64", "6.1.90-1")
    archive.add_kernel("6.1.0-10-cloud-amd64", "6.1.100-1")
    archive.add_kernel("6.12.9+deb12-rt-amd64", "6.12.9-1~deb12u1")
    for other in (
        "linux-image-6.1.0-9-amd64-dbg",
        "linux-image-amd64",
        "linux-image-6.12-amd64",
        "linux-image-6.1.0-9-arm64",
    ):
        archive.add(other, "6.1.90-1", {})
    archive.update()
    assert [(each.release, each.flavour, each.signed) for each in debian_archive.image_packages(home)] == [
        ("6.12.9+deb12-rt-amd64", "rt", True),
        ("6.1.0-10-cloud-amd64", "cloud", True),
        ("6.1.0-9-amd64", "", True),
        ("6.1.0-9-amd64", "", False),
    ]


def test_the_answer_is_kept_until_the_lists_change(
    archive: Archive, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add_kernel("6.1.0-9-amd64", "6.1.90-1")
    archive.update()
    first = debian_archive.image_packages(home)
    with monkeypatch.context() as patch:
        patch.setattr(debian_archive, "show", lambda names: pytest.fail("apt was asked again"))
        assert debian_archive.image_packages(home) == first
    archive.add_kernel("6.1.0-10-amd64", "6.1.100-1")
    archive.update()
    assert [each.release for each in debian_archive.image_packages(home)] == [
        "6.1.0-10-amd64",
        "6.1.0-9-amd64",
    ]


def test_a_kept_answer_that_is_damaged_is_asked_for_again(archive: Archive, home: Path) -> None:
    archive.add_kernel("6.1.0-9-amd64", "6.1.90-1")
    archive.update()
    first = debian_archive.image_packages(home)
    (home / "kernels/offers.json").write_text("{")
    assert debian_archive.image_packages(home) == first


def test_where_there_is_no_apt_nothing_is_offered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert debian_archive.image_packages(home) == []
    assert debian_archive.newest("linux-image-6.1.0-9-amd64") is None


def test_dependencies_are_read_with_their_versions() -> None:
    package = Package(
        name="linux-headers",
        version="1",
        architecture="amd64",
        size_bytes=1,
        sha256="0",
        depends="linux-base (>= 4.12~), linux-headers-6.1-common (= 6.1.9-1), aa | bb, gcc-12:native",
    )
    assert list(debian_archive.dependencies(package)) == [
        ("linux-base", ">=", "4.12~"),
        ("linux-headers-6.1-common", "=", "6.1.9-1"),
        ("aa", None, None),
        ("gcc-12", None, None),
    ]


@pytest.mark.parametrize(
    ("release", "flavour"),
    [
        ("6.1.0-9-cloud-amd64", "cloud"),
        ("6.1.0-9-amd64", ""),
        ("6.12.9+deb12-rt-amd64", "rt"),
        ("6.8.0-40-generic", None),
    ],
)
def test_flavours_are_read_from_releases(release: str, flavour: str | None) -> None:
    assert debian_archive.flavour_of(release) == flavour


@given(st.lists(st.lists(st.integers(0, 300), min_size=3, max_size=3), min_size=2, max_size=2))
def test_versions_sort_by_number(versions: list[list[int]]) -> None:
    left, right = ("{}.{}.{}-1".format(*numbers) for numbers in versions)
    assert (debian_archive.version_key(left) < debian_archive.version_key(right)) == (
        versions[0] < versions[1]
    )
