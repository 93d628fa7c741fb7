"""/proc/sys/kernel/tainted: what has happened to this kernel that its developers want to know first."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

PATH = "/proc/sys/kernel/tainted"
# Bit by bit, as Documentation/admin-guide/tainted-kernels.rst and taint_flags[] in kernel/panic.c have it.
MEANINGS = (
    ("P", "a module with a licence that is not the kernel's was loaded"),
    ("F", "a module was loaded by force"),
    ("S", "the kernel runs on hardware that it does not support"),
    ("R", "a module was unloaded by force"),
    ("M", "a processor reported a machine check"),
    ("B", "a page of memory was found in a bad state"),
    ("U", "user space asked for this flag"),
    ("D", "the kernel died before (oops or BUG)"),
    ("A", "an ACPI table was overridden"),
    ("W", "the kernel warned of a bug"),
    ("C", "a staging driver was loaded"),
    ("I", "the firmware has a severe bug that the kernel works around"),
    ("O", "a module from outside of the kernel's tree was loaded"),
    ("E", "a module without a valid signature was loaded"),
    ("L", "a soft lockup occurred"),
    ("K", "the kernel was patched live"),
    ("X", "a flag of the distribution's own"),
    ("T", "structures of the kernel were laid out at random"),
    ("N", "a test of the kernel ran inside it"),
    ("J", "user space used a mutating debug operation of fwctl"),
)


class Taint(msgspec.Struct, frozen=True):
    """The number, and its letters as an oops prints them."""

    mask: Annotated[int | None, fact("0: not tainted", "proc_taint() in kernel/sysctl.c")] = None
    letters: Annotated[str | None, fact("a letter for each flag that is set", "print_tainted()")] = None


def read(root: Root) -> Taint:
    """The flags."""
    data = root.read(PATH, 4096).strip()
    if not data.isdigit() or len(data) > 20:
        raise Unavailable(PATH, "it holds no number")
    mask = int(data)
    return Taint(mask, "".join(letter for bit, (letter, _) in enumerate(MEANINGS) if mask >> bit & 1))


SOURCE = Source(
    name="taint",
    doc="What has happened to this kernel that its developers want to know first.",
    files=(PATH,),
    record=Taint,
    read=read,
    when="check",
)
