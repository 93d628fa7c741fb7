"""A fleet of test machines: the plan that says what shall go wrong where, and the truth of what did.

The plan is what `kernward vm fleet` reads, the truth what it writes beside the logs. All times of the
truth are UTC as the host's own clock showed it, which is what its logs hold.
"""

from datetime import datetime
from typing import Literal

import msgspec

LogForm = Literal[
    "console",
    "console-raw",
    "dmesg",
    "messages",
    "syslog",
    "syslog-iso",
    "syslog-5424",
    "syslog-busybox",
    "journal",
    "netconsole",
    "netconsole-extended",
    "pstore",
]
State = Literal["stopped", "crashed", "failed"]
Value = int | float | str


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that a host shall get `at_s` seconds after it is up, or behind the one before it.

    It is taken back after `for_s`, else when the host's next fault begins or the host ends. `peers` are
    the hosts that take part in it.
    """

    fault: str
    at_s: float | None = None
    for_s: float | None = None
    peers: tuple[str, ...] = ()
    values: dict[str, Value] = {}


class PlannedDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that a host has besides those that its faults bring."""

    name: str
    contents: str = "blank"
    size_mb: int = 16
    interface: Literal["virtio", "sata", "nvme", "usb"] = "virtio"


class PlannedHost(msgspec.Struct, frozen=True, kw_only=True):
    """One host: its machine, the logs it gives, and what befalls it. `line` is where the plan has it.

    `script` is what it does besides, `run_s` how long it lives at least; with `power_off` it is shut down in
    the end, else it is cut off.
    """

    name: str
    kernel: str
    line: int
    memory_mb: int = 256
    smp: int = 1
    machine: Literal["pc", "q35"] = "pc"
    cgroup: Literal[1, 2] = 2
    append: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    disks: tuple[PlannedDisk, ...] = ()
    devices: tuple[str, ...] = ()
    card: Literal["virtio-net-pci", "e1000e", "e1000"] = "virtio-net-pci"
    cold: bool = False
    firmware_on_console: bool = False
    clock: datetime | None = None
    script: str = ""
    run_s: float = 0
    power_off: bool = False
    logs: tuple[LogForm, ...] = ("console",)
    faults: tuple[PlannedFault, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet. Logs of more than `compress_above_kb` are kept compressed; None: none are."""

    name: str
    hosts: tuple[PlannedHost, ...]
    compress_above_kb: int | None = None


class FleetFault(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a planned fault, and what somebody who looks should find of it.

    `shown` is whether its symptom was seen, with `evidence`; `problem` says why not. `boot` is the boot
    of the host in which it was injected, counted from 0. `kinds` are the
    kinds of event that a log of it holds, `cause` what a diagnosis should name ("": the crash is all),
    `entity` where.
    """

    fault: str
    title: str
    group: str
    values: dict[str, Value]
    peers: tuple[str, ...] = ()
    planned_at_s: float | None = None
    boot: int = 0
    shown: bool
    injected_at_utc: datetime | None = None
    shown_at_utc: datetime | None = None
    undone_at_utc: datetime | None = None
    symptom: str
    evidence: str | None = None
    problem: str | None = None
    kinds: tuple[str, ...] = ()
    cause: str = ""
    entity_kind: str = "host"
    entity: str = ""
    mechanism: str = ""


class FleetLog(msgspec.Struct, frozen=True):
    """A log of a host: its path below the fleet's folder, its form, and the kinds that it must hold."""

    path: str
    form: LogForm
    kinds: tuple[str, ...]


class FleetHost(msgspec.Struct, frozen=True, kw_only=True):
    """What a host was and what became of it.

    `stopped`: it lived until it was stopped; `crashed`: a fault ended it, as planned; `failed`: it never
    booted, hung or died otherwise, and `problem` says how. `clock_offset_s` is by how much its clock was
    ahead of the real time.
    """

    name: str
    kernel: str
    version: str | None
    memory_mb: int
    smp: int
    address: str
    mac: str
    boot_ids: tuple[str, ...]
    cold: bool
    up_at_utc: datetime | None
    ended_at_utc: datetime | None
    clock_offset_s: float
    state: State
    problem: str | None
    logs: tuple[FleetLog, ...]
    faults: tuple[FleetFault, ...]


class FleetTruth(msgspec.Struct, frozen=True, kw_only=True):
    """truth.json: what was done to which host, and what shows of it."""

    plan: str
    made_by: str
    made_at_utc: datetime
    network: str
    collector: str
    hosts: tuple[FleetHost, ...]
