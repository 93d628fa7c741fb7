"""Runs a fleet: hosts on one segment, each started, broken as planned, listened to, and stopped.

Hosts are run a few at a time; those that take part in one another's faults run together. What becomes of
one stops no other: a host that never boots, hangs or dies is written down as such.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import zstandard

from kernward.kernels.kernel import Kernel
from kernward.records.errors import KernwardError
from kernward.records.fleet import (
    FleetFault,
    FleetHost,
    FleetLog,
    LogForm,
    Plan,
    PlannedFault,
    PlannedHost,
    Value,
)
from kernward.vm import collector as collecting
from kernward.vm import console_log, site
from kernward.vm.bed import BOOT_S, Bed, not_restorable
from kernward.vm.collector import Collector
from kernward.vm.fault import Fault
from kernward.vm.fault_parts import card_on
from kernward.vm.faults import fault as fault_named
from kernward.vm.inject import inject, undo
from kernward.vm.machine import Machine
from kernward.vm.verdict import Verdict

# Between a fault that shows and the next, where the plan says nothing.
PAUSE_S = 2.0
# How long a log daemon may be silent before it has said all, and how long that is waited for.
SILENCE_S, FLUSH_S = 1.0, 15.0
SCRIPT_S = 600.0
ANSWER_S = 20.0
CONSOLE_LIMIT_BYTES = 16 << 20

Tell = Callable[[str, str], None]
SYSLOG_FORMS: tuple[LogForm, ...] = ("syslog", "syslog-iso", "syslog-busybox")
# What the guest has in a file of its own, by the stems of their names.
GATHERED = ("dmesg", "messages")
NETCONSOLE_FORMS: tuple[LogForm, ...] = ("netconsole", "netconsole-extended")


def run_fleet(
    plan: Plan,
    kernels: Mapping[str, Kernel],
    scripts: Mapping[str, str],
    folder: Path,
    home: Path,
    *,
    only: Collection[str] | None = None,
    jobs: int,
    tell: Tell,
) -> tuple[FleetHost, ...]:
    """Run the hosts, `jobs` at once, and write their logs to a folder each below `folder`.

    `kernels` are by the names that the plan has for them, `scripts` the texts of its scripts. With
    `only`, just these hosts are run, and those that run with them. `tell` is called with a host's name
    and a sentence, from any thread.
    """
    stopping = threading.Event()
    free = threading.Semaphore(jobs)
    with (
        Collector(folder) as collector,
        ThreadPoolExecutor(max(2, 2 * len(plan.hosts))) as pool,
        Bed(home, console_limit_bytes=CONSOLE_LIMIT_BYTES) as bed,
    ):
        bed.segment(site.SEGMENT).station(collector.frame)
        fleet = _Fleet(plan, kernels, scripts, folder, home, bed, collector, stopping, tell)
        hosts = {each.name: _Host(fleet, number, each) for number, each in enumerate(plan.hosts)}
        chosen = [group for group in groups(plan.hosts) if only is None or set(group) & set(only)]
        running: list[Future[None]] = []
        try:
            for group in chosen:
                members = [hosts[name] for name in group]
                slots = min(len(members), jobs)
                for _ in range(slots):
                    free.acquire()
                running.append(pool.submit(_run_group, members, pool, free, slots))
            for each in running:
                each.result()
        finally:
            stopping.set()
    ran = {name for group in chosen for name in group}
    return tuple(host.record() for name, host in hosts.items() if name in ran)


def groups(hosts: Sequence[PlannedHost]) -> list[list[str]]:
    """The hosts that must run together, by name, in the plan's order."""
    group_of = {host.name: [host.name] for host in hosts}
    for host in hosts:
        for peer in (peer for fault in host.faults for peer in fault.peers):
            mine, theirs = group_of[host.name], group_of[peer]
            if mine is not theirs:
                mine += theirs
                group_of.update(dict.fromkeys(theirs, mine))
    return list({id(group): group for group in group_of.values()}.values())


def _run_group(
    members: "list[_Host]", pool: ThreadPoolExecutor, free: threading.Semaphore, slots: int
) -> None:
    try:
        lives = [pool.submit(host.live, members) for host in members]
        for each in lives:
            each.result()
    finally:
        free.release(slots)


class _Fleet(msgspec.Struct, frozen=True):
    # What all hosts of a run share.
    plan: Plan
    kernels: Mapping[str, Kernel]
    scripts: Mapping[str, str]
    folder: Path
    home: Path
    bed: Bed
    collector: Collector
    stopping: threading.Event
    tell: Tell


class _Host:
    """One host's life."""

    def __init__(self, fleet: _Fleet, number: int, planned: PlannedHost) -> None:
        self.fleet = fleet
        self.planned = planned
        self.place = site.place(number)
        self.kernel = fleet.kernels[planned.kernel]
        self.machine: Machine | None = None
        self.identity: site.Identity | None = None
        self.restored = False
        self.boot_ids: list[str] = []
        self.up_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.faults: list[FleetFault] = []
        self.logs: list[FleetLog] = []
        self.state: str = "stopped"
        self.problem: str | None = None
        # Up, or as far as it got; and through with the faults that the plan has for it.
        self.ready = threading.Event()
        self.through = threading.Event()
        self._gathered: dict[str, bytes] = {}
        # Faults that are in place: when to undo each (None: when the next begins), and its place in the list.
        self._standing: list[tuple[float | None, int]] = []

    def live(self, group: "list[_Host]") -> None:
        """All of it. Nothing is raised but what is a mistake of this program."""
        try:
            if self.fleet.stopping.is_set():
                return
            self._start()
            self.ready.set()
            for each in group:
                each.ready.wait()
            self._befall({host.planned.name: host for host in group})
        except (KernwardError, OSError) as error:
            self._fail(str(error))
            if self.machine is None and isinstance(error, Verdict):
                self._gathered["console.log"] = error.console_tail
        finally:
            self._not_reached()
            self.ready.set()
            self.through.set()
            self._finish()

    def _fail(self, sentence: str) -> None:
        self.state = "failed"
        self.problem = self.problem or sentence
        self.fleet.tell(self.planned.name, sentence)

    # ---- start ----

    def _start(self) -> None:
        bed, host = self.fleet.bed, self.planned
        spec = site.spec_of(host, self._roles(), self.kernel, self.fleet.home)
        self.fleet.collector.expect(host.name, self.place.address)
        started = time.monotonic()
        if not spec.initramfs:
            self.machine = bed.boot(spec, name=host.name, wait=False)
            now = datetime.now(UTC)
            offset = (host.clock - now).total_seconds() if host.clock else 0.0
            self.up_at, self.identity = now, site.Identity("", round(offset, 3))
            return
        self.restored = not host.cold and not_restorable(spec) is None
        if self.restored:
            self.machine = bed.restore(spec, name=host.name)
        else:
            # Its console is kept whatever becomes of its boot.
            self.machine = bed.boot(spec, name=host.name, wait=False)
            self.machine.wait_ready(BOOT_S, started)
        self.up_at = datetime.now(UTC)
        self._move_in(restored=self.restored)
        how = "restored" if self.restored else "booted"
        self.fleet.tell(host.name, f"{how} and set up within {time.monotonic() - started:.1f} s")

    def _roles(self) -> list[tuple[Fault, dict[str, Value]]]:
        return [
            (fault_named(planned.fault), planned.values)
            for host in self.fleet.plan.hosts
            for planned in host.faults
            if host.name == self.planned.name or self.planned.name in planned.peers
        ]

    def _move_in(self, *, restored: bool) -> None:
        assert self.machine is not None
        self.identity = site.move_in(self.machine, self.planned, self.place, restored=restored)
        self.boot_ids.append(self.identity.boot_id)

    # ---- faults ----

    def _befall(self, group: "dict[str, _Host]") -> None:
        machine = self._alive()
        began = time.monotonic()
        job = None
        if self.planned.script:
            job = machine.start(["sh", "-c", self.fleet.scripts[self.planned.script]])
            job.write(b"", end=True)
        for planned in self.planned.faults:
            after = PAUSE_S if self.faults else 0.0
            self._until(time.monotonic() + after if planned.at_s is None else began + planned.at_s)
            self._undo(due=None)
            self._inject(planned, group)
            if self.state == "crashed":
                self.fleet.tell(self.planned.name, "is down, as planned")
                return
        lasting = [due for due, _ in self._standing if due is not None]
        self._until(max([began + self.planned.run_s, *lasting]))
        if job is not None:
            machine.finish(job, timeout_s=SCRIPT_S, what=f"the script {self.planned.script}")
        self.through.set()
        for each in group.values():
            if self._is_peer(each):
                each.through.wait()
        self._undo(due=None, all_of_them=True)
        self._gather()
        self._flush()

    def _is_peer(self, other: "_Host") -> bool:
        return any(self.planned.name in fault.peers for fault in other.planned.faults)

    def _alive(self) -> Machine:
        if self.machine is None:
            raise Verdict("the host is not up")
        return self.machine

    def _until(self, when: float) -> None:
        while not self.fleet.stopping.is_set() and (now := time.monotonic()) < when:
            self._undo(due=now)
            self._lost()
            time.sleep(min(0.1, when - now))

    def _lost(self) -> None:
        machine = self._alive()
        if machine.panicked is not None:
            raise machine.panic("nothing but what the plan has for it")
        if machine.process.ended.is_set():
            raise Verdict("the machine ended, and no fault of the plan was to end it")

    def _inject(self, planned: PlannedFault, group: "dict[str, _Host]") -> None:
        machine, fault = self._alive(), fault_named(planned.fault)
        values = fault.values(planned.values)
        boot = max(0, len(self.boot_ids) - 1)
        record = msgspec.structs.replace(described(fault, planned, values), boot=boot)
        if record.entity_kind == "interface" and fault.needs.nics:
            record = msgspec.structs.replace(record, entity=f"eth{card_on(machine, fault.needs.nics[0])}")
        if fault.ends and fault.needs.initramfs:
            self._gather()
            self._flush()
        hello, started = machine.channel.hello, datetime.now(UTC)
        try:
            peers = [group[name]._alive() for name in planned.peers]
            injected = inject(machine, fault, peers=peers, **values)
            record = msgspec.structs.replace(
                record,
                shown=True,
                injected_at_utc=self._own_time(injected.started_at_utc),
                shown_at_utc=self._own_time(injected.shown_at_utc),
                evidence=injected.evidence,
            )
            took = (injected.shown_at_utc - injected.started_at_utc).total_seconds()
            self.fleet.tell(self.planned.name, f"{fault.name} shows after {took:.1f} s")
        except KernwardError as error:
            record = msgspec.structs.replace(
                record, injected_at_utc=self._own_time(started), problem=str(error)
            )
            self.fleet.tell(self.planned.name, str(error))
        self.faults.append(record)
        if record.shown and (fault.ends or fault.needs.reboots):
            self._after_the_end(fault, hello)
            return
        if not machine.channel.answers(ANSWER_S):
            raise Verdict(f"the host does not answer any more after {fault.name}")
        if record.shown:
            due = None if planned.for_s is None else time.monotonic() + planned.for_s
            self._standing.append((due, len(self.faults) - 1))
            self._gather()

    def _after_the_end(self, fault: Fault, hello: object) -> None:
        machine = self._alive()
        self._standing.clear()
        if not (fault.needs.reboots or machine.spec.reboots):
            self.state = "crashed"
            self._flush()
            return
        deadline = time.monotonic() + BOOT_S
        while machine.channel.hello is hello:
            if time.monotonic() > deadline or machine.process.ended.is_set():
                raise Verdict(f"the host did not come back after {fault.name}")
            time.sleep(0.1)
        machine.restarted()
        self._move_in(restored=False)
        self.fleet.tell(self.planned.name, "is up again")
        if "pstore" in self.planned.logs:
            self._keep(site.gather_pstore(machine))

    def _undo(self, *, due: float | None, all_of_them: bool = False) -> None:
        """Take back what is due by then; without a time, what the next fault or the end takes back."""
        standing, self._standing = self._standing, []
        for when, number in standing:
            over = all_of_them or (when is None if due is None else when is not None and when <= due)
            if not over:
                self._standing.append((when, number))
                continue
            record = self.faults[number]
            fault = fault_named(record.fault)
            if fault.undo is None:
                continue
            try:
                undo(self._alive(), fault, **record.values)
            except KernwardError as error:
                self.fleet.tell(self.planned.name, f"{fault.name} could not be taken back: {error}")
                continue
            at = self._own_time(datetime.now(UTC))
            self.faults[number] = msgspec.structs.replace(record, undone_at_utc=at)

    def _own_time(self, moment: datetime) -> datetime:
        offset = self.identity.clock_offset_s if self.identity else 0.0
        return moment + timedelta(seconds=offset)

    def _not_reached(self) -> None:
        for planned in self.planned.faults[len(self.faults) :]:
            fault = fault_named(planned.fault)
            problem = f"the host was gone before: {self.problem}" if self.problem else "the run was stopped"
            record = described(fault, planned, fault.values(planned.values))
            self.faults.append(msgspec.structs.replace(record, problem=problem))

    # ---- logs ----

    def _gather(self) -> None:
        if self.machine is not None and self.machine.spec.initramfs:
            self._keep(site.gather(self.machine, self.planned.logs))

    def _keep(self, found: Mapping[str, bytes]) -> None:
        boot = len(self.boot_ids)
        for name, data in found.items():
            stem, dot, suffix = name.partition(".")
            self._gathered[name if boot < 2 or "/" in name else f"{stem}-{boot}{dot}{suffix}"] = data

    def _flush(self) -> None:
        self.fleet.collector.wait_silent(self.planned.name, SILENCE_S, FLUSH_S)

    def _finish(self) -> None:
        """Write down what there is, and end the machine."""
        collected = self.fleet.collector.finish(self.planned.name)
        for path in collected:
            self._log(path.name, path.read_bytes())
        for name, data in self._gathered.items():
            self._log(name, data)
        if self.machine is not None:
            self._consoles(self.machine)
            self.machine.close()
        self.ended_at = datetime.now(UTC)
        missing = [form for form in self.planned.logs if form not in {log.form for log in self.logs}]
        if missing and self.state != "failed" and not self.fleet.stopping.is_set():
            self._fail(f"nothing came of its log {missing[0]}")

    def _consoles(self, machine: Machine) -> None:
        written = machine.console_log.read_bytes()
        boot = machine.boot_log if self.restored else b""
        if "console" in self.planned.logs:
            offset = self.identity.clock_offset_s if self.identity else 0.0
            up_at = self.up_at or datetime.now(UTC)
            log = console_log.timed(boot, written, self.planned.name, up_at=up_at, clock_offset_s=offset)
            self._log("console.log", log)
        if "console-raw" in self.planned.logs:
            name = "console-raw.log" if "console" in self.planned.logs else "console.log"
            self._log(name, console_log.raw(boot, written), form="console-raw")

    def _log(self, name: str, data: bytes, form: LogForm | None = None) -> None:
        form = form or form_of(name, self.planned.logs)
        if form is None or not data:
            return
        path = self.fleet.folder / self.planned.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # The record of an oops that a panic follows does not hold the panic.
        is_panic = data.startswith(b"Panic#")
        above = self.fleet.plan.compress_above_kb
        if above is not None and len(data) > above * 1000:
            path.unlink(missing_ok=True)
            path = path.with_name(path.name + ".zst")
            data = zstandard.ZstdCompressor(level=19).compress(data)
        path.write_bytes(data)
        shown = [fault for fault in self.faults if fault.shown and in_boot(name, fault.boot)]
        kinds = sorted({kind for fault in shown for kind in kinds_in(form, fault)})
        if form == "pstore" and not is_panic:
            kinds = []
        self.logs.append(FleetLog(str(path.relative_to(self.fleet.folder)), form, tuple(kinds)))

    def record(self) -> FleetHost:
        """What became of it."""
        return FleetHost(
            name=self.planned.name,
            kernel=self.kernel.release,
            version=self.kernel.version,
            memory_mb=self.machine.spec.memory_mb if self.machine else self.planned.memory_mb,
            smp=self.machine.spec.smp if self.machine else self.planned.smp,
            address=self.place.address,
            mac=self.place.mac,
            boot_ids=tuple(self.boot_ids),
            cold=not self.restored,
            up_at_utc=self.up_at and self._own_time(self.up_at),
            ended_at_utc=self.ended_at and self._own_time(self.ended_at),
            clock_offset_s=self.identity.clock_offset_s if self.identity else 0.0,
            state=self.state,  # type: ignore[arg-type]
            problem=self.problem,
            logs=tuple(sorted(self.logs, key=lambda log: log.path)),
            faults=tuple(self.faults),
        )


def described(fault: Fault, planned: PlannedFault, values: Mapping[str, Value]) -> FleetFault:
    """A planned fault that has not shown yet, with all that is known of it."""
    truth = fault.truth.filled(values)
    return FleetFault(
        fault=fault.name,
        title=fault.title,
        group=fault.group,
        values=dict(values),
        peers=planned.peers,
        planned_at_s=planned.at_s,
        shown=False,
        symptom=fault.symptom.doc,
        kinds=truth.kinds,
        cause=truth.cause,
        entity_kind=truth.entity_kind,
        entity=truth.entity,
        mechanism=truth.mechanism,
    )


def kinds_in(form: LogForm, shown: FleetFault) -> Iterable[str]:
    """The kinds of event by which a fault that shows is seen in a log of this form.

    A daemon does not get to write down what its machine dies of; the console and netconsole, which the
    kernel serves itself, do. pstore keeps panics and nothing else.
    """
    fault = fault_named(shown.fault)
    if form in ("console", "console-raw"):
        return shown.kinds
    if form == "pstore":
        return shown.kinds if fault.ends or fault.name == "pstore-panic" else ()
    if fault.needs.reboots or (fault.ends and form not in NETCONSOLE_FORMS):
        return ()
    return shown.kinds


def in_boot(name: str, boot: int) -> bool:
    """Whether a log of this name may tell of that boot: what was fetched from the guest is of one boot."""
    stem = name.partition(".")[0]
    first, _, number = stem.rpartition("-")
    if stem in GATHERED or first in GATHERED:
        return boot == (int(number) - 1 if first else 0)
    return True


def form_of(name: str, logs: Sequence[LogForm]) -> LogForm | None:
    """The form of a log by its file's name, among those that the host gives."""
    if name.startswith("pstore/"):
        return "pstore"
    stem = name.partition(".")[0].rpartition("-")
    first = stem[0] if stem[2].isdigit() and stem[0] else name.partition(".")[0]
    candidates: Mapping[str, Sequence[LogForm]] = {
        "dmesg": ("dmesg",),
        "messages": ("messages",),
        "console": ("console", "console-raw"),
        collecting.SYSLOG.partition(".")[0]: SYSLOG_FORMS,
        collecting.SYSLOG_5424.partition(".")[0]: ("syslog-5424",),
        collecting.JOURNAL.partition(".")[0]: ("journal",),
        collecting.NETCONSOLE.partition(".")[0]: NETCONSOLE_FORMS,
    }
    return next((form for form in candidates.get(first, ()) if form in logs), None)
