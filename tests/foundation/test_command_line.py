"""The command line as a whole: commands found by file, exit statuses, one sentence for every error."""

import subprocess
import sys
import time
from collections.abc import Callable
from types import ModuleType

import click
import pytest

from kernward.cli import commands
from kernward.cli import main as command_line
from kernward.records.errors import InputError

Behaviour = Callable[[], object]
Plant = Callable[[Behaviour], None]


@pytest.fixture
def plant(tmp_path, monkeypatch) -> Plant:
    """Adds a command `try-it` to the folder of commands, which does what it is given."""

    def plant(behaviour: Behaviour) -> None:
        module = ModuleType("kernward.cli.try_it")
        module.command = click.command(help="Try it.")(behaviour)
        (tmp_path / "try_it.py").touch()
        monkeypatch.setitem(sys.modules, "kernward.cli.try_it", module)
        monkeypatch.setattr(commands, "CLI", tmp_path)

    return plant


def raising(error: BaseException) -> Behaviour:
    def behaviour() -> None:
        raise error

    return behaviour


def test_a_command_is_found_by_its_file(plant, capsys) -> None:
    plant(lambda: click.echo("done"))
    assert command_line.main(["try-it"]) == 0
    assert capsys.readouterr().out == "done\n"
    assert command_line.main(["--help"]) == 0
    assert "try-it" in capsys.readouterr().out


def test_a_module_without_a_command_is_none(plant, capsys) -> None:
    assert command_line.main(["terminal"]) == 2
    assert "no command terminal" in capsys.readouterr().err


def test_what_a_command_returns_is_the_exit_status(plant) -> None:
    plant(lambda: 1)
    assert command_line.main(["try-it"]) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("x.log: not a log"), "kernward: x.log: not a log\n"),
        (InputError("\x1b[31mred"), "kernward: \\x1b[31mred\n"),
        (PermissionError(13, "Permission denied", "/x"), "kernward: /x: Permission denied\n"),
        (
            TypeError("x"),
            "kernward: this is a fault of kernward itself (TypeError: x); --debug shows where\n",
        ),
    ],
)
def test_an_error_is_one_sentence_and_status_2(plant, capsys, error, sentence) -> None:
    plant(raising(error))
    assert command_line.main(["try-it"]) == 2
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("arguments", [["--debug", "try-it"], ["try-it", "--debug"]])
def test_debug_shows_the_traceback(plant, capsys, arguments) -> None:
    plant(raising(InputError("x.log: not a log")))
    assert command_line.main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130(plant, capsys) -> None:
    plant(raising(KeyboardInterrupt()))
    assert command_line.main(["try-it"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["try-it", "--no-such-option"], ["--no-such-option"], ["try-it", "extra"]]
)
def test_wrong_usage_is_one_sentence_and_status_2(plant, capsys, arguments) -> None:
    plant(lambda: None)
    assert command_line.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("kernward: ")
    assert said.count("\n") == 1


def test_an_unknown_command_names_the_nearest(plant, capsys) -> None:
    plant(lambda: None)
    assert command_line.main(["tryit"]) == 2
    assert capsys.readouterr().err == "kernward: there is no command tryit; did you mean try-it?\n"


def test_without_arguments_the_help_is_shown(capsys) -> None:
    assert command_line.main([]) == 2
    assert "Usage: kernward" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "kinds", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 141
    assert said == b""


def test_version_needs_nothing_slow() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kernward.cli.main", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("kernward ")
    imported = {line.rsplit("|", 1)[-1].strip() for line in run.stderr.splitlines()}
    slow = ("msgspec", "duckdb", "pyarrow", "sqlalchemy", "rich", "jinja2", "hyperscan", "importlib.metadata")
    assert not imported & set(slow)


def test_version_answers_at_once() -> None:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "kernward.cli.main", "--version"], check=True, capture_output=True
        )
        return time.perf_counter() - began

    # The promise is 0.1 s; a machine that runs other tests beside this one is given some slack.
    assert min(once() for _ in range(5)) < 0.2
