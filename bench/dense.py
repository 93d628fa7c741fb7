"""Nothing but crash reports: the labelled corpus where it is, else this project's own cases, to 200 MB."""

import json
import re
from pathlib import Path

from bench.processes import KERNWARD, Run, run, table

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpora" / "syzkaller" / "report"
CASES = ROOT / "tests" / "events" / "cases"
FILES = 8


def logs() -> tuple[str, bytes]:
    """Where the reports come from, and all of them one after the other."""
    if CORPUS.is_dir():
        folder, paths = str(CORPUS), sorted(CORPUS.iterdir())
    else:
        folder, paths = str(CASES), sorted(CASES.glob("*.case"))
    texts = (path.read_bytes().partition(b"\n\n")[2] for path in paths)
    return folder, b"\n".join(re.split(rb"\n\r?\nREPORT:\r?\n", text)[0] for text in texts) + b"\n"


def crashes(finished: Run) -> int:
    """How many reports of class crash the answer counts."""
    answer = json.loads(finished.output)
    return sum(problem["count"] for problem in answer["problems"] if problem["class"] == "crash")


def main(folder: Path) -> None:
    origin, text = logs()
    piles = folder / "dense"
    piles.mkdir()
    for number in range(FILES):
        with (piles / f"{number}.log").open("wb") as file:
            for _ in range(max(1, 200_000_000 // FILES // len(text))):
                file.write(text)
    size = sum(path.stat().st_size for path in piles.iterdir())
    command = [KERNWARD, "triage", "--no-save", "--format", "json"]
    one = run([*command, "--jobs", "1", piles], cores={0})
    two = run([*command, "--jobs", "2", piles])
    found = crashes(one)
    table(
        f"crash reports, {size / 1e6:.0f} MB in {FILES} files, from {origin}",
        [
            (
                "reports (class crash)",
                str(found),
                "the same with two" if crashes(two) == found else "DIFFERS",
            ),
            ("one process, one core", f"{found / one.wall_s:.0f} reports/s", "limit 1500"),
            (
                "two processes",
                f"{found / two.wall_s:.0f} reports/s",
                f"{one.wall_s / two.wall_s:.2f} times (limit 1.7)",
            ),
            ("peak memory, one process", f"{one.peak_mb:.0f} MB", ""),
        ],
    )
    for path in piles.iterdir():
        path.unlink()
    piles.rmdir()
