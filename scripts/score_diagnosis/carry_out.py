"""Carries out one run: the machine, the loads, the faults, the check; what it said, and what was true."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from scripts.score_diagnosis.host import HOST_FAULTS, available, host
from scripts.score_diagnosis.loads import GUEST_HEALTHY, HOST_HEALTHY
from scripts.score_diagnosis.plan import MEMORY_MB, Run, guest_faults

from kernward.kernels.find import find
from kernward.kernels.kernel import Kernel
from kernward.records.errors import KernwardError
from kernward.vm import disk_images, guest_python, programs
from kernward.vm.bed import Bed
from kernward.vm.fault import Fault, usable_on
from kernward.vm.inject import inject, spec_for, start, start_peers
from kernward.vm.machine import Machine
from kernward.vm.spec import Disk, File, Spec

# Debian's cloud kernel, its kernel for any machine, and where those cannot show a fault, one of ours.
KERNELS = ("{}", "{}-amd64", "built:debug-{}", "built:kasan-{}")
SETTLE_S = 3.0
CHECK_S = 240.0


class Skipped(Exception):
    """This run cannot be made here, with the reason."""


class Truth(msgspec.Struct, frozen=True):
    """What a check must find of one fault."""

    cause: str
    entity_kind: str
    entity: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One run with what was found. `seconds` is how long the check took, its start included."""

    run: Run
    truths: tuple[Truth, ...]
    check: dict[str, Any]
    seconds: float
    shown: tuple[str, ...] = ()


def carry_out(run: Run, bed: Bed, home: Path, check: Sequence[str], keep: Path | None) -> Outcome:
    """Do it; raises Skipped."""
    if run.where == "guest":
        return _in_guest(run, bed, home, check, keep)
    return _on_host(run, home, check, keep)


def _in_guest(run: Run, bed: Bed, home: Path, check: Sequence[str], keep: Path | None) -> Outcome:
    chosen = [(guest_faults()[name], values) for name, values in run.faults]
    kernel = _kernel([fault for fault, _ in chosen], run.series, home)
    loads = [GUEST_HEALTHY[name] for name in run.beside]
    spec = Spec(
        kernel=kernel,
        smp=run.smp,
        memory_mb=MEMORY_MB,
        modules=tuple(module for load in loads for module in load.modules),
        disks=tuple(
            Disk(name=each.name, image=disk_images.image(each.contents, each.size_mb, home), size_mb=each.size_mb)
            for load in loads for each in load.disks
        ),
        files=(File(path="/usr/bin/misbehave", data=programs.misbehave(home), mode=0o755),),
        cgroup=next((fault.needs.cgroup for fault, _ in chosen if fault.needs.cgroup == 1), 2),
    )  # fmt: skip
    for fault, values in chosen:
        spec = spec_for(fault, kernel, home=home, base=spec, **values)
    spec = guest_python.with_python(spec, home)
    with ExitStack() as running:
        machine = running.enter_context(
            start(bed, chosen[0][0], spec) if chosen else bed.machine(spec, name="healthy")
        )
        guest_python.mount(machine)
        for load in loads:
            _sh(machine, load.script)
        shown, truths = [], []
        for fault, values in chosen:
            peers = start_peers(bed, fault, spec)
            for peer in peers:
                running.enter_context(peer)
            injected = inject(machine, fault, peers=peers, **values)
            shown.append(injected.evidence)
            truths.append(Truth(fault.truth.cause, fault.truth.entity_kind, injected.entity))
        time.sleep(SETTLE_S)
        kept = "/tmp/kernward-check"
        began = time.monotonic()
        answer = machine.run(
            guest_python.command("check", "--format", "json", *check, *(["--keep", kept] if keep else [])),
            timeout_s=CHECK_S,
            environment={"KERNWARD_HOME": "/tmp/kernward"},
        )
        seconds = time.monotonic() - began
        if keep:
            try:
                (keep / f"{run.id}.snapshot").write_bytes(machine.get(kept))
            except KernwardError as error:
                sys.stderr.write(f"{run.id}: {error}\n")
        return Outcome(
            run=run, truths=tuple(truths), check=_answer(run, answer.stdout, answer.stderr), seconds=seconds,
            shown=tuple(shown),
        )  # fmt: skip


def _on_host(run: Run, home: Path, check: Sequence[str], keep: Path | None) -> Outcome:
    truths = []
    with tempfile.TemporaryDirectory(prefix="kernward-score-", dir="/var/tmp") as folder:
        program = Path(folder, "misbehave")
        program.write_bytes(programs.misbehave(home))
        program.chmod(0o755)
        with host(Path(folder), program) as machine:
            for name in run.beside:
                machine.shell(HOST_HEALTHY[name])
            for name, values in run.faults:
                fault = HOST_FAULTS[name]
                if not available(fault):
                    raise Skipped(f"this machine has no controller {' or '.join(fault.controllers)}")
                fault.start(machine, values)
                entity = values["cgroup" if fault.entity_kind == "cgroup" else "service"]
                truths.append(Truth(fault.cause, fault.entity_kind, str(entity)))
            time.sleep(SETTLE_S)
            command = [shutil.which("kernward") or "kernward", "check", "--format", "json", *check]
            if keep:
                command += ["--keep", str(keep / f"{run.id}.snapshot")]
            began = time.monotonic()
            answer = subprocess.run(command, capture_output=True, timeout=CHECK_S, check=False)
            seconds = time.monotonic() - began
    return Outcome(
        run=run, truths=tuple(truths), check=_answer(run, answer.stdout, answer.stderr), seconds=seconds
    )


def _kernel(chosen: Sequence[Fault], series: str, home: Path) -> Kernel:
    reasons = []
    for wanted in KERNELS:
        try:
            kernel = find(wanted.format(series), home)
        except KernwardError as error:
            reasons.append(str(error))
            continue
        unfit = [reason for fault in chosen if (reason := usable_on(fault, kernel))]
        if not unfit:
            return kernel
        reasons += unfit
    raise Skipped("; ".join(reasons))


def _sh(machine: Machine, script: str) -> None:
    done = machine.sh(script)
    if done.status:
        raise Skipped(f"the load could not be set going: {done.stderr.decode(errors='replace').strip()}")


def _answer(run: Run, stdout: bytes, stderr: bytes) -> dict[str, Any]:
    try:
        found = json.loads(stdout)
    except ValueError:
        said = (stderr or stdout).decode(errors="replace").strip()[-500:]
        raise Skipped(f"{run.id}: check gave no answer: {said or 'nothing'}") from None
    assert isinstance(found, dict)
    return found


def outcomes(
    runs: Sequence[Run], bed: Bed, home: Path, check: Sequence[str], keep: Path | None
) -> Iterator[tuple[Run, Outcome | str]]:
    """Each run with its outcome, or with why there is none."""
    for run in runs:
        try:
            yield run, carry_out(run, bed, home, check, keep)
        except (Skipped, KernwardError, OSError, subprocess.TimeoutExpired) as error:
            yield run, f"{type(error).__name__}: {error}"
