"""Running commands in machines of the test bed, and looking after those machines."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kernward.kernels import archive, find
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError, UsageError
from kernward.records.machines import Cleaned, RunningMachine
from kernward.store.home import home
from kernward.vm import channel, leftovers
from kernward.vm.bed import Bed
from kernward.vm.fault import usable_on
from kernward.vm.inject import Injected, find_fault, inject, spec_for, start_peers
from kernward.vm.machine import Machine
from kernward.vm.spec import Spec

# Pieces of standard input that are read at once.
PIECE = 1 << 16


def kernel_named(wanted: str | None, *, fetch: bool = True) -> Kernel:
    """The kernel that a person means; without a name, the newest that is here or can be had."""
    state = home()
    if wanted is not None:
        return find.find(wanted, state, fetch=fetch)
    here = [kernel for kernel in (*find.installed(), *find.in_cache(state)) if kernel.modules is not None]
    if here:
        return max(here, key=lambda kernel: (archive.newness(kernel.release), "cloud" in kernel.release))
    offers = [offer for offer in archive.image_packages(state) if offer.flavour == "cloud"]
    if not offers:
        raise InputError(
            "no kernel is here and apt's lists offer none: name one with --kernel, a package file, an image or "
            "a kernel tree"
        )
    return find.of_archive(max(offers, key=lambda offer: archive.newness(offer.release)), state, fetch=fetch)


class BrokenBy(NamedTuple):
    """A fault to inject, and its parameters."""

    fault: str
    values: Mapping[str, str]


def _broken(spec: Spec, faults: Sequence[BrokenBy]) -> Spec:
    """The machine that can show these faults."""
    for each in faults:
        fault = find_fault(each.fault)
        unfit = usable_on(fault, spec.kernel)
        if unfit:
            raise UsageError(unfit)
        if fault.ends or not fault.needs.initramfs:
            raise UsageError(
                f"the machine does not survive {fault.name}: nothing can run in it (kernward vm crash)"
            )
        spec = spec_for(fault, spec.kernel, home=home(), base=spec, **each.values)
    return spec


def _inject(
    bed: Bed, machine: Machine, faults: Sequence[BrokenBy], shown: Callable[[Injected], object] | None
) -> None:
    for each in faults:
        fault = find_fault(each.fault)
        given: dict[str, Any] = dict(each.values)
        done = inject(machine, fault, peers=start_peers(bed, fault, machine.spec), **given)
        if shown is not None:
            shown(done)


def run(
    arguments: Sequence[str],
    spec: Spec,
    *,
    cold: bool = False,
    stdin: BinaryIO | None = None,
    stdout: Callable[[bytes], object],
    stderr: Callable[[bytes], object],
    timeout_s: float,
    boot_timeout_s: float,
    broken_by: Sequence[BrokenBy] = (),
    shown: Callable[[Injected], object] | None = None,
    console: Path | None = None,
) -> int:
    """Run one command in one machine, its bytes passed through; returns its status or raises a Verdict.

    `broken_by` are faults that are injected before; `shown` hears of each that shows. `console` gets the whole
    console log, whatever became of the command.
    """
    sinks = {channel.OUT: stdout, channel.ERR: stderr}
    with Bed(home()) as bed:
        machine = bed.machine(_broken(spec, broken_by), cold=cold, timeout_s=boot_timeout_s)
        try:
            _inject(bed, machine, broken_by, shown)
            job = machine.start(arguments, each=lambda kind, piece: sinks[kind](piece))
            threading.Thread(target=_feed, args=(job, stdin), daemon=True).start()
            return machine.finish(job, timeout_s=timeout_s, what=f"`{arguments[0]}`").status
        finally:
            if console is not None:
                console.write_bytes(machine.whole_console())


def _feed(job: channel.Job, stdin: BinaryIO | None) -> None:
    while stdin is not None and (piece := stdin.read1(PIECE)):  # type: ignore[attr-defined]
        job.write(piece)
    job.write(b"", end=True)


def open_shell(
    spec: Spec,
    arguments: Sequence[str],
    *,
    cold: bool,
    shape: tuple[int, int],
    output: Callable[[bytes], object],
    boot_timeout_s: float,
    broken_by: Sequence[BrokenBy] = (),
    shown: Callable[[Injected], object] | None = None,
    session: Callable[[Machine, channel.Job], int],
) -> int:
    """Start an interactive command on a terminal of its own and hand it to `session`."""
    with Bed(home()) as bed:
        machine = bed.machine(_broken(spec, broken_by), cold=cold, timeout_s=boot_timeout_s)
        _inject(bed, machine, broken_by, shown)
        job = machine.start(arguments, terminal=shape, folder="/", each=lambda kind, piece: output(piece))
        return session(machine, job)


def running() -> list[RunningMachine]:
    """The machines that run now, of all owners on this host."""
    return leftovers.running(home())


def stop(ids: Sequence[str], *, all_of_them: bool = False) -> list[RunningMachine]:
    """End machines by their ids or names; returns those that were told to end."""
    there = running()
    chosen = there if all_of_them else [each for each in there if {each.id, each.name} & set(ids)]
    unknown = [wanted for wanted in ids if not any(wanted in (each.id, each.name) for each in there)]
    if unknown:
        raise UsageError(f"no machine {', '.join(unknown)} runs (kernward vm list)")
    for machine in chosen:
        leftovers.stop(machine)
    return chosen


def clean() -> Cleaned:
    """Remove what machines left behind, and the snapshots that nobody uses."""
    return leftovers.clean(home())
