"""Package files, honest and hostile."""

import contextlib
import gzip
import lzma
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import deb
from kernward.records.errors import InputError
from tests.kernels import making
from tests.kernels.making import file, link

COMPRESS = {
    "data.tar": lambda data: data,
    "data.tar.gz": gzip.compress,
    "data.tar.xz": lambda data: lzma.compress(data, preset=0),
    "data.tar.zst": zstandard.ZstdCompressor().compress,
}


def unpacked(tmp_path: Path, *entries: tuple[tarfile.TarInfo, bytes], name: str = "data.tar") -> Path:
    package = tmp_path / "p.deb"
    package.write_bytes(making.deb(COMPRESS[name](making.tar(entries)), name=name))
    deb.unpack(package, tmp_path / "into")
    return tmp_path / "into"


@pytest.mark.parametrize("name", COMPRESS)
def test_files_come_out_as_they_went_in(name: str, tmp_path: Path) -> None:
    big = bytes(range(256)) * 20_000
    folder = unpacked(
        tmp_path,
        (file("./boot/vmlinuz"), big),
        (file("./usr/bin/tool", 0o4755), b"#!"),
        (link("./usr/lib/build", "/usr/src/linux"), b""),
        (link("./usr/lib/near", "../bin/tool"), b""),
        (link("./usr/bin/other", "./usr/bin/tool", tarfile.LNKTYPE), b""),
        name=name,
    )
    assert (folder / "boot/vmlinuz").read_bytes() == big
    assert (folder / "usr/bin/tool").stat().st_mode & 0o7777 == 0o755
    assert (folder / "usr/bin/other").read_bytes() == b"#!"
    assert (folder / "usr/lib/near").read_bytes() == b"#!"
    # It was made for "/", and is right wherever it lies.
    assert os.readlink(folder / "usr/lib/build") == "../../usr/src/linux"


def test_it_agrees_with_dpkg(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: p\nVersion: 2:1.0-1\nArchitecture: all\nMaintainer: M <m@example.org>\nDescription: d\n more\n"
    )
    (tree / "usr/share").mkdir(parents=True)
    (tree / "usr/share/a").write_text("a")
    subprocess.run(["dpkg-deb", "-b", tree, tmp_path / "p.deb"], check=True, capture_output=True)
    assert deb.control(tmp_path / "p.deb")["Version"] == "2:1.0-1"
    deb.unpack(tmp_path / "p.deb", tmp_path / "into")
    assert (tmp_path / "into/usr/share/a").read_text() == "a"


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        ([(file("../evil"), b"x")], "names a file outside"),
        ([(file("a/../../evil"), b"x")], "names a file outside"),
        ([(link("a", "../.."), b"")], "leads outside"),
        ([(link("a/b", "../../etc"), b"")], "leads outside"),
        ([(link("a/b", "c/../../.."), b"")], "leads outside"),
        ([(link("a", "b"), b""), (file("a/evil"), b"x")], "is a folder and is not"),
        (
            [(link("a", "/etc/passwd"), b""), (link("c", "../a", tarfile.LNKTYPE), b"")],
            "names a file outside",
        ),
        ([(file("a"), b"x"), (file("a/b"), b"x")], "is a folder and is not"),
    ],
)
def test_nothing_reaches_outside(
    entries: list[tuple[tarfile.TarInfo, bytes]], what: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=what):
        unpacked(tmp_path, *entries)
    assert not (tmp_path / "evil").exists()


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, (file("secret"), b"kept"), (link("a", "secret"), b""), (file("a"), b"new"))
    assert (folder / "secret").read_bytes() == b"kept"
    assert (folder / "a").read_bytes() == b"new"


def test_absolute_names_are_taken_within_the_folder(tmp_path: Path) -> None:
    assert (unpacked(tmp_path, (file("/etc/x"), b"x")) / "etc/x").is_file()


def test_devices_are_left_out(tmp_path: Path) -> None:
    device = file("dev/null")
    device.type = tarfile.CHRTYPE
    assert list(unpacked(tmp_path, (device, b"")).iterdir()) == []


@pytest.mark.parametrize("name", ["data.tar.xz", "data.tar.gz", "data.tar.zst"])
def test_what_grows_without_bound_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deb, "_GROWTH_FREE_BYTES", 1 << 20)
    with pytest.raises(InputError, match="grows beyond"):
        unpacked(tmp_path, (file("zeros"), bytes(30 << 20)), name=name)


def test_a_name_of_megabytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a name of"):
        unpacked(tmp_path, (file("a/" * 100_000), b""))


@pytest.mark.parametrize("name", COMPRESS)
def test_what_ends_early_is_refused(name: str, tmp_path: Path) -> None:
    whole = making.deb(COMPRESS[name](making.tar([(file("a"), os.urandom(100_000))])), name=name)
    package = tmp_path / "p.deb"
    package.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"p\.deb: the package cannot be unpacked"):
        deb.unpack(package, tmp_path / "into")


def test_what_is_no_package_is_said_to_be_none(tmp_path: Path) -> None:
    package = tmp_path / "p.deb"
    package.write_bytes(b"<html>Not found</html>")
    with pytest.raises(InputError, match="not a Debian package: it does not begin with !<arch>"):
        deb.control(package)
    with pytest.raises(InputError, match="No such file"):
        deb.control(tmp_path / "absent.deb")


@given(
    name=st.sampled_from(list(COMPRESS)),
    damage=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=20),
    end=st.integers(0, 4000),
)
def test_a_damaged_package_is_unpacked_or_refused(
    name: str, damage: list[tuple[int, int]], end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    tar = making.tar([(file("a/b"), bytes(range(200))), (link("c", "a"), b"")])
    data = bytearray(making.deb(COMPRESS[name](tar), name=name))
    for at, value in damage:
        if at < len(data):
            data[at] = value
    package = folder / "p.deb"
    package.write_bytes(data[: max(end, 300)])
    for act in (lambda: deb.control(package), lambda: deb.unpack(package, folder / "in/to")):
        with contextlib.suppress(InputError):
            act()
    assert {each.name for each in folder.iterdir()} <= {"p.deb", "in"}
    shutil.rmtree(folder)
