"""What a fault is: something that goes wrong in a kernel, on purpose, with all that is known about it.

A fault is data: what a machine needs to show it, the script that injects it, the symptom that is
checked before it counts as injected, and the truth that a diagnosis of it should find. Each is one
file in faults/; inject.py carries it out.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from string import Template
from typing import TYPE_CHECKING, Literal

import msgspec

from kernward.records.errors import UsageError

if TYPE_CHECKING:
    from kernward.kernels.kernel import Kernel
    from kernward.vm.machine import Machine

Value = int | float | str
Values = Mapping[str, Value]
Group = Literal["crash", "hang", "memory", "cpu", "storage", "network", "limits", "time"]
GROUPS: tuple[Group, ...] = ("crash", "hang", "memory", "cpu", "storage", "network", "limits", "time")


class Parameter(msgspec.Struct, frozen=True):
    """One thing that may be varied. The default's type is the parameter's.

    The script sees it as the environment variable `name`; texts may hold `$name`. Numbers must lie
    between `least` and `most`; texts must be one of `choices`, or match `regex` where that is given.
    """

    name: str
    default: Value
    unit: str
    doc: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    # What a text without `choices` must match as a whole; by default nothing that a shell acts on.
    regex: str = r"[A-Za-z0-9_.:/@%+,=-]*"

    def check(self, given: object) -> Value:
        """`given` as this parameter's type; UsageError when it is not of it or out of range."""
        if isinstance(self.default, str):
            return self._text(given)
        return self._number(given)

    def _text(self, given: object) -> str:
        text = str(given)
        if self.choices and text not in self.choices:
            raise UsageError(f"{self.name} is one of {', '.join(self.choices)}, not {text!r}")
        if not self.choices and not re.fullmatch(self.regex, text):
            raise UsageError(f"{self.name} must look like {self.regex}, not {text!r}")
        return text

    def _number(self, given: object) -> Value:
        whole = isinstance(self.default, int)
        what = "a whole number" if whole else "a number"
        try:
            exact: int | float = int(str(given), 0) if whole else float(str(given))
        except ValueError:
            exact = math.nan
        if not math.isfinite(exact):
            raise UsageError(f"{self.name} is {what}{_of(self.unit)}, not {given!r}")
        low = -math.inf if self.least is None else self.least
        high = math.inf if self.most is None else self.most
        if not low <= exact <= high:
            raise UsageError(f"{self.name} must be {self.range()}{_of(self.unit)}, not {given}")
        return exact

    def range(self) -> str:
        """The values it may have, for a person: `1 to 60`, `at least 1`, `read, write`; may be empty."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least is not None and self.most is not None:
            return f"{self.least:.12g} to {self.most:.12g}"
        if self.least is not None:
            return f"at least {self.least:.12g}"
        return f"at most {self.most:.12g}" if self.most is not None else ""


def _of(unit: str) -> str:
    return f" ({unit})" if unit else ""


class DiskNeed(msgspec.Struct, frozen=True):
    """A disk: `contents` names an image of disk_images.py ("blank", "ext4", …).

    `options` are further properties of its QEMU drive, as vm/spec.py takes them.
    """

    name: str
    contents: str = "blank"
    size_mb: int = 16
    interface: Literal["virtio", "sata", "nvme", "usb"] = "virtio"
    options: tuple[str, ...] = ()


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine must have to show the fault. Texts may hold `$parameter`."""

    # The module kernward_faults (guest/kernward_faults/), built for the machine's kernel.
    lab: bool = False
    # Modules of the kernel's own, as vm/spec.py takes them: "name" or "name parameter=value …".
    modules: tuple[str, ...] = ()
    # Debian programs with their libraries.
    programs: tuple[str, ...] = ()
    # The program /usr/bin/misbehave, which stands for a service that does something wrong.
    misbehave: bool = False
    disks: tuple[DiskNeed, ...] = ()
    # More kernel command line.
    append: tuple[str, ...] = ()
    # Options the kernel must have: {"CONFIG_KASAN": "y"}. "y|m": either; "": must not be set; "+": any
    # value. A key may name alternatives: "CONFIG_A|CONFIG_B".
    config: Mapping[str, str] = {}
    smp: int = 1
    memory_mb: int = 256
    machine: Literal["pc", "q35"] = "pc"
    # Further arguments for QEMU.
    devices: tuple[str, ...] = ()
    # Networks that it has a card on: "user", or the name of a segment shared with its peers.
    nics: tuple[str, ...] = ()
    # How many further machines on the same segments.
    peers: int = 0
    cgroup: Literal[1, 2] = 2
    # False: the kernel boots without any root, so that the fault shows as it starts.
    initramfs: bool = True
    # The machine restarts by itself, and the symptom is in what it prints afterwards.
    reboots: bool = False


class Symptom(msgspec.Struct, frozen=True, kw_only=True):
    """What must be seen, within `within_s` of the injection, before the fault counts as injected.

    `console` is searched for in what the console printed since; `command` is a shell script for the
    guest that exits with 0 as soon as the fault shows, and prints what it saw. With both, both must
    hold. Both may hold `$parameter`; in `console` the values are escaped. `plus` names parameters in
    seconds that are added to `within_s`.
    """

    doc: str
    console: str | None = None
    command: str | None = None
    within_s: float = 10
    plus: tuple[str, ...] = ()

    def allowed_s(self, values: Values) -> float:
        """How long it may take with these values."""
        return self.within_s + sum(float(values[name]) for name in self.plus)


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who looks into the machine should find.

    `kinds` are the kinds of event that a log of it holds; `cause` is the cause a diagnosis should
    name, "" where the crash is all there is. `mechanism` names the kernel's function and file.
    """

    kinds: tuple[str, ...] = ()
    cause: str = ""
    entity_kind: Literal["host", "cgroup", "device", "process", "interface"] = "host"
    entity: str = ""
    mechanism: str

    def filled(self, values: Values) -> "Truth":
        """The same with `$parameter` replaced."""
        return msgspec.structs.replace(
            self, entity=fill(self.entity, values), mechanism=fill(self.mechanism, values)
        )


# What a shell script cannot do: the monitor, peers. Called after `inject`, with the machine, its
# peers and the values.
Drive = Callable[["Machine", Sequence["Machine"], Values], None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. The module's name is `name` with underscores for hyphens."""

    name: str
    title: str
    doc: str
    group: Group
    parameters: tuple[Parameter, ...] = ()
    # What is wrong with values that are each in range but do not go together; None when they do.
    refuse: Callable[[Values], str | None] | None = None
    needs: Needs = Needs()
    # Run in the guest with the parameters as environment variables. What lasts goes on behind: the
    # script returns once the fault is set going, or says so with `&`. "": nothing to run.
    inject: str = ""
    drive: Drive | None = None
    # Take the fault back, as far as it can be: first what `drive` did, then the script.
    undrive: Drive | None = None
    undo: str | None = None
    symptom: Symptom
    truth: Truth
    # The machine does not survive it.
    ends: bool = False
    # Series ("6.1") that can never show it, with the proof.
    impossible: Mapping[str, str] = {}

    def values(self, given: Mapping[str, object]) -> dict[str, Value]:
        """All parameters, the given ones checked; UsageError for one that is unknown or out of range."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                names = ", ".join(known) or "none"
                raise UsageError(f"fault {self.name} has no parameter {name!r}; it has: {names}")
        found: dict[str, Value] = {}
        for name, parameter in known.items():
            try:
                found[name] = parameter.check(given.get(name, parameter.default))
            except UsageError as error:
                raise UsageError(f"fault {self.name}: {error}") from None
        wrong = self.refuse(found) if self.refuse else None
        if wrong:
            raise UsageError(f"fault {self.name}: {wrong}")
        return found


def fill(text: str, values: Values) -> str:
    """`text` with `$parameter` replaced; other dollars stay as they are."""
    return Template(text).safe_substitute({name: shown(value) for name, value in values.items()})


def shown(value: Value) -> str:
    """The value as scripts and command lines take it."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def environment(values: Values) -> dict[str, str]:
    """The parameters as the scripts see them."""
    return {name: shown(value) for name, value in values.items()}


def too_short(seconds: Value, least_s: float) -> str | None:
    """For `refuse`: why a state of so many seconds ends before anything notices it."""
    if float(seconds) >= least_s:
        return None
    return f"{seconds} s is too short to be noticed: with these limits it takes at least {least_s:g} s"


def series(release: str) -> str:
    """6.1.0-56-cloud-amd64 -> 6.1."""
    found = re.match(r"\d+\.\d+", release)
    return found[0] if found else release


def usable_on(fault: Fault, kernel: "Kernel") -> str | None:
    """Why this kernel cannot show the fault, in a sentence; None when it can."""
    from kernward.kernels.config import config_of
    from kernward.kernels.modules import present

    proof = fault.impossible.get(series(kernel.release))
    if proof:
        return f"no {series(kernel.release)} kernel can show {fault.name} here: {proof}"
    if fault.needs.config:
        config = config_of(kernel)
        for names, wanted in fault.needs.config.items():
            if not any(_has(config, name, wanted) for name in names.split("|")):
                option = names.replace("|", " or ")
                asked = {"": "not set", "+": "set"}.get(wanted, wanted.replace("|", " or "))
                return f"{fault.name} needs {option} to be {asked}, which it is not in {kernel.release}"
    for module in fault.needs.modules:
        name = module.split()[0]
        if present(kernel, name) is None:
            return f"{fault.name} needs the module {name}, which {kernel.release} does not have"
    if fault.needs.lab and kernel.headers is None and kernel.origin not in ("package", "installed", "built"):
        return (
            f"{fault.name} needs a module built for the kernel, and there are no headers of {kernel.release}"
        )
    return None


def _has(config: Mapping[str, str], name: str, wanted: str) -> bool:
    value = config.get(name)
    if wanted == "+":
        return value is not None
    if wanted == "":
        return value is None
    return value in wanted.split("|")
