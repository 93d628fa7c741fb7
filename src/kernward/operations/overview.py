"""Two samples as an overview: rates, shares and pressure of the machine, and of who is busiest.

Only what an overview shows is computed, since it is done every second or two, for every process there is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Any, TypeVar

from kernward.collectors.quantity import Quantity
from kernward.collectors.sample import Sample
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import (
    cgroup_cpu,
    cgroup_io,
    cgroup_memory,
    cgroup_pids,
    cgroup_pressure,
    cpu,
    diskstats,
    loadavg,
    meminfo,
    net_dev,
    netstat,
    pressure,
    processes,
    snmp,
    softnet,
    stat,
    vmstat,
)
from kernward.collectors.window import grown
from kernward.records.overview import (
    CgroupUse,
    DeviceUse,
    InterfaceUse,
    Memory,
    Network,
    Overview,
    Processors,
    ProcessUse,
    Stall,
)

# What an overview is made of, and all that has to be read for one.
NEEDED = (
    cgroup_cpu.SOURCE,
    cgroup_io.SOURCE,
    cgroup_memory.SOURCE,
    cgroup_pids.SOURCE,
    cgroup_pressure.SOURCE,
    cpu.SOURCE,
    diskstats.SOURCE,
    loadavg.SOURCE,
    meminfo.SOURCE,
    net_dev.SOURCE,
    netstat.SOURCE,
    pressure.SOURCE,
    processes.SOURCE,
    snmp.SOURCE,
    softnet.SOURCE,
    stat.SOURCE,
    vmstat.SOURCE,
)
# Rows kept of each list; a terminal shows fewer.
MOST_ROWS = 60

T = TypeVar("T")


class Change:
    """One record and the one before it, of the same entity; a rate is None where there is none before."""

    def __init__(
        self, before: Any, after: Any, seconds: float | None, fields: Mapping[str, Quantity] | None = None
    ) -> None:
        self._before = before
        self.after = after
        self._seconds = seconds
        self._fields = fields or {}

    def __getattr__(self, name: str) -> Any:
        """The latest value; None where there is no record at all."""
        return getattr(self.after, name, None)

    def grew(self, *names: str) -> float | None:
        """How much these counters grew together; None when none of them is known."""
        if self._before is None or self.after is None:
            return None
        found = [
            _number(grown(getattr(self._before, name), getattr(self.after, name), self._fields[name].bits))
            for name in names
        ]
        known = [each for each in found if each is not None]
        return sum(known) if known else None

    def rate(self, *names: str) -> float | None:
        """How much they grew in a second."""
        growth = self.grew(*names)
        return None if growth is None or not self._seconds else growth / self._seconds

    def percent(self, *names: str) -> float | None:
        """Of counters in seconds: their part of the time."""
        rate = self.rate(*names)
        return None if rate is None else 100 * rate


def overview(before: Sample | None, after: Sample, *, recorded: bool = False) -> Overview:
    """What happened between two samples of one boot; without an earlier one only the state."""
    if before is not None and (before.boot_id != after.boot_id or before.at_s >= after.at_s):
        before = None
    look = _Look(before, after)
    groups = _cgroups(look)
    tasks = _processes(look)
    devices = [_device(name, each) for name, each in look.each(diskstats.SOURCE)]
    interfaces = [_interface(name, each) for name, each in look.each(net_dev.SOURCE)]
    lists: dict[str, Sequence[Any]] = {
        "cgroups": groups,
        "devices": devices,
        "interfaces": interfaces,
        "processes": tasks,
    }
    return Overview(
        host=after.host,
        kernel=after.kernel,
        boot_id=after.boot_id,
        at_utc=after.at_utc,
        seconds=None if before is None else round(after.at_s - before.at_s, 3),
        uptime_s=after.at_s,
        processors=_processors(look),
        memory=_memory(look),
        stalls=tuple(_stalls(look)),
        network=_network(look),
        cgroups=_most(groups, lambda each: (each.cpu_percent or 0.0, each.memory_bytes or 0)),
        devices=_most(devices, lambda each: (each.busy_percent or 0.0, _traffic(each))),
        interfaces=_most(
            interfaces, lambda each: (each.received_bytes_per_s or 0.0) + (each.sent_bytes_per_s or 0.0)
        ),
        processes=_most(
            tasks, lambda each: (each.state == "D", each.cpu_percent or 0.0, each.rss_bytes or 0)
        ),
        left_out={name: len(found) - MOST_ROWS for name, found in lists.items() if len(found) > MOST_ROWS},
        unreadable={each.name: after.absent[each.name] for each in NEEDED if each.name in after.absent},
        recorded=recorded,
    )


class _Look:
    def __init__(self, before: Sample | None, after: Sample) -> None:
        self._before = before
        self._after = after

    def of(self, source: Any) -> Change:
        before = self._before.of(source) if self._before is not None else None
        return Change(before, self._after.of(source), self._seconds(source.name), source.quantities)

    def each(self, source: EntitySource[Any]) -> Iterable[tuple[str, Change]]:
        earlier: Mapping[str, Any] = self._before.each(source) if self._before is not None else {}
        seconds = self._seconds(source.name)
        fields = source.quantities
        identity = [name for name, each in fields.items() if each.kind == "identity"]
        for entity, record in self._after.each(source).items():
            before = earlier.get(entity)
            if before is not None and any(
                getattr(before, name) != getattr(record, name) for name in identity
            ):
                before = None
            yield entity, Change(before, record, seconds, fields)

    def _seconds(self, name: str) -> float | None:
        if self._before is None or name not in self._before.read_at_s or name not in self._after.read_at_s:
            return None
        return self._after.read_at_s[name] - self._before.read_at_s[name]


def _processors(look: _Look) -> Processors:
    whole, load = look.of(stat.SOURCE), look.of(loadavg.SOURCE)
    parts = {
        "user_percent": ("user_s", "nice_s"),
        "system_percent": ("system_s",),
        "iowait_percent": ("iowait_s",),
        "interrupt_percent": ("irq_s", "softirq_s"),
        "steal_percent": ("steal_s",),
        "idle_percent": ("idle_s",),
    }
    grew = {name: whole.grew(*fields) for name, fields in parts.items()}
    total = sum(each for each in grew.values() if each is not None)
    return Processors(
        cpus=whole.cpus,
        **{name: None if each is None or not total else 100 * each / total for name, each in grew.items()},
        busy_percent=tuple(_busy(each) for _, each in look.each(cpu.SOURCE)),
        running=whole.running,
        blocked=whole.blocked,
        load_1m=load.load_1m,
        load_5m=load.load_5m,
        load_15m=load.load_15m,
        context_switches_per_s=whole.rate("context_switches"),
        interrupts_per_s=whole.rate("interrupts"),
        forks_per_s=whole.rate("forks"),
    )


def _busy(each: Change) -> float:
    busy = each.grew("user_s", "nice_s", "system_s", "irq_s", "softirq_s", "steal_s") or 0.0
    idle = each.grew("idle_s", "iowait_s") or 0.0
    return 100 * busy / (busy + idle) if busy + idle else 0.0


def _memory(look: _Look) -> Memory:
    now, paging = look.of(meminfo.SOURCE), look.of(vmstat.SOURCE)
    total, free = now.swap_total_bytes, now.swap_free_bytes
    slab = [each for each in (now.slab_reclaimable_bytes, now.slab_unreclaimable_bytes) if each is not None]
    return Memory(
        total_bytes=now.total_bytes,
        available_bytes=now.available_bytes,
        free_bytes=now.free_bytes,
        cached_bytes=now.cached_bytes,
        dirty_bytes=now.dirty_bytes,
        slab_bytes=sum(slab) if slab else None,
        swap_total_bytes=total,
        swap_used_bytes=None if total is None or free is None else total - free,
        swapped_in_pages_per_s=paging.rate("pswpin_pages"),
        swapped_out_pages_per_s=paging.rate("pswpout_pages"),
        direct_reclaim_pages_per_s=paging.rate("pgsteal_direct_pages"),
        major_faults_per_s=paging.rate("pgmajfault"),
    )


def _stalls(look: _Look) -> Iterable[Stall]:
    now = look.of(pressure.SOURCE)
    if now.after is None:
        return
    yield Stall(resource="cpu", some_percent=now.percent("cpu_some_s"))
    for resource in ("memory", "io"):
        yield Stall(
            resource=resource,
            some_percent=now.percent(f"{resource}_some_s"),
            full_percent=now.percent(f"{resource}_full_s"),
        )
    if now.irq_full_s is not None:
        yield Stall(resource="irq", full_percent=now.percent("irq_full_s"))


def _network(look: _Look) -> Network:
    tcp, more = look.of(snmp.SOURCE), look.of(netstat.SOURCE)
    drops = [each.rate("dropped") for _, each in look.each(softnet.SOURCE)]
    known = [each for each in drops if each is not None]
    return Network(
        segments_sent_per_s=tcp.rate("tcp_segments_sent"),
        retransmits_per_s=tcp.rate("tcp_segments_retransmitted"),
        listen_drops_per_s=more.rate("listen_drops"),
        softnet_drops_per_s=sum(known) if known else None,
        established=tcp.tcp_established,
    )


def _cgroups(look: _Look) -> list[CgroupUse]:
    cpus = dict(look.each(cgroup_cpu.SOURCE))
    memories = dict(look.each(cgroup_memory.SOURCE))
    ios = dict(look.each(cgroup_io.SOURCE))
    pids = dict(look.each(cgroup_pids.SOURCE))
    stalls = dict(look.each(cgroup_pressure.SOURCE))
    none = Change(None, None, None)
    found = []
    for name in dict.fromkeys((*cpus, *memories, *ios, *pids, *stalls)):
        use, memory, io = cpus.get(name, none), memories.get(name, none), ios.get(name, none)
        stall = stalls.get(name, none)
        periods, throttled = use.grew("periods"), use.grew("throttled_periods")
        quota, period = use.quota_s, use.period_s
        found.append(
            CgroupUse(
                name=name,
                cpu_percent=use.percent("usage_s"),
                quota_cpus=quota / period if quota is not None and period else None,
                throttled_percent=100 * throttled / periods if throttled is not None and periods else None,
                memory_bytes=memory.usage_bytes,
                memory_limit_bytes=memory.limit_bytes,
                cpu_some_percent=stall.percent("cpu_some_s"),
                memory_some_percent=stall.percent("memory_some_s"),
                io_some_percent=stall.percent("io_some_s"),
                read_bytes_per_s=io.rate("read_bytes"),
                write_bytes_per_s=io.rate("written_bytes"),
                tasks=pids.get(name, none).tasks,
            )
        )
    return found


def _device(name: str, now: Change) -> DeviceUse:
    ended = now.grew("reads", "writes")
    took_ms = now.grew("read_ms", "write_ms")
    busy = now.rate("busy_ms")
    return DeviceUse(
        name=name,
        busy_percent=None if busy is None else min(busy / 10, 100.0),
        reads_per_s=now.rate("reads"),
        writes_per_s=now.rate("writes"),
        read_bytes_per_s=now.rate("read_bytes"),
        write_bytes_per_s=now.rate("write_bytes"),
        latency_ms=took_ms / ended if ended and took_ms is not None else None,
        in_flight=now.in_flight,
    )


def _traffic(each: DeviceUse) -> float:
    return (each.read_bytes_per_s or 0.0) + (each.write_bytes_per_s or 0.0)


def _interface(name: str, now: Change) -> InterfaceUse:
    return InterfaceUse(
        name=name,
        received_bytes_per_s=now.rate("received_bytes"),
        sent_bytes_per_s=now.rate("sent_bytes"),
        received_per_s=now.rate("received"),
        sent_per_s=now.rate("sent"),
        drops_per_s=now.rate("receive_drops", "send_drops"),
        errors_per_s=now.rate("receive_errors", "send_errors"),
    )


def _processes(look: _Look) -> list[ProcessUse]:
    return [
        ProcessUse(
            pid=int(pid),
            comm=now.comm,
            state=now.state,
            cpu_percent=now.percent("user_s", "system_s"),
            system_percent=now.percent("system_s"),
            waiting_percent=now.percent("waited_s"),
            rss_bytes=now.rss_bytes,
            major_faults_per_s=now.rate("major_faults"),
            threads=now.threads,
        )
        for pid, now in look.each(processes.SOURCE)
        if pid.isascii() and pid.isdigit()
    ]


def _most(found: Sequence[T], by: Callable[[T], Any]) -> tuple[T, ...]:
    return tuple(nlargest(MOST_ROWS, found, key=by))


def _number(value: Any) -> float | None:
    """A growth as one number; of a counter for each item their sum."""
    if isinstance(value, Mapping):
        value = sum(value.values())
    elif isinstance(value, tuple):
        value = sum(value)
    return value if type(value) in (int, float) else None
