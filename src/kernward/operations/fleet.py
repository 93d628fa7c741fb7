"""Running a fleet of test machines by a plan, and keeping the truth of it beside its logs."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kernward import __version__
from kernward.kernels.kernel import Kernel
from kernward.operations.machines import kernel_named
from kernward.records import safe_json
from kernward.records.errors import InputError, KernwardError, UsageError
from kernward.records.fleet import FleetTruth, Plan
from kernward.store.home import home
from kernward.vm import collector
from kernward.vm.fault import usable_on
from kernward.vm.faults import fault as fault_named
from kernward.vm.fleet import groups, run_fleet
from kernward.vm.plan import read_plan

TRUTH = "truth.json"


def run(
    path: Path,
    folder: Path,
    *,
    only: tuple[str, ...] = (),
    jobs: int | None = None,
    tell: Callable[[str, str], None],
) -> FleetTruth:
    """Run the fleet of a plan file; its logs and truth.json are then in `folder`.

    What an earlier run left there is removed first, by its truth.json. With `only`, just those hosts are
    run again, and the others' logs and truth stay. Raises UsageError for what the plan cannot mean.
    """
    plan = read_plan(path)
    kernels = _kernels(path, plan)
    unknown = set(only) - {host.name for host in plan.hosts}
    if unknown:
        raise UsageError(f"{path} has no host {', '.join(sorted(unknown))}")
    scripts = {host.script: (path.parent / host.script).read_text() for host in plan.hosts if host.script}
    before = _earlier(folder)
    again = {name for group in groups(plan.hosts) if not only or set(only) & set(group) for name in group}
    for host in before.hosts if before else ():
        if not only or host.name in again:
            for log in host.logs:
                _inside(folder, log.path).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    hosts = run_fleet(
        plan,
        kernels,
        scripts,
        folder,
        home(),
        only=again,
        jobs=jobs or os.cpu_count() or 1,
        tell=tell,
    )
    if only and before:
        made = {host.name: host for host in (*before.hosts, *hosts)}
        hosts = tuple(made[host.name] for host in plan.hosts if host.name in made)
    truth = FleetTruth(
        plan=plan.name,
        made_by=f"kernward {__version__}",
        made_at_utc=datetime.now(UTC).replace(microsecond=0),
        network=collector.NETWORK,
        collector=collector.ADDRESS,
        hosts=hosts,
    )
    (folder / TRUTH).write_bytes(safe_json.pretty(truth) + b"\n")
    return truth


def _kernels(path: Path, plan: Plan) -> dict[str, Kernel]:
    """The kernels of a plan by the names it has for them, each checked against what its hosts' faults need."""
    found: dict[str, Kernel] = {}
    for host in plan.hosts:
        where = f"{path}, line {host.line}: host {host.name}"
        if host.kernel not in found:
            try:
                found[host.kernel] = kernel_named(host.kernel)
            except KernwardError as error:
                raise UsageError(f"{where}: {error}") from error
        for planned in host.faults:
            unusable = usable_on(fault_named(planned.fault), found[host.kernel])
            if unusable:
                raise UsageError(f"{where}: {unusable}")
    return found


def _earlier(folder: Path) -> FleetTruth | None:
    """The truth of an earlier run in this folder; None when there is none of ours."""
    try:
        return msgspec.json.decode((folder / TRUTH).read_bytes(), type=FleetTruth)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InputError(
            f"{folder / TRUTH} is no truth of a fleet ({error}): choose another folder"
        ) from error


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"{folder / TRUTH} names a log outside its folder: {name}")
    return path
