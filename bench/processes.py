"""Run a command as a whole process and say what it took: wall and CPU seconds, peak memory."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

KERNWARD = str(Path(sys.executable).parent / "kernward")


@dataclass(frozen=True)
class Run:
    """One finished process."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run(command: Sequence[str | Path], *, cores: set[int] | None = None, home: Path | None = None) -> Run:
    """Run to the end; output is taken through a pipe, as whoever reads it would."""

    def pin() -> None:
        if cores is not None:
            os.sched_setaffinity(0, cores)

    environment = {**os.environ, "NO_COLOR": "1"}
    if home is not None:
        environment["KERNWARD_HOME"] = str(home)
    began = time.monotonic()
    with subprocess.Popen(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        preexec_fn=pin,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def in_turn(
    times: int, *commands: Sequence[str | Path], cores: set[int] | None = None, home: Path | None = None
) -> list[list[Run]]:
    """Run the commands A B A B …, after one run of each that does not count; a list of runs for each."""
    for command in commands:
        run(command, cores=cores, home=home)
    runs: list[list[Run]] = [[] for _ in commands]
    for _ in range(times):
        for found, command in zip(runs, commands, strict=True):
            found.append(run(command, cores=cores, home=home))
    return runs


def middle(runs: Sequence[Run], figure: str) -> float:
    """The median of a figure over the runs."""
    return float(median(getattr(each, figure) for each in runs))


def table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print what was measured, the figure, and the peer or limit beside it."""
    sys.stdout.write(f"\n{title}\n")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        sys.stdout.write(
            "  "
            + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            + "\n"
        )
    sys.stdout.flush()
