"""The contracts between rooms hold, and each of them is tried by breaking it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def tree(project, tmp_path) -> Path:
    """A copy of the sources that may be spoiled."""
    shutil.copy(project / "pyproject.toml", tmp_path)
    shutil.copytree(
        project / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "catalogue.index*")
    )
    return tmp_path


def broken(tree: Path) -> set[str]:
    """The names of the contracts that do not hold."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
    )
    said = run.stdout + run.stderr
    found = set(re.findall(r"^(.+?) BROKEN\b", said, re.MULTILINE))
    assert (run.returncode == 0) == (not found), said
    return found


def plant(tree: Path, module: str, text: str) -> None:
    path = tree / "src" / "kernward" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_the_sources_keep_every_contract(tree) -> None:
    assert broken(tree) == set()


@pytest.mark.parametrize(
    ("planted", "contract"),
    [
        ({"logs/planted.py": "import kernward.events.kind\n"}, "rooms import downwards only"),
        ({"records/planted.py": "import kernward.logs.chunk\n"}, "rooms import downwards only"),
        (
            {"baselines/__init__.py": "import kernward.patches\n", "patches/__init__.py": ""},
            "rooms import downwards only",
        ),
        ({"helpers/__init__.py": ""}, "rooms import downwards only"),
        (
            {"logs/one.py": "import kernward.logs.other\n", "logs/other.py": "import kernward.logs.one\n"},
            "no cycles inside a room",
        ),
        ({"cli/planted.py": "import kernward.store\n"}, "only operations touches the store"),
        ({"operations/planted.py": "import duckdb\n"}, "only the store imports databases"),
        ({"cli/planted.py": "import pyarrow.parquet\n"}, "only the store imports databases"),
        ({"events/planted.py": "from sqlalchemy import select\n"}, "only the store imports databases"),
    ],
)
def test_a_contract_notices_when_it_is_broken(tree, planted, contract) -> None:
    for module, text in planted.items():
        plant(tree, module, text)
    assert contract in broken(tree)
