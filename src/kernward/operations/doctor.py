"""What the test bed can do on this machine, found out by trying, and what to install for the rest."""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from kernward.kernels import archive
from kernward.records.errors import KernwardError
from kernward.records.machines import Ability
from kernward.store.home import home
from kernward.vm import acceleration, build, installed, programs, root_image

# Before it there was no unprivileged wire between machines (-netdev dgram).
OLDEST_QEMU = (7, 2)
ROOM_BYTES = 4 << 30


def doctor() -> list[Ability]:
    """Every ability of the test bed, works or not."""
    state = home()
    return list(_abilities(state))


def _abilities(state: Path) -> Iterator[Ability]:
    yield _qemu()
    yield _acceleration(state)
    yield _program("qemu-img", "qemu-utils", "disks that a snapshot can keep")
    yield _busybox(state)
    yield _agent(state)
    yield _archive(state)
    yield _program("dpkg-deb", "dpkg", "kernels in .deb files")
    yield _several(
        "modules", [each for each in (("make", "make"), ("gcc", "gcc")) if shutil.which(each[0]) is None],
        "the faults of the module kernward_faults",
    )  # fmt: skip
    yield _several("root images", root_image.missing(), "a Debian root instead of busybox")
    yield _several("installed machines", installed.missing(), "machines with a boot loader and kdump")
    yield _several("building kernels", build.missing(), "kernward vm build, kernward vm kunit")
    if shutil.which("ccache") is None:
        yield Ability(
            "ccache", "limited", "not installed: builds are not shared", "quicker builds", ("ccache",)
        )
    else:
        yield Ability("ccache", "works", shutil.which("ccache") or "", "quicker builds")
    yield _drgn()
    yield _room(state)


def _qemu() -> Ability:
    enables, package = "everything", ("qemu-system-x86",)
    version = acceleration.version()
    if not version:
        return Ability("QEMU", "missing", f"there is no {acceleration.QEMU}", enables, package)
    numbers = tuple(int(part) for part in version.split(" ")[0].split(".")[:2] if part.isdigit())
    if numbers < OLDEST_QEMU:
        return Ability(
            "QEMU", "limited", f"{version} is older than 7.2: machines cannot be wired together", enables
        )
    return Ability("QEMU", "works", version, enables)


def _acceleration(state: Path) -> Ability:
    if not acceleration.version():
        return Ability(
            "acceleration", "missing", "QEMU is not there to try it", "speed", ("qemu-system-x86",)
        )
    found = acceleration.acceleration(state)
    enables = "speed; results are the same without it"
    return Ability("acceleration", "works" if found.name == "kvm" else "limited", found.reason, enables)


def _program(name: str, package: str, enables: str) -> Ability:
    place = shutil.which(name)
    if place is None:
        return Ability(name, "missing", "not installed", enables, (package,))
    return Ability(name, "works", place, enables)


def _busybox(state: Path) -> Ability:
    try:
        size = len(programs.busybox(state))
    except (KernwardError, OSError) as problem:
        return Ability(
            "busybox", "missing", str(problem), "every machine without an image", ("busybox-static",)
        )
    return Ability("busybox", "works", f"static, {size // 1024} KB", "every machine without an image")


def _agent(state: Path) -> Ability:
    enables = "commands in guests"
    try:
        size = len(programs.compiled("agent", state))
    except (KernwardError, OSError) as problem:
        return Ability("agent", "missing", str(problem), enables, ("gcc", "libc6-dev"))
    return Ability("agent", "works", f"compiled, {size // 1024} KB", enables)


def _archive(state: Path) -> Ability:
    enables = "kernels, headers and programs that are not installed"
    if shutil.which("apt-get") is None or shutil.which("apt-cache") is None:
        return Ability("Debian's archive", "missing", "there is no apt-get: name kernels by path", enables)
    try:
        offers = archive.image_packages(state)
    except KernwardError as problem:
        return Ability("Debian's archive", "limited", str(problem), enables)
    if not offers:
        return Ability(
            "Debian's archive", "limited", "apt's lists offer no kernel: run apt-get update", enables
        )
    return Ability("Debian's archive", "works", f"offers {len(offers)} kernels", enables)


def _several(name: str, missing: object, enables: str) -> Ability:
    assert isinstance(missing, (list, tuple))
    if not missing:
        return Ability(name, "works", "all that it needs is here", enables)
    what = ", ".join(sorted({each[0] for each in missing}))
    packages = tuple(sorted({each[1] for each in missing}))
    return Ability(name, "missing", f"there is no {what}", enables, packages)


def _drgn() -> Ability:
    enables = "opening the dumps of kernward vm crash"
    if find_spec("drgn") is None:
        return Ability(
            "drgn", "missing", f"not installed for {sys.executable}", enables, ("kernward[cores] with pip",)
        )
    return Ability("drgn", "works", "installed", enables)


def _room(state: Path) -> Ability:
    enables = "kernels, snapshots and images"
    place = state
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Ability("state folder", "missing", f"{place} cannot be written; set KERNWARD_HOME", enables)
    free = shutil.disk_usage(place).free
    detail = f"{state}, {free / 1e9:.0f} GB free"
    return Ability("state folder", "works" if free > ROOM_BYTES else "limited", detail, enables)
