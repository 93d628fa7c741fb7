"""Injects a fault: the machine it needs, the script in the guest, and the proof that it shows.

A fault counts as injected when its symptom was seen, not when its script was run: `inject` returns
the evidence or raises NotShown.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kernward.records.errors import KernwardError, UsageError
from kernward.vm.fault import Fault, Needs, Value, Values, environment, fill, shown
from kernward.vm.fault_parts import DISK, card_on
from kernward.vm.faults import fault as find_fault
from kernward.vm.faults import faults
from kernward.vm.verdict import CommandNotRun, GuestHung

if TYPE_CHECKING:
    from kernward.kernels.kernel import Kernel
    from kernward.vm.bed import Bed
    from kernward.vm.channel import Hello, Job
    from kernward.vm.machine import Machine
    from kernward.vm.spec import File, Spec

__all__ = [
    "Injected",
    "NotShown",
    "faults",
    "find_fault",
    "inject",
    "spec_for",
    "start",
    "start_peers",
    "undo",
]

Each = TypeVar("Each")

MODULE = "kernward_faults"
MODULE_SOURCE = Path(__file__).parent / "guest" / MODULE
MODULE_PATH = f"/lib/{MODULE}.ko"
LOAD_MODULE = f"[ -e /proc/{MODULE} ] || insmod {MODULE_PATH}"
POLL_S = 0.1
# A crash report is printed line by line: the console counts as complete when it was silent for so long.
SILENCE_S = 0.4
LAST_WORDS_S = 6.0
# A script sets its fault going and returns.
SCRIPT_S = 30.0


class NotShown(KernwardError):
    """The fault was injected and its symptom did not show in time."""


class Injected(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that shows. `evidence` is the line of the console, or what the command printed.

    `entity` is the truth's, with the name that a disk has in this machine, or that its card has.
    """

    fault: str
    values: dict[str, Value]
    started_at_utc: datetime
    shown_at_utc: datetime
    evidence: str
    entity: str = ""


def spec_for(
    fault: Fault, kernel: "Kernel", *, home: Path, base: "Spec | None" = None, **given: object
) -> "Spec":
    """The machine that the fault needs; `base` is a machine that must be able to do more besides.

    Parameters are given by name; one that is called `cpu` is the number of a CPU that the machine must
    have. Builds the module and the disk images that are not there yet.
    """
    from kernward.vm import disk_images
    from kernward.vm.spec import Disk, Nic, Spec

    values = fault.values(given)
    needs = fault.needs
    spec = base or Spec(kernel=kernel)
    disks = tuple(
        Disk(
            name=each.name,
            image=disk_images.image(each.contents, each.size_mb, home),
            size_mb=each.size_mb,
            interface=each.interface,
            options=tuple(fill(option, values) for option in each.options),
        )
        for each in needs.disks
    )
    return msgspec.structs.replace(
        spec,
        kernel=kernel,
        smp=max(spec.smp, needs.smp, int(values.get("cpu", 0)) + 1),
        memory_mb=max(spec.memory_mb, needs.memory_mb),
        append=_joined(spec.append, (fill(each, values) for each in needs.append)),
        modules=_joined(spec.modules, (fill(each, values) for each in needs.modules)),
        programs=_joined(spec.programs, needs.programs),
        files=_joined(spec.files, _files(needs, kernel, home)),
        disks=_joined(spec.disks, disks),
        nics=_joined(spec.nics, (Nic(network=name) for name in needs.nics)),
        machine="q35" if "q35" in (spec.machine, needs.machine) else "pc",
        cgroup=needs.cgroup if base is None else spec.cgroup,
        devices=(*spec.devices, *needs.devices),
        initramfs=spec.initramfs and needs.initramfs,
        reboots=spec.reboots or needs.reboots,
    )


def _joined(one: Iterable[Each], other: Iterable[Each]) -> tuple[Each, ...]:
    """Both without repetitions, in their order."""
    found = list(one)
    found += [each for each in other if each not in found]
    return tuple(found)


def _files(needs: Needs, kernel: "Kernel", home: Path) -> "Iterator[File]":
    from kernward.vm.spec import File

    if needs.lab:
        yield File(path=MODULE_PATH, data=lab_module(kernel, home).read_bytes(), mode=0o644)
    if needs.misbehave:
        from kernward.vm import programs

        yield File(path="/usr/bin/misbehave", data=programs.misbehave(home), mode=0o755)


def lab_module(kernel: "Kernel", home: Path) -> Path:
    """The module kernward_faults for this kernel, built if need be."""
    from kernward.kernels.find import with_headers
    from kernward.kernels.module_build import build_module

    return build_module(MODULE_SOURCE, with_headers(kernel, home), home)


def start(bed: "Bed", fault: Fault, spec: "Spec", *, cold: bool = False, name: str = "guest") -> "Machine":
    """The machine that `spec_for` says, ready to have the fault injected: restored unless `cold`.

    Where the fault is that the kernel finds no root, its boot has begun and nothing more.
    """
    if not fault.needs.initramfs:
        return bed.boot(spec, name=name, wait=False)
    return bed.machine(spec, cold=cold, name=name)


def start_peers(bed: "Bed", fault: Fault, spec: "Spec", *, cold: bool = False) -> "list[Machine]":
    """The further machines that the fault needs: like the first, with addresses of their own."""
    peers = []
    for number in range(1, fault.needs.peers + 1):
        cards = tuple(
            msgspec.structs.replace(nic, mac=f"52:54:00:6b:{number:02x}:{place:02x}")
            for place, nic in enumerate(spec.nics)
        )
        like = msgspec.structs.replace(spec, nics=cards)
        peers.append(bed.machine(like, cold=cold, name=f"peer{number}"))
    return peers


def inject(machine: "Machine", fault: Fault, *, peers: "Sequence[Machine]" = (), **given: object) -> Injected:
    """Inject the fault and wait until it shows.

    Parameters are given by name. Raises UsageError for one that is unknown or out of range, NotShown
    when the symptom is not there in time. Afterwards a fault that `ends` has cost the machine; the
    script of any other has come to its end, unless the machine hangs, as it shall.
    """
    values = fault.values(given)
    if len(peers) < fault.needs.peers:
        raise UsageError(f"fault {fault.name} needs {fault.needs.peers} further machines, not {len(peers)}")
    if fault.needs.lab:
        loaded = machine.sh(LOAD_MODULE)
        if loaded.status:
            raise NotShown(f"the module {MODULE} could not be loaded: {text_of(loaded.stderr).strip()}")
    # A machine without a root is in trouble from its first line on.
    mark = machine.console_mark() if fault.needs.initramfs else 0
    started = datetime.now(UTC)
    within_s = fault.symptom.allowed_s(values)
    deadline = time.monotonic() + within_s
    hello = machine.channel.hello
    job = None
    if fault.inject:
        job = machine.start(["sh", "-c", fault.inject], environment=environment(values))
        job.write(b"", end=True)
    if fault.drive is not None:
        if job is not None:
            machine.finish(job, timeout_s=within_s, what=f"the script of fault {fault.name}")
        fault.drive(machine, peers, values)
    try:
        evidence = _evidence(machine, fault, values, mark, hello, deadline)
    except NotShown as error:
        raise NotShown(f"{error}{_said(job)}") from None
    moment = datetime.now(UTC)
    if job is not None and not fault.ends and not fault.needs.reboots:
        try:
            machine.finish(job, timeout_s=SCRIPT_S, what=f"the script of fault {fault.name}")
        except GuestHung:
            if fault.group != "hang":  # it shows, and its only processor may be what hangs
                raise
    if fault.symptom.console is not None:
        _until_silent(machine, time.monotonic() + LAST_WORDS_S)
    return Injected(
        fault=fault.name,
        values=values,
        started_at_utc=started,
        shown_at_utc=moment,
        evidence=evidence,
        entity=_entity(machine, fault, values),
    )


def _entity(machine: "Machine", fault: Fault, values: Values) -> str:
    """What the truth calls the fault's entity, in a machine that may have further disks and cards."""
    truth = fault.truth.filled(values)
    if truth.entity_kind == "interface" and fault.needs.nics:
        return f"eth{card_on(machine, fault.needs.nics[0])}"
    # A disk of its own and not a table over it: vda, sda, nvme0n1.
    if truth.entity_kind == "device" and fault.needs.disks and re.match(r"vd|sd|nvme", truth.entity):
        asked = machine.sh(f"{DISK}\ndisk {fault.needs.disks[0].name}")
        return text_of(asked.stdout).strip().removeprefix("/dev/") or truth.entity
    return truth.entity


def _said(job: "Job | None") -> str:
    """What the script had to say about it."""
    if job is None or not (job.status or job.stderr):
        return ""
    last = (text_of(job.stderr).strip().splitlines() or ["nothing"])[-1]
    state = "still runs" if job.status is None else f"ended with status {job.status}"
    return f"; its script {state} and said: {last}"


def undo(machine: "Machine", fault: Fault, *, peers: "Sequence[Machine]" = (), **given: object) -> None:
    """Take the fault back, as far as it can be; what it did to `peers` only where they are given."""
    values = fault.values(given)
    if fault.undrive is not None:
        fault.undrive(machine, peers, values)
    if fault.undo:
        machine.run(["sh", "-c", fault.undo], environment=environment(values))


def _evidence(
    machine: "Machine", fault: Fault, values: Values, mark: int, hello: "Hello | None", deadline: float
) -> str:
    """What shows the fault; NotShown when there is none by the deadline.

    `hello` is what the agent said before; that of a machine that restarts says it anew.
    """
    seen = []
    pattern = console_pattern(fault, values)
    if pattern is not None:
        if machine.wait_console(pattern, max(0.0, deadline - time.monotonic()), mark) is None:
            raise NotShown(_late(fault, values, f"the console holds nothing like {pattern.pattern.decode()}"))
        # The rest of the line may still be on its way.
        whole = re.compile(rb"[^\n]*(?:" + pattern.pattern + rb")[^\n]*\n", pattern.flags)
        found = machine.wait_console(whole, 1.0, mark)
        seen.append(text_of(found[0]).strip() if found else "")
    if fault.needs.reboots:
        while machine.channel.hello is hello:
            if time.monotonic() > deadline:
                raise NotShown(_late(fault, values, "the machine did not come back from its restart"))
            time.sleep(POLL_S)
        machine.restarted()
    if fault.symptom.command is not None:
        seen.append(_answer(machine, fault, values, deadline))
    return "\n".join(seen)


def _answer(machine: "Machine", fault: Fault, values: Values, deadline: float) -> str:
    """What the symptom's command prints once it succeeds."""
    command = ["sh", "-c", fault.symptom.command or ""]
    while True:
        left = max(10.0, deadline - time.monotonic())
        try:
            asked = machine.run(command, environment=environment(values), timeout_s=left)
        except CommandNotRun as error:  # no process or no memory left: that may be the fault, and pass
            said = f"it could not be run: {error}"
        else:
            if asked.status == 0:
                return text_of(asked.stdout).strip() or "exit status 0"
            last = (text_of(asked.stderr or asked.stdout).strip().splitlines() or ["nothing"])[-1]
            said = f"its command ends with status {asked.status} and says: {last}"
        if time.monotonic() >= deadline:
            raise NotShown(_late(fault, values, said))
        time.sleep(POLL_S)


def _late(fault: Fault, values: Values, missing: str) -> str:
    return f"fault {fault.name} did not show within {fault.symptom.allowed_s(values):g} s: {missing}"


def console_pattern(fault: Fault, values: Values) -> re.Pattern[bytes] | None:
    """The symptom's expression with the values in it; None when the console says nothing."""
    if fault.symptom.console is None:
        return None
    escaped = {name: re.escape(shown(value)) for name, value in values.items()}
    return re.compile(fill(fault.symptom.console, escaped).encode(), re.MULTILINE)


def _until_silent(machine: "Machine", deadline: float) -> None:
    """Return when the console has not grown for SILENCE_S, or at the deadline."""
    size, since = machine.console_mark(), time.monotonic()
    while time.monotonic() < min(deadline, since + SILENCE_S):
        time.sleep(POLL_S)
        if machine.console_mark() != size:
            size, since = machine.console_mark(), time.monotonic()


def text_of(data: bytes) -> str:
    """What a guest printed, as text."""
    return data.decode(errors="replace").replace("\r", "")
