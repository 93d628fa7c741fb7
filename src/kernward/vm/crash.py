"""Crash capture: one fault in one machine, and all that can be kept of it.

The console, what netconsole sent, what the kernel left in RAM for after the restart (pstore), and the
memory as it was when the fault showed. Whatever cannot be kept is said in the manifest; the rest goes on.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kernward.kernels.kernel import Kernel
from kernward.kernels.modules import present
from kernward.records.crash import CapturedFile, CrashManifest
from kernward.records.errors import KernwardError, UsageError
from kernward.vm import qemu
from kernward.vm.acceleration import acceleration
from kernward.vm.bed import Bed
from kernward.vm.console import unstamped
from kernward.vm.fault import Fault, usable_on
from kernward.vm.inject import Injected, inject, spec_for, start, start_peers
from kernward.vm.listener import Listener
from kernward.vm.spec import Nic, Spec
from kernward.vm.verdict import Verdict

if TYPE_CHECKING:
    from kernward.vm.machine import Machine

# Where ramoops keeps what the kernel printed: 1 MB below 256 MB, kept out of the memory map.
PSTORE_AT, PSTORE_SIZE = 0x0E000000, 0x100000
PSTORE_MODULE = (
    f"ramoops mem_address={PSTORE_AT:#x} mem_size={PSTORE_SIZE:#x} record_size=0x20000 console_size=0x20000 "
    "pmsg_size=0 ftrace_size=0"
)
PSTORE_APPEND = f"memmap={PSTORE_SIZE >> 20}M${PSTORE_AT:#x}"
# How long a machine may take to panic after the fault that ends it showed.
PANIC_S = 30.0


def capture(
    bed: Bed, kernel: Kernel, fault: Fault, folder: Path, *, cold: bool = False, **values: Any
) -> CrashManifest:
    """Inject the fault and write what can be kept of it into `folder`.

    Raises UsageError when the kernel cannot show the fault, NotShown when it did not, and leaves the
    console there all the same.
    """
    unfit = usable_on(fault, kernel)
    if unfit:
        raise UsageError(unfit)
    if (folder / "manifest.json").exists():
        raise UsageError(f"{folder} holds a capture already: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    missing: list[str] = []
    spec = spec_for(fault, kernel, home=bed.home, base=_recording(kernel, fault, missing), **values)
    kept: dict[str, str] = {}
    with Listener() as listener, start(bed, fault, spec, cold=cold, name=fault.name) as machine:
        try:
            if fault.needs.initramfs:
                _netconsole(machine, listener, missing)
            peers = start_peers(bed, fault, spec, cold=cold)
            injected = inject(machine, fault, peers=peers, **values)
            if fault.ends:
                machine.wait_console(re.compile(rb"---\[ end Kernel panic"), PANIC_S)
            kept |= _memory(machine, folder / "vmcore", missing)
            pvpanic = bool(machine.events("GUEST_PANICKED") or machine.events("GUEST_CRASHLOADED"))
            panic = machine.panicked
            if listener.received:
                (folder / "netconsole.log").write_bytes(listener.received)
                kept["netconsole.log"] = "what netconsole sent"
            log = machine.whole_console()
            kept |= _pstore(machine, folder, panic, missing)
        finally:
            (folder / "console.log").write_bytes(machine.whole_console())
    # As it was before the restart.
    (folder / "console.log").write_bytes(log)
    (folder / "console.raw").write_bytes(unstamped(log))
    kept["console.log"] = "the serial console, each line behind the time at which it came"
    kept["console.raw"] = "the serial console as the guest printed it"
    return _written(folder, spec, fault, injected, bed, kept, panic, pvpanic, missing)


def _recording(kernel: Kernel, fault: Fault, missing: list[str]) -> Spec:
    """The machine with all the recorders that its kernel offers."""
    spec = Spec(kernel=kernel)
    if not fault.needs.initramfs:
        missing.append("netconsole and pstore: the kernel ends before it could load them")
        return spec
    if fault.needs.nics:
        missing.append("netconsole: the fault uses the network itself")
    elif present(kernel, "netconsole") and present(kernel, "virtio_net"):
        spec = msgspec.structs.replace(spec, nics=(Nic(),), modules=(*spec.modules, "virtio_net"))
        if present(kernel, "netconsole") == "module":
            spec = msgspec.structs.replace(spec, modules=(*spec.modules, "netconsole"))
    else:
        missing.append(f"netconsole: {kernel.release} has no such module")
    if any(module.startswith("ramoops") for module in fault.needs.modules):
        missing.append("pstore: the fault uses it itself")
    elif present(kernel, "ramoops") == "module":
        spec = msgspec.structs.replace(
            spec, modules=(*spec.modules, PSTORE_MODULE), append=(*spec.append, PSTORE_APPEND)
        )
    else:
        missing.append(f"pstore: {kernel.release} has no module ramoops")
    return spec


def _netconsole(machine: "Machine", listener: Listener, missing: list[str]) -> None:
    """Point netconsole at the listener, through configfs, so that a restored machine can be used."""
    if not machine.spec.nics:
        return
    done = machine.sh(
        "ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && "
        "{ mount -t configfs configfs /sys/kernel/config 2>/dev/null || :; } && "
        "cd /sys/kernel/config/netconsole && mkdir crash && cd crash && "
        "echo eth0 >dev_name && echo 10.0.2.15 >local_ip && echo 6665 >local_port && echo 10.0.2.2 >remote_ip && "
        f"echo {listener.port} >remote_port && echo 52:55:0a:00:02:02 >remote_mac && echo 1 >enabled"
    )
    if done.status:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        missing.append(f"netconsole: the guest could not set it up: {said[-1]}")


def _memory(machine: "Machine", path: Path, missing: list[str]) -> dict[str, str]:
    try:
        machine.dump(path)
    except KernwardError as problem:
        missing.append(f"the memory: {problem}")
        return {}
    return {path.name: "the memory, in makedumpfile's compressed form"}


def _pstore(machine: "Machine", folder: Path, panic: str | None, missing: list[str]) -> dict[str, str]:
    """Restart the machine and fetch what its kernel left for this moment."""
    if panic is None or not any(module.startswith("ramoops") for module in machine.spec.modules):
        return {}
    kept = {}
    try:
        machine.reboot()
        listed = machine.sh("mkdir -p /tmp/p && mount -t pstore pstore /tmp/p && ls /tmp/p").stdout
        (folder / "pstore").mkdir(exist_ok=True)
        for name in re.findall(r"[\w.-]+", listed.decode(errors="replace")):
            (folder / "pstore" / name).write_bytes(machine.get(f"/tmp/p/{name}"))
            kept[f"pstore/{name}"] = "what the kernel left in RAM, read after the restart"
    except Verdict as problem:
        missing.append(f"pstore: the machine did not come back from its restart: {problem}")
    if not kept:
        missing.append("pstore: nothing was in it after the restart")
    return kept


def _written(
    folder: Path,
    spec: Spec,
    fault: Fault,
    injected: Injected,
    bed: Bed,
    kept: Mapping[str, str],
    panic: str | None,
    pvpanic: bool,
    missing: list[str],
) -> CrashManifest:
    kernel = spec.kernel
    truth = fault.truth.filled(injected.values)
    noted = vmcoreinfo_release(folder / "vmcore") is not None
    if not noted:
        missing.append(
            "the kernel's note in the dump (vmcoreinfo): debuggers need the kernel's symbols and a guess"
        )
    manifest = CrashManifest(
        fault=fault.name,
        values=injected.values,
        release=kernel.release,
        version=kernel.version,
        package=kernel.package,
        package_version=kernel.package_version,
        image_sha256=hashlib.sha256(kernel.image.read_bytes()).hexdigest(),
        command_line=qemu.command_line(spec),
        symbols=str(kernel.symbols) if kernel.symbols else None,
        accelerator=acceleration(bed.home).name,
        started_at_utc=injected.started_at_utc.astimezone(UTC),
        shown_at_utc=injected.shown_at_utc.astimezone(UTC),
        evidence=injected.evidence,
        panic=panic,
        pvpanic=pvpanic,
        vmcoreinfo=noted,
        kinds=truth.kinds,
        cause=truth.cause,
        mechanism=truth.mechanism,
        files=tuple(_files(folder, kept)),
        missing=tuple(missing),
    )
    (folder / "manifest.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    )
    return manifest


def _files(folder: Path, kept: Mapping[str, str]) -> Iterator[CapturedFile]:
    for name, what in sorted(kept.items()):
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield CapturedFile(name, what, (folder / name).stat().st_size, digest)


def vmcoreinfo_release(dump: Path) -> str | None:
    """The release that the kernel's own note in a compressed dump tells; None without such a note.

    The note lies behind the header, within the first blocks (makedumpfile's IMPLEMENTATION describes the
    form); it is a text of NAME=value lines that opens with OSRELEASE.
    """
    try:
        with dump.open("rb") as file:
            head = file.read(1 << 20)
    except OSError:
        return None
    found = re.search(rb"OSRELEASE=([\x21-\x7e]{1,64})\n", head)
    return found[1].decode() if found else None
