"""Whether KVM works here: found out by booting, because /dev/kvm may open and its guests die all the same.

The answer is kept for this boot of the host and this QEMU.
"""

import os
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import msgspec

from kernward.kernels.scratch import write_whole

QEMU = "qemu-system-x86_64"
# A boot sector that writes "K" to QEMU's debug port and halts: the shortest guest that proves a CPU runs.
#   mov al, 'K'; out 0xe9, al; cli; hlt
PROOF = b"\xb0K\xe6\xe9\xfa\xf4".ljust(510, b"\0") + b"\x55\xaa"
# Without any acceleration it takes a tenth of a second.
TRY_S = 2.0


class Acceleration(msgspec.Struct, frozen=True):
    """How guests run here: "kvm" or "tcg", and why."""

    name: str
    reason: str


def acceleration(home: Path) -> Acceleration:
    """What to run guests with on this machine."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    qemu_version = version()
    key = (
        f"{boot.read_text().strip() if boot.exists() else socket.gethostname()} {qemu_version} {os.geteuid()}"
    )
    kept = home / "vm" / "acceleration.json"
    try:
        known_key, known = msgspec.json.decode(kept.read_bytes(), type=tuple[str, Acceleration])
        if known_key == key:
            return known
    except (OSError, msgspec.DecodeError):
        pass
    found = probe(home)
    write_whole(kept, msgspec.json.encode((key, found)))
    return found


@cache
def version() -> str:
    """QEMU's version; "" when it is not installed."""
    try:
        said = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
    return said.partition("version ")[2].split("\n")[0].strip()


def probe(home: Path, accelerator: str = "kvm") -> Acceleration:
    """Try KVM with a guest of four instructions."""
    if not os.path.exists("/dev/kvm"):
        return Acceleration("tcg", "there is no /dev/kvm")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return Acceleration("tcg", "/dev/kvm may not be opened by this user")
    folder = home / "vm"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="proof.") as work:
        sector, output, errors = Path(work, "sector"), Path(work, "output"), Path(work, "errors")
        sector.write_bytes(PROOF)
        arguments = [
            QEMU, "-accel", accelerator, "-machine", "pc", "-nodefaults", "-display", "none", "-m", "16",
            "-debugcon", f"file:{output}", "-drive", f"file={sector},format=raw,if=floppy,readonly=on",
            "-no-reboot", "-monitor", "none",
        ]  # fmt: skip
        with errors.open("wb") as stderr:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        try:
            deadline = time.monotonic() + TRY_S
            while time.monotonic() < deadline and process.poll() is None:
                if output.exists() and b"K" in output.read_bytes():
                    return Acceleration(accelerator, f"a guest ran with {accelerator}")
                if b"internal error" in errors.read_bytes():
                    break
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        lines = errors.read_text(errors="replace").splitlines()
        said = [line for line in lines if line and "warning:" not in line]
    return Acceleration(
        "tcg", f"/dev/kvm opens, but a guest does not run: {said[0] if said else 'it executes nothing'}"
    )
