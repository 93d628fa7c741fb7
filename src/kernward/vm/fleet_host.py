"""One host of a fleet: it is started, broken as the plan says, listened to, and stopped.

A host runs in a thread of its own. Whatever goes wrong with it is written down, and raised nowhere.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

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
    State,
    Value,
)
from kernward.vm import console_log, site
from kernward.vm.bed import BOOT_S, Bed, not_restorable
from kernward.vm.collector import Collector
from kernward.vm.fault import Fault
from kernward.vm.faults import fault as fault_named
from kernward.vm.fleet_logs import form_of, write_log
from kernward.vm.inject import inject, undo
from kernward.vm.machine import Machine
from kernward.vm.spec import Spec
from kernward.vm.verdict import NeverBooted, Verdict

# Between a fault that shows and the next, where the plan says nothing.
PAUSE_S = 2.0
# How long a log daemon may be silent before it has said all, and how long that is waited for.
SILENCE_S, FLUSH_S = 1.0, 15.0
SCRIPT_S = 600.0
ANSWER_S = 20.0

Tell = Callable[[str, str], None]


class Fleet(msgspec.Struct, frozen=True):
    """What all hosts of a run share."""

    plan: Plan
    kernels: Mapping[str, Kernel]
    scripts: Mapping[str, str]
    folder: Path
    home: Path
    bed: Bed
    collector: Collector
    stopping: threading.Event
    tell: Tell


class Host:
    """One host's life."""

    def __init__(self, fleet: Fleet, number: int, planned: PlannedHost) -> None:
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
        self.state: State = "stopped"
        self.problem: str | None = None
        # Up, or as far as it got; and through with the faults that the plan has for it.
        self.ready = threading.Event()
        self.through = threading.Event()
        self._group: dict[str, Host] = {}
        self._gathered: dict[str, bytes] = {}
        # Faults that are in place: when to undo each (None: when the next begins), and its place in the list.
        self._standing: list[tuple[float | None, int]] = []

    def live(self, group: "list[Host]") -> None:
        """All of it. Nothing is raised but what is a mistake of this program."""
        try:
            if self.fleet.stopping.is_set():
                return
            self._start()
            self.ready.set()
            for each in group:
                each.ready.wait()
            self._group = {host.planned.name: host for host in group}
            self._befall()
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
        try:
            self.machine = self._booted(spec)
        except NeverBooted as error:
            # On a busy machine a guest may be stuck for once; who sees to it presses the button.
            if self.machine is not None and self.machine.process.ended.is_set():
                raise
            self.fleet.tell(host.name, f"{error}; it is tried once more")
            if self.machine is not None:
                self.machine.close()
            self.machine = self._booted(spec)
        self.up_at = datetime.now(UTC)
        self._move_in(restored=self.restored)
        how = "restored" if self.restored else "booted"
        self.fleet.tell(host.name, f"{how} and set up within {time.monotonic() - started:.1f} s")

    def _booted(self, spec: Spec) -> Machine:
        bed, name = self.fleet.bed, self.planned.name
        if self.restored:
            return bed.restore(spec, name=name)
        # Its console is kept whatever becomes of its boot.
        self.machine = bed.boot(spec, name=name, wait=False)
        self.machine.wait_ready(BOOT_S, time.monotonic())
        return self.machine

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

    def _befall(self) -> None:
        machine = self.alive()
        began = time.monotonic()
        job = None
        if self.planned.script:
            job = machine.start(["sh", "-c", self.fleet.scripts[self.planned.script]])
            job.write(b"", end=True)
        for planned in self.planned.faults:
            after = PAUSE_S if self.faults else 0.0
            self._until(time.monotonic() + after if planned.at_s is None else began + planned.at_s)
            self._undo(due=None)
            self._inject(planned)
            if self.state == "crashed":
                self.fleet.tell(self.planned.name, "is down, as planned")
                return
        lasting = [due for due, _ in self._standing if due is not None]
        self._until(max([began + self.planned.run_s, *lasting]))
        if job is not None:
            machine.finish(job, timeout_s=SCRIPT_S, what=f"the script {self.planned.script}")
        self._undo(due=None, all_of_them=True)
        self.through.set()
        for each in self._group.values():
            if self._is_peer(each):
                each.through.wait()
        self._gather()
        self._flush()
        if self.planned.power_off:
            machine.start(["poweroff", "-f"])
            if not machine.process.ended.wait(ANSWER_S):
                raise Verdict("the host did not power off")

    def _is_peer(self, other: "Host") -> bool:
        return any(self.planned.name in fault.peers for fault in other.planned.faults)

    def alive(self) -> Machine:
        if self.machine is None:
            raise Verdict("the host is not up")
        return self.machine

    def _until(self, when: float) -> None:
        while not self.fleet.stopping.is_set() and (now := time.monotonic()) < when:
            self._undo(due=now)
            self._lost()
            time.sleep(min(0.1, when - now))

    def _lost(self) -> None:
        machine = self.alive()
        if machine.panicked is not None:
            raise machine.panic("nothing but what the plan has for it")
        if machine.process.ended.is_set():
            raise Verdict("the machine ended, and no fault of the plan was to end it")

    def _inject(self, planned: PlannedFault) -> None:
        machine, fault = self.alive(), fault_named(planned.fault)
        values = fault.values(planned.values)
        boot = max(0, len(self.boot_ids) - 1)
        record = msgspec.structs.replace(described(fault, planned, values), boot=boot)
        if fault.ends and fault.needs.initramfs:
            self._gather()
            self._flush()
        hello, started = machine.channel.hello, datetime.now(UTC)
        try:
            peers = [self._group[name].alive() for name in planned.peers]
            injected = inject(machine, fault, peers=peers, **values)
            record = msgspec.structs.replace(
                record,
                shown=True,
                injected_at_utc=self._own_time(injected.started_at_utc),
                shown_at_utc=self._own_time(injected.shown_at_utc),
                evidence=injected.evidence,
                entity=injected.entity,
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
        # What did not show may be in place all the same.
        due = None if planned.for_s is None else time.monotonic() + planned.for_s
        self._standing.append((due, len(self.faults) - 1))
        self._gather()

    def _after_the_end(self, fault: Fault, hello: object) -> None:
        machine = self.alive()
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
            if fault.undo is None and fault.undrive is None:
                continue
            try:
                peers = [self._group[name].alive() for name in record.peers]
                undo(self.alive(), fault, peers=peers, **record.values)
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
        if form is not None and data:
            folder, above = self.fleet.folder / self.planned.name, self.fleet.plan.compress_above_kb
            self.logs.append(write_log(folder, name, data, form, self.faults, compress_above_kb=above))

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
            state=self.state,
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
