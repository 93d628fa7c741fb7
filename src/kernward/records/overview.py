"""What a machine did in the last seconds, at a glance: `kernward top`.

Percentages of time are of the seconds that the overview covers; those of a CPU count one CPU as 100. Absent
is what could not be read, or is not known because there was no earlier sample of it.
"""

from datetime import datetime

import msgspec


class Processors(msgspec.Struct, frozen=True, kw_only=True):
    """How the time of all CPUs was spent, in percent of them all; what waited to run."""

    cpus: int | None = None
    user_percent: float | None = None
    system_percent: float | None = None
    iowait_percent: float | None = None
    interrupt_percent: float | None = None
    steal_percent: float | None = None
    idle_percent: float | None = None
    # Of each CPU, how much of its time it was not idle.
    busy_percent: tuple[float, ...] = ()
    running: int | None = None
    blocked: int | None = None
    load_1m: float | None = None
    load_5m: float | None = None
    load_15m: float | None = None
    context_switches_per_s: float | None = None
    interrupts_per_s: float | None = None
    forks_per_s: float | None = None


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Memory, swap, and what it takes to make room."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    free_bytes: int | None = None
    cached_bytes: int | None = None
    dirty_bytes: int | None = None
    slab_bytes: int | None = None
    swap_total_bytes: int | None = None
    swap_used_bytes: int | None = None
    swapped_in_pages_per_s: float | None = None
    swapped_out_pages_per_s: float | None = None
    direct_reclaim_pages_per_s: float | None = None
    major_faults_per_s: float | None = None


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """Pressure: for how much of the time some task, or all that could run, waited for it."""

    resource: str
    some_percent: float | None = None
    full_percent: float | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong between machines."""

    segments_sent_per_s: float | None = None
    retransmits_per_s: float | None = None
    listen_drops_per_s: float | None = None
    softnet_drops_per_s: float | None = None
    established: int | None = None


class CgroupUse(msgspec.Struct, frozen=True, kw_only=True):
    """A cgroup with all below it. `quota_cpus` is what it may use, in CPUs."""

    name: str
    cpu_percent: float | None = None
    quota_cpus: float | None = None
    throttled_percent: float | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    cpu_some_percent: float | None = None
    memory_some_percent: float | None = None
    io_some_percent: float | None = None
    read_bytes_per_s: float | None = None
    write_bytes_per_s: float | None = None
    tasks: int | None = None


class DeviceUse(msgspec.Struct, frozen=True, kw_only=True):
    """A block device. `latency_ms` is the mean of the requests that ended."""

    name: str
    busy_percent: float | None = None
    reads_per_s: float | None = None
    writes_per_s: float | None = None
    read_bytes_per_s: float | None = None
    write_bytes_per_s: float | None = None
    latency_ms: float | None = None
    in_flight: int | None = None


class InterfaceUse(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface."""

    name: str
    received_bytes_per_s: float | None = None
    sent_bytes_per_s: float | None = None
    received_per_s: float | None = None
    sent_per_s: float | None = None
    drops_per_s: float | None = None
    errors_per_s: float | None = None


class ProcessUse(msgspec.Struct, frozen=True, kw_only=True):
    """A process with all its threads; `waiting_percent`: its main thread was runnable and waited."""

    pid: int
    comm: str
    state: str
    cpu_percent: float | None = None
    system_percent: float | None = None
    waiting_percent: float | None = None
    rss_bytes: int | None = None
    major_faults_per_s: float | None = None
    threads: int | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """One look. `seconds` is what the rates cover; None where there is nothing to compare with.

    Lists hold the busiest; `left_out` says how many of each were not looked at or not listed.
    """

    host: str
    kernel: str | None
    boot_id: str | None
    at_utc: datetime
    seconds: float | None
    uptime_s: float
    processors: Processors
    memory: Memory
    stalls: tuple[Stall, ...]
    network: Network
    cgroups: tuple[CgroupUse, ...]
    devices: tuple[DeviceUse, ...]
    interfaces: tuple[InterfaceUse, ...]
    processes: tuple[ProcessUse, ...]
    left_out: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    recorded: bool = False
