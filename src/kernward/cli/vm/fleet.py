"""`kernward vm fleet`: many machines, each broken as a plan says, and all their logs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernward.cli.terminal import escape
from kernward.cli.wording import many

if TYPE_CHECKING:
    from kernward.records.fleet import FleetHost, FleetTruth

NOT_ALL_SHOWN = 2


@click.command()
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path), metavar="PLAN")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Where the logs and truth.json go (default: a folder named as the plan, here).",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N", help="Hosts at once (default: one a processor)."
)
@click.option(
    "--host", "only", multiple=True, metavar="NAME", help="Run this host only, the rest stays as it is."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(plan: Path, out: Path | None, jobs: int | None, only: tuple[str, ...], form: str) -> int:
    """Start the hosts of PLAN, break them as it says, and collect their logs as a site would.

    PLAN is a TOML file: a [[host]] each with its kernel, its logs and its faults. The hosts share one
    virtual network with a log collector. Each host's logs go to a folder of its own; truth.json says what
    was injected where and when, and what a diagnosis should find. The status is 2 when a fault did not
    show or a host failed; the rest is done all the same.
    """
    from kernward.operations.fleet import run
    from kernward.records.safe_json import pretty

    def tell(host: str, sentence: str) -> None:
        click.echo(escape(f"{host}: {sentence}"), err=True)

    folder = out or Path(plan.stem)
    truth = run(plan, folder, only=only, jobs=jobs, tell=tell)
    if form == "json":
        sys.stdout.buffer.write(pretty(truth) + b"\n")
    else:
        _print(truth, folder)
    done = all(host.state != "failed" and all(fault.shown for fault in host.faults) for host in truth.hosts)
    return 0 if done else NOT_ALL_SHOWN


def _print(truth: "FleetTruth", folder: Path) -> None:
    names = max(len(host.name) for host in truth.hosts)
    kernels = max(len(host.kernel) for host in truth.hosts)
    for host in truth.hosts:
        injected = ", ".join(
            fault.fault + ("" if fault.shown else " (did not show)") for fault in host.faults
        )
        line = f"{host.name:<{names}}  {host.kernel:<{kernels}}  {host.state:<7}  {injected or '–'}"
        click.echo(escape(line.rstrip()))
        if host.problem:
            click.echo(escape(f"{'':<{names}}  {host.problem}"))
    click.echo()
    click.echo(_summary(truth.hosts, folder))


def _summary(hosts: "tuple[FleetHost, ...]", folder: Path) -> str:
    faults = [fault for host in hosts for fault in host.faults]
    shown = [fault for fault in faults if fault.shown]
    kinds = {kind for fault in shown for kind in fault.kinds}
    logs = [log for host in hosts for log in host.logs]
    builds = {host.kernel for host in hosts}
    return (
        f"{many(len(hosts), 'host')}, {many(len(builds), 'kernel build')}, {len(shown)} of "
        f"{many(len(faults), 'fault')} shown ({many(len(kinds), 'kind')} of event), {many(len(logs), 'log')} in "
        f"{escape(str(folder))}; what was done is in {escape(str(folder / 'truth.json'))}."
    )
