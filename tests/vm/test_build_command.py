"""`kernward vm build` and `vm kunit`, as they are typed; on the stand-in of fake_tree.py."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernward.vm import kernel_options
from kernward.vm.build import missing
from tests.vm import fake_tree

needs_compiler = pytest.mark.skipif(bool(missing()), reason=f"kernels cannot be built here: {missing()}")


def kernward(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kernward.cli.main", "vm", *map(str, arguments)],
        env={
            "KERNWARD_HOME": str(home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ":".join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@needs_compiler
def test_a_kernel_is_built_and_then_was_there_already(tmp_path: Path) -> None:
    tree = fake_tree.make(tmp_path / "linux")
    mine = tmp_path / "mine.config"
    mine.write_text("CONFIG_FAKE_ONE=y\nCONFIG_FROM_TOMORROW=y\n")
    first = kernward(tmp_path / "home", "build", tree, "--with", mine, "--name", "mine")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Linux 6.99.3-mine: built in ")
    assert "kernward vm run --kernel built:mine" in first.stdout
    assert (
        f"CONFIG_FROM_TOMORROW=y (fragment {mine}) does not hold: Linux 6.99.3 has no such option."
        in first.stdout
    )
    # Nobody looks at it: no progress.
    assert first.stderr == ""
    again = kernward(tmp_path / "home", "build", tree, "--with", mine, "--name", "mine")
    assert again.stdout.startswith("Linux 6.99.3-mine: was here already")


@needs_compiler
def test_json_says_the_same(tmp_path: Path) -> None:
    tree = fake_tree.make(tmp_path / "linux")
    printed = kernward(tmp_path / "home", "build", tree, "--with", "lkdtm", "--format", "json")
    built = json.loads(printed.stdout)
    assert (built["name"], built["wanted"], built["kept"]) == ("lkdtm-6.99", "built:lkdtm-6.99", False)
    assert Path(built["image"]).is_file()


@needs_compiler
def test_a_failure_is_one_sentence(tmp_path: Path) -> None:
    tree = fake_tree.make(tmp_path / "linux", core="int one = two;\n")
    printed = kernward(tmp_path / "home", "build", tree, "--name", "mine")
    assert printed.returncode == 2
    assert printed.stdout == ""
    assert len(printed.stderr.splitlines()) == 1
    assert "core.c:1: " in printed.stderr
    assert "Traceback" not in printed.stderr


def test_the_fragments_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    printed = kernward(tmp_path, "build", "--fragments").stdout
    for name in kernel_options.names():
        assert f"{name}\n    {kernel_options.read(name).doc.splitlines()[0]}\n" in printed


@pytest.mark.parametrize(
    "arguments", [("build",), ("build", "no-such-tree"), ("build", "6.1", "--with", "kasaan"), ("kunit",)]
)
def test_a_request_that_makes_no_sense(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    printed = kernward(tmp_path, *arguments)
    assert printed.returncode == 2
    assert printed.stdout == ""
    assert "Traceback" not in printed.stderr
