"""Every fault, on a kernel of each series that can show it: what triage finds in what the machine prints.

What is found stands in fault_matrix.json, of which docs/reference/faults.md is made; `--update` rewrites it.
Debian's kernels come first; where their configuration cannot show a fault, a kernel of `kernward vm build`.
"""

import fcntl
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from kernward.events import index
from kernward.kernels import find
from kernward.kernels.kernel import Kernel
from kernward.operations.triage import triage
from kernward.records.errors import KernwardError
from kernward.vm.bed import Bed
from kernward.vm.build import DEBUG, SANITIZED, build
from kernward.vm.fault import Fault, usable_on
from kernward.vm.faults import faults
from kernward.vm.inject import inject, spec_for, start, start_peers

TABLE = Path(__file__).parent / "fault_matrix.json"
KERNELS = {
    "6.1": ("6.1", "6.1-amd64", "built:debug-6.1", "built:kasan-6.1"),
    "6.12": ("6.12", "6.12-amd64", "built:debug-6.12", "built:kasan-6.12"),
}
# What a guest says when its host is busy, or when a stall has made it late: it may be there or not.
BY_CHANCE = frozenset(
    """
    hrtimer-interrupt-slow clocksource-unstable clocksource-readout-delay clocksource-watchdog-delayed
    perf-interrupt-too-long tsc-unstable workqueue-hog rcu-kthread-starved nmi-handler-too-long
    """.split()
)
LATE_S = 10.0
FAULTS = faults()

pytestmark = pytest.mark.vm_slow


def kernel_for(fault: Fault, series: str, home: Path) -> tuple[str, Kernel] | str:
    """The first kernel of the series that can show the fault, and its name; else why there is none."""
    proof = fault.impossible.get(series)
    if proof is not None:
        return proof
    reasons = []
    for wanted in KERNELS[series]:
        try:
            kernel = kernel_named(wanted, series, home)
        except KernwardError as problem:
            reasons.append(str(problem))
            continue
        reason = usable_on(fault, kernel)
        if reason is None:
            return wanted, kernel
        reasons.append(reason)
    pytest.skip("; ".join(reasons))


def kernel_named(wanted: str, series: str, home: Path) -> Kernel:
    """The kernel of this name; one of ours is built where it is not there yet, which takes minutes."""
    _, colon, name = wanted.partition(":")
    if not colon or name in find.all_built(home):
        return find.find(wanted, home)
    fragments = DEBUG if name.startswith("debug") else SANITIZED
    return build(f"linux-source-{series}", name=name, fragments=fragments, home=home)


def kinds_of(console: bytes, folder: Path) -> list[str]:
    """The kinds that `kernward triage` finds in a console log."""
    log = folder / "console.log"
    log.write_bytes(console)
    found: list[dict[str, Any]] = []
    triage([log], save=False, jobs=1, each=lambda line: found.append(json.loads(line)))
    return sorted({event["kind"] for event in found} - BY_CHANCE)


def printed(
    bed: Bed, fault: Fault, kernel: Kernel, home: Path, given: dict[str, object], folder: Path
) -> bytes:
    """What a machine prints from the injection on; fails when the fault does not show.

    The symptom may be there before the last of the kinds that the truth names.
    """
    spec = spec_for(fault, kernel, home=home, **given)
    with start(bed, fault, spec) as machine:
        peers = start_peers(bed, fault, spec)
        try:
            before = len(machine.console()) if fault.needs.initramfs else 0
            injected = inject(machine, fault, peers=peers, **given)
            assert injected.evidence
            deadline = time.monotonic() + LATE_S
            while not set(fault.truth.kinds) <= set(kinds_of(machine.console()[before:], folder)):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.5)
            return machine.console()[before:]
        finally:
            for peer in peers:
                peer.close()


@pytest.mark.parametrize("series", KERNELS)
@pytest.mark.parametrize("name", FAULTS)
def test_shows_and_is_recognised(
    name: str, series: str, bed: Bed, vm_home: Path, tmp_path: Path, update: bool
) -> None:
    fault = FAULTS[name]
    chosen = kernel_for(fault, series, vm_home)
    if isinstance(chosen, str):
        compare(name, series, {"impossible": chosen}, update)
        return
    wanted, kernel = chosen
    console = printed(bed, fault, kernel, vm_home, {}, tmp_path)
    kinds = kinds_of(console, tmp_path)
    assert set(fault.truth.kinds) <= set(kinds), (
        f"triage finds {kinds} in:\n{console.decode(errors='replace')}"
    )
    if fault.needs.lab and fault.truth.kinds:
        named = culprits(fault)
        assert any(re.search(rf"\b{function}\b".encode(), console) for function in named), (
            f"nothing names {named}"
        )
    compare(name, series, {"kernel": wanted, "kinds": kinds}, update)


def culprits(fault: Fault) -> list[str]:
    """The functions of the module that the truth names."""
    return re.findall(r"\b(kf_\w+)\(\)", fault.truth.filled(fault.values({})).mechanism)


def crashes(cell: dict[str, Any]) -> set[str]:
    """The kinds that must be the same each time; whether a stall is noticed is a matter of its moment."""
    kinds = set(cell.get("kinds", ())) - {"soft-lockup", "rcu-stall"}
    return {kind for kind in kinds if index.kind(kind).class_ == "crash"}


def compare(name: str, series: str, found: dict[str, Any], update: bool) -> None:
    """Hold a cell of the table against what was found, or write it.

    The reports of crashes must be the same; what else a machine in trouble prints may differ.
    """
    if not update:
        kept = json.loads(TABLE.read_text()).get(name, {}).get(series, {})
        assert crashes(kept) == crashes(found)
        return
    with open(TABLE, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        table = json.loads(file.read() or "{}")
        table.setdefault(name, {})[series] = found
        table = {
            fault: dict(sorted(cells.items())) for fault, cells in sorted(table.items()) if fault in FAULTS
        }
        file.seek(0)
        file.truncate()
        file.write(json.dumps(table, indent=1) + "\n")


CHOICES = [
    (fault.name, parameter.name, choice)
    for fault in FAULTS.values()
    for parameter in fault.parameters
    for choice in parameter.choices
    if choice != parameter.default
]


@pytest.mark.parametrize(("name", "parameter", "choice"), CHOICES, ids=["-".join(each) for each in CHOICES])
def test_shows_with_every_choice(
    name: str, parameter: str, choice: str, bed: Bed, vm_home: Path, tmp_path: Path
) -> None:
    fault = FAULTS[name]
    chosen = kernel_for(fault, "6.12", vm_home)
    if isinstance(chosen, str):
        return
    given = {parameter: choice}
    kinds = kinds_of(printed(bed, fault, chosen[1], vm_home, given, tmp_path), tmp_path)
    assert set(fault.truth.kinds) <= set(kinds)


def test_a_hard_lockup_goes_unnoticed_without_a_counter(bed: Bed, vm_home: Path) -> None:
    fault = FAULTS["hard-lockup"]
    try:
        kernel = find.find("6.1", vm_home)
    except KernwardError as problem:
        pytest.skip(str(problem))
    with start(bed, fault, spec_for(fault, kernel, home=vm_home)) as machine:
        assert b"Perf NMI watchdog permanently disabled" in machine.sh("dmesg").stdout
        machine.sh("echo 1 >/proc/sys/kernel/watchdog_thresh")
        machine.sh("echo hard-lockup seconds=8 cpu=1 >/proc/kernward_faults")
        assert machine.wait_console("hard LOCKUP", 12) is None
