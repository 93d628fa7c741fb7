"""The wheel brings an index of the catalogue that was made when it was built, and the programs of guests."""

import shutil
import subprocess
import sys
import zipfile

import msgspec
import pytest

from kernward.events import index

# Both build in this environment instead of an isolated one, so that no network is needed.
BUILD = "import hatchling.build as build, sys; build.build_wheel(sys.argv[1])"
WITHOUT_HYPERSCAN = "import sys; sys.modules['hyperscan'] = None; " + BUILD


@pytest.mark.parametrize("build", [BUILD, WITHOUT_HYPERSCAN], ids=["with hyperscan", "without hyperscan"])
def test_the_wheel_holds_a_current_index(project, tmp_path, build) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "catalogue.index*", "*.x86_64")
    shutil.copytree(project / "src", source / "src", ignore=ignored)
    license_text = source / "src/kernward/vm/guest/kernward_faults/COPYING"
    assert license_text.read_text().lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(project / name, source)
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=source, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("kernward-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        built = msgspec.msgpack.decode(archive.read("kernward/events/catalogue.index"), type=index.Index)
        names = set(archive.namelist())
    assert "kernward/py.typed" in names
    assert {f"kernward/vm/guest/{name}" for name in ("agent.c", "kernward_faults/Kbuild")} <= names
    if shutil.which("gcc"):
        built_programs = {name.partition("-")[0] for name in names if name.endswith(".x86_64")}
        assert {"kernward/vm/guest/agent", "kernward/vm/guest/misbehave"} <= built_programs
    assert built.digest == index.digest()
    assert len(built.entries) == len(index.build().entries)
    if build is WITHOUT_HYPERSCAN:
        assert built.platform == "re"
        assert built.database == b""
