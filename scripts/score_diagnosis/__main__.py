"""`python -m scripts.score_diagnosis`: make the runs, print the table and the figures.

Guests run two at a time; what is injected into this machine runs alone afterwards, since it would
disturb the others. `--seed` chooses other strengths, names and companions.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from scripts.score_diagnosis.carry_out import Outcome, outcomes
from scripts.score_diagnosis.judge import Judged, judge, page, summary, table
from scripts.score_diagnosis.plan import Run, plan

from kernward.store.home import home as default_home
from kernward.vm.bed import Bed


def main() -> int:
    arguments = argparse.ArgumentParser(prog="score_diagnosis", description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--strengths", type=int, default=1, help="how many strengths of each fault")
    arguments.add_argument("--healthy", type=int, default=64, help="how many healthy runs")
    arguments.add_argument("--only", action="append", default=[], help="runs whose id holds this text")
    arguments.add_argument(
        "--without", action="append", default=[], help="not those whose id holds this text"
    )
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--keep", type=Path, help="a folder for what each check read and said")
    arguments.add_argument("--table", type=Path, help="a file for the figures and the table, as Markdown")
    arguments.add_argument("check", nargs="*", help="further arguments for kernward check, behind --")
    given = arguments.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    runs = [
        run
        for run in plan(given.seed, strengths=given.strengths, healthy=given.healthy)
        if (not given.only or any(text in run.id for text in given.only))
        and not any(text in run.id for text in given.without)
    ]
    home = default_home()
    judged: list[Judged] = []
    skipped: list[str] = []

    def take(run: Run, outcome: Outcome | str) -> None:
        if isinstance(outcome, str):
            skipped.append(f"{run.id}: {outcome}")
            sys.stderr.write(f"no result  {run.id}: {outcome}\n")
            return
        if given.keep:
            (given.keep / f"{run.id}.json").write_bytes(
                msgspec.json.format(msgspec.json.encode(outcome), indent=1)
            )
        result = judge(outcome)
        judged.append(result)
        word = "right" if result.cause and result.entity is not False else "WRONG"
        found = result.found[0] if result.found else "nothing"
        sys.stderr.write(f"{word:9}  {run.id}: {result.truth}; found {found} ({result.seconds} s)\n")

    guests = [run for run in runs if run.where == "guest"]
    hosts = [run for run in runs if run.where == "host"]
    with Bed(home) as bed:

        def work(part: list[Run]) -> None:
            for run, outcome in outcomes(part, bed, home, given.check, given.keep):
                take(run, outcome)

        with ThreadPoolExecutor(given.workers) as pool:
            for done in [
                pool.submit(work, guests[number :: given.workers]) for number in range(given.workers)
            ]:
                done.result()
        if hosts and os.geteuid() == 0:
            work(hosts)
        elif hosts:
            skipped.append(f"{len(hosts)} runs on this machine itself, which take root")
    if given.table:
        given.table.write_text(page(given.seed, judged, skipped))
    else:
        print("\n".join(table(judged)))
    for line in skipped:
        print(f"no result: {line}")
    for name, value in summary(judged).items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
