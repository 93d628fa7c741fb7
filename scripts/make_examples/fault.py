"""What can go wrong in a guest: each fault is a shell script under faults/ that says what it does.

The comment lines at its head are read here: the first is the description, then `kinds:` (the event
kinds that a log of it must hold), and where needed `modules:`, `options:` (a module and its
parameters), `programs:`, `disk:`, `append:` (kernel command line), `lab: yes` (the module of
guest/faultlab.c), `machine: hardware` (see machine.py), `bad_sector: yes`, `monitor:` (a command for QEMU's monitor, given when the script writes to ttyS1),
`initramfs: no`, `restarts: yes` (it boots again) and `ends: yes` (the machine does not survive it).
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "faults"
WORDS = frozenset("kinds modules programs disk append lab machine bad_sector initramfs restarts ends".split())


@dataclass(frozen=True)
class Fault:
    name: str
    script: bytes
    what: str
    kinds: tuple[str, ...]
    modules: tuple[str, ...]
    options: dict[str, str]
    programs: tuple[str, ...]
    disk: str | None
    append: str
    lab: bool
    bad_sector: bool
    monitor: tuple[str, ...]
    initramfs: bool
    restarts: bool
    ends: bool


def read_fault(name: str) -> Fault:
    script = (FOLDER / f"{name}.sh").read_text()
    head = []
    for line in script.splitlines():
        if not line.startswith("# "):
            break
        head.append(line[2:])
    said: dict[str, str] = {}
    what = []
    options = {}
    monitor = []
    for line in head:
        word, colon, rest = line.partition(": ")
        if colon and word == "options":
            module, _, parameters = rest.partition(" ")
            options[module] = parameters
        elif colon and word == "monitor":
            monitor.append(rest)
        elif colon and word in WORDS:
            said[word] = rest
        else:
            what.append(line)
    return Fault(
        name,
        script.encode(),
        " ".join(what),
        tuple(said.get("kinds", "").split()),
        tuple(said.get("modules", "").split()),
        options,
        tuple(said.get("programs", "").split()),
        said.get("disk"),
        said.get("append", ""),
        said.get("lab", "no") == "yes",
        said.get("bad_sector", "no") == "yes",
        tuple(monitor),
        said.get("initramfs", "yes") == "yes",
        said.get("restarts", "no") == "yes",
        said.get("ends", "no") == "yes",
    )
