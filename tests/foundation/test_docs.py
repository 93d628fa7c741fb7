"""The documentation is true: what it shows is run, what can be run is shown, and no link is dead.

A fenced `console` block holds commands (`$ kernward …`) with their output. `…` alone on a line stands for
lines that were left out, at the end of a line for the rest of that line; durations and spaces may
differ.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernward.cli.main import program
from kernward.vm.acceleration import version

ROOT = Path(__file__).parent.parent.parent
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = program.list_commands(program.make_context("kernward", [], resilient_parsing=True))


def examples(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command of a page with the output that the page shows, in order."""
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        command, shown = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            else:
                shown.append(line)
        if command:
            yield command, shown


def loosely(line: str) -> str:
    line = re.sub(r"\d+(?:\.\d+)? (?:s|ms|seconds)\b", "# s", line)
    return " ".join(line.split())


def explain_difference(shown: list[str], printed: list[str]) -> str | None:
    """Why what is shown is not what was printed; None when it is."""
    at, may_skip = 0, False
    wanted = [loosely(line) for line in shown if line.strip()]
    actual = [loosely(line) for line in printed if line.strip()]
    for line in wanted:
        if line == "…":
            may_skip = True
            continue
        while at < len(actual):
            same = actual[at].startswith(line[:-1].rstrip()) if line.endswith("…") else actual[at] == line
            if same or not may_skip:
                break
            at += 1
        if at == len(actual):
            return f"was not printed: {line}"
        if not same:
            return f"shown:   {line}\nprinted: {actual[at]}"
        at, may_skip = at + 1, False
    return None if may_skip or at == len(actual) else f"is not shown: {actual[at]}"


def pages_with_examples() -> list[Path]:
    return [page for page in WRITTEN if any(examples(page))]


@pytest.mark.parametrize("page", pages_with_examples(), ids=lambda page: page.name)
def test_what_a_page_shows_is_what_is_printed(page: Path, tmp_path) -> None:
    program_file = tmp_path / "bin" / "kernward"
    program_file.parent.mkdir()
    program_file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kernward.cli.main "$@"\n')
    program_file.chmod(0o755)
    if any(command.startswith("kernward vm") for command, _ in examples(page)):
        if not version():
            pytest.skip("QEMU is not installed here (Debian: qemu-system-x86)")
        # Kernels are fetched once, not for each run of the tests.
        kept = ROOT / ".cache" / "home" / "kernels"
        kept.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "kernels").symlink_to(kept)
    environment = os.environ | {
        "PATH": f"{program_file.parent}:{os.environ['PATH']}",
        "KERNWARD_HOME": str(tmp_path / "home"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    for command, shown in examples(page):
        run = subprocess.run(
            ["/bin/sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
        assert "Traceback" not in run.stderr, run.stderr
        assert run.returncode in {0, 1}, f"{command}: {run.stderr}"
        difference = explain_difference(shown, run.stdout.splitlines())
        assert difference is None, f"{page.name}: {command}\n{difference}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    told = "\n".join(page.read_text() for page in WRITTEN)
    assert re.search(rf"kernward {name}\b", told), f"no page mentions kernward {name}"
    assert f"## kernward {name}\n" in (ROOT / "docs/reference/commands.md").read_text()


def test_only_commands_that_exist_are_documented() -> None:
    for page in WRITTEN:
        for name in re.findall(
            r"^\$? *(?:\.venv/bin/)?kernward ([a-z][a-z-]*)", page.read_text(), re.MULTILINE
        ):
            assert name in COMMANDS, f"{page.name} tells of kernward {name}"


def test_no_link_is_dead() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not dead
