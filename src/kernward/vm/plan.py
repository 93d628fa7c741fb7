"""Reads a fleet's plan: a TOML file of hosts with their kernels, their logs and their faults.

Whatever is wrong with it is said in one sentence with the line's place, before any machine starts: a key
that is not known, a fault that does not exist, a parameter out of its range, hosts of the same name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_args

import msgspec

from kernward.records.errors import InputError, UsageError
from kernward.records.fleet import LogForm, Plan, PlannedFault, PlannedHost
from kernward.vm.fault import Fault
from kernward.vm.faults import fault as fault_named

MOST_HOSTS = 4000
MOST_BYTES = 1 << 20
FORMS: tuple[str, ...] = get_args(LogForm)
# Busybox's daemon and rsyslogd would take the kernel's messages from each other.
BUSYBOX_FORMS = frozenset(("messages", "syslog-busybox"))
RSYSLOG_FORMS = frozenset(("syslog", "syslog-iso", "syslog-5424"))
# Of each of these a host can have one: they are one file, or one setting.
EITHER_OR = (("syslog", "syslog-iso", "syslog-busybox"), ("netconsole", "netconsole-extended"))
# What works without anything that runs in the guest.
CONSOLE_FORMS = frozenset(("console", "console-raw"))
HOST_KEYS = frozenset(PlannedHost.__struct_fields__) - {"line", "memory_mb"} | {"memory", "count"}
TOP_KEYS = frozenset(("host", "defaults", "compress_above_kb"))
FAULT_KEYS = ("fault", "at_s", "for_s", "peers")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def read_plan(path: Path) -> Plan:
    """The plan in a file. InputError when it cannot be read, UsageError for what it asks for."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: a plan has at most {MOST_BYTES >> 20} MB, this file has {len(data) >> 20}")
    try:
        return _Reader(path, data.decode()).plan()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8, which TOML has to be") from error


class _Reader:
    """One plan's text, with where its hosts are in it: tomllib does not say."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: this is no TOML: {error or 'it is nested too deeply'}") from None
        header = re.compile(r"\s*\[\[\s*host\s*\]\]")
        starts = [number for number, line in enumerate(self.lines, 1) if header.match(line)]
        self.starts = starts if len(starts) == len(self.data.get("host", ())) else []

    def plan(self) -> Plan:
        self._known(self.data, TOP_KEYS, "a plan", None)
        hosts, defaults = self.data.get("host", []), self.data.get("defaults", {})
        if not isinstance(hosts, list) or not isinstance(defaults, dict) or not hosts:
            self.fail("a plan has at least one [[host]], and may have one [defaults]", None, "host")
        self._known(defaults, HOST_KEYS - {"name", "count"}, "[defaults]", None)
        above = self.data.get("compress_above_kb")
        if above is not None and (type(above) is not int or above < 0):
            self.fail("compress_above_kb is a number of kilobytes", None, "compress_above_kb")
        found = [each for number, host in enumerate(hosts) for each in self._hosts(number, defaults, host)]
        if len(found) > MOST_HOSTS:
            raise UsageError(
                f"{self.path}: a fleet has at most {MOST_HOSTS} hosts, this one has {len(found)}"
            )
        self._relations(found)
        return Plan(name=self.path.name, hosts=tuple(found), compress_above_kb=above)

    # ---- one host ----

    def _hosts(self, number: int, defaults: Mapping[str, Any], given: object) -> Iterator[PlannedHost]:
        if not isinstance(given, dict):
            self.fail("a host is a table", number)
        self._known(given, HOST_KEYS, "a host", number)
        host = {**defaults, **given}
        count, name = host.pop("count", 1), host.pop("name", None)
        if not isinstance(name, str):
            self.fail("a host needs a name", number)
        if type(count) is not int or not 1 <= count <= MOST_HOSTS:
            self.fail(f"count is a number of hosts, 1 to {MOST_HOSTS}", number, "count")
        if not isinstance(host.get("kernel"), str):
            self.fail(f'host {name} needs a kernel: kernel = "6.1"', number, "kernel")
        if "memory" in host:
            host["memory_mb"] = self._memory(host.pop("memory"), number)
        if "clock" in host:
            host["clock"] = self._clock(host["clock"], number)
        faults = host.pop("faults", [])
        if not isinstance(faults, list):
            self.fail(f"faults of host {name} is a list", number, "faults")
        host["faults"] = [self._fault(number, name, each) for each in faults]
        host["line"] = self._line(number)
        for each in names_of(name, count):
            if not _NAME.fullmatch(each):
                self.fail(f"{each!r} is no host name: lower-case letters, digits and hyphens", number, "name")
            try:
                planned = msgspec.convert({**host, "name": each}, PlannedHost)
            except msgspec.ValidationError as error:
                said, _, place = str(error).partition(" - at `$.")
                key = re.split(r"[.\[`]", place)[0]
                hint = f" (known: {', '.join(FORMS)})" if key == "logs" else ""
                self.fail(f"host {name}, {key}: {said[:1].lower()}{said[1:]}{hint}", number, key)
            self._check(planned, number)
            yield planned

    def _memory(self, value: object, number: int) -> int:
        found = re.fullmatch(r"(\d{1,6})\s*(?:|M|MB|MiB|(G|GB|GiB))", str(value))
        size = int(found[1]) * (1024 if found[2] else 1) if found and type(value) is not bool else 0
        if not 64 <= size <= 1 << 20:
            self.fail(f'memory is a size of 64M or more, such as "512M", not {value!r}', number, "memory")
        return size

    def _clock(self, value: object, number: int) -> datetime:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, datetime):
            self.fail("clock is a date with a time, such as 2026-11-18T03:12:00Z", number, "clock")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def _fault(self, number: int, host: str, given: object) -> PlannedFault:
        if isinstance(given, str):
            given = {"fault": given}
        if not isinstance(given, dict) or not isinstance(given.get("fault"), str):
            self.fail(f'a fault of host {host} is a table: {{ fault = "NAME", at_s = 5 }}', number, "faults")
        name = given["fault"]
        try:
            fault = fault_named(name)
            values = fault.values({key: value for key, value in given.items() if key not in FAULT_KEYS})
            planned = msgspec.convert(
                {
                    **{key: given[key] for key in FAULT_KEYS if key in given},
                    "fault": fault.name,
                    "values": values,
                },
                PlannedFault,
            )
        except UsageError as error:
            self.fail(f"host {host}: {error}", number, name)
        except msgspec.ValidationError as error:
            said, _, place = str(error).partition(" - at `$.")
            self.fail(
                f"host {host}, fault {name}, {place.rstrip('`')}: {said[:1].lower()}{said[1:]}", number, name
            )
        if (planned.at_s or 0) < 0 or (planned.for_s or 0) < 0:
            self.fail(f"host {host}, fault {name}: at_s and for_s are seconds, 0 or more", number, name)
        return planned

    def _check(self, host: PlannedHost, number: int) -> None:
        faults = [fault_named(each.fault) for each in host.faults]
        if host.smp < 1 or host.run_s < 0:
            self.fail(f"host {host.name}: smp is at least 1, run_s at least 0", number, "smp")
        if BUSYBOX_FORMS & set(host.logs) and RSYSLOG_FORMS & set(host.logs):
            self.fail(f"host {host.name} can run busybox's syslogd or rsyslogd, not both", number, "logs")
        for forms in EITHER_OR:
            if len(set(forms) & set(host.logs)) > 1:
                self.fail(f"host {host.name} can have one of the logs {', '.join(forms)}", number, "logs")
        if not host.logs:
            self.fail(f"host {host.name} gives no logs; there are: {', '.join(FORMS)}", number, "logs")
        for fault in faults[:-1]:
            if fault.ends and "pstore" not in host.logs:
                self.fail(
                    f"host {host.name} does not survive {fault.name}: no fault can follow it",
                    number,
                    fault.name,
                )
        for fault in faults:
            if not fault.needs.initramfs and (len(faults) > 1 or set(host.logs) - CONSOLE_FORMS):
                text = (
                    f"host {host.name} has no root with {fault.name}: it has that fault only, and a console"
                )
                self.fail(text, number, fault.name)
        wanted = {fault.needs.cgroup for fault in faults if fault.needs.cgroup != 2} | {host.cgroup}
        if wanted == {1, 2} and "cgroup" in self.data["host"][number]:
            self.fail(f"host {host.name} has cgroup v2, and one of its faults needs v1", number, "cgroup")
        if host.script and not (self.path.parent / host.script).is_file():
            self.fail(f"host {host.name}: there is no file {host.script} beside the plan", number, "script")

    # ---- between hosts ----

    def _relations(self, hosts: Sequence[PlannedHost]) -> None:
        names: dict[str, PlannedHost] = {}
        for host in hosts:
            if host.name in names:
                raise UsageError(f"{self.path}, line {host.line}: there is a host {host.name} already")
            names[host.name] = host
        for host in hosts:
            for planned in host.faults:
                fault = fault_named(planned.fault)
                problem = peer_problem(host, planned, fault, names)
                if problem:
                    place = self._place(self._number(host), planned.fault)
                    raise UsageError(f"{self.path}, line {place}: {problem}")

    def _number(self, host: PlannedHost) -> int | None:
        return self.starts.index(host.line) if host.line in self.starts else None

    # ---- places ----

    def _known(self, given: Mapping[str, Any], known: frozenset[str], what: str, number: int | None) -> None:
        for key in given:
            if key not in known:
                self.fail(f"{what} has no key {key!r}; it has: {', '.join(sorted(known))}", number, key)

    def fail(self, sentence: str, number: int | None, sought: str = "") -> NoReturn:
        """Raise UsageError with the line at which `sought` stands in the host of this number."""
        raise UsageError(f"{self.path}, line {self._place(number, sought)}: {sentence}")

    def _place(self, number: int | None, sought: str) -> int:
        start = self._line(number) if number is not None else 1
        later = [each for each in self.starts if each > start]
        end = later[0] - 1 if later and number is not None else len(self.lines)
        for line in range(start, end + 1):
            text = self.lines[line - 1].partition("#")[0]
            if sought and re.search(rf"(?<![\w-]){re.escape(sought)}(?![\w-])", text):
                return line
        return start

    def _line(self, number: int | None) -> int:
        return self.starts[number] if number is not None and self.starts else 1


def names_of(name: str, count: int) -> list[str]:
    """web, 3: web-1, web-2, web-3. web-4, 2: web-4, web-5. With a count of 1 the name itself."""
    if count == 1:
        return [name]
    found = re.fullmatch(r"(.*?)-?(\d{1,6})", name)
    stem, first = (found[1], int(found[2])) if found else (name, 1)
    return [f"{stem}-{number}" for number in range(first, first + count)]


def peer_problem(
    host: PlannedHost, planned: PlannedFault, fault: Fault, hosts: Mapping[str, PlannedHost]
) -> str | None:
    """What is wrong with the peers of a fault, in a sentence."""
    if len(planned.peers) != fault.needs.peers:
        return (
            f"host {host.name}: fault {fault.name} takes {fault.needs.peers} peers, not {len(planned.peers)}: "
            'peers = ["HOST", …]'
        )
    for name in planned.peers:
        if name == host.name or name not in hosts:
            return f"host {host.name}, fault {fault.name}: the plan has no other host {name!r}"
    return None
