"""Which flaws of processors this machine has, and what the kernel does about each."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

FOLDER = "/sys/devices/system/cpu/vulnerabilities"


class Vulnerability(msgspec.Struct, frozen=True):
    """`Not affected`, `Mitigation: PTI`, `Vulnerable: Clear CPU buffers attempted, no microcode`"""

    status: Annotated[
        str | None, fact("what the kernel says", "cpu_show_common() in arch/x86/kernel/cpu/bugs.c")
    ] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, Vulnerability]:
    """By name: meltdown, spectre_v2."""
    names = sorted(root.names(FOLDER))
    return {
        name: Vulnerability(root.text(f"{FOLDER}/{name}"))
        for name in names
        if entities is None or name in entities
    }


SOURCE = EntitySource(
    name="vulnerabilities",
    doc="Flaws of processors and what the kernel does about them.",
    files=(f"{FOLDER}/*",),
    record=Vulnerability,
    read=read,
    scope="other",
    when="check",
)
