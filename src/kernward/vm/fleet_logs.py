"""A host's logs as files: their names, their forms, and what of its faults can be seen in each."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import zstandard

from kernward.records.fleet import FleetFault, FleetLog, LogForm
from kernward.vm import collector as collecting
from kernward.vm.faults import fault as fault_named

SYSLOG_FORMS: tuple[LogForm, ...] = ("syslog", "syslog-iso", "syslog-busybox")
NETCONSOLE_FORMS: tuple[LogForm, ...] = ("netconsole", "netconsole-extended")
# What the guest has in a file of its own, by the stems of their names.
GATHERED = ("dmesg", "messages")


def write_log(
    folder: Path,
    name: str,
    data: bytes,
    form: LogForm,
    faults: Iterable[FleetFault],
    *,
    compress_above_kb: int | None,
) -> FleetLog:
    """Write a log, compressed where it is big; `name` is below `folder`, the host's among the fleet's."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = [fault for fault in faults if fault.shown and in_boot(name, fault.boot)]
    kinds = sorted({kind for fault in shown for kind in kinds_in(form, fault)})
    # The record of an oops that a panic follows does not hold the panic.
    if form == "pstore" and not data.startswith(b"Panic#"):
        kinds = []
    if compress_above_kb is not None and len(data) > compress_above_kb * 1000:
        path.unlink(missing_ok=True)
        path = path.with_name(path.name + ".zst")
        data = zstandard.ZstdCompressor(level=19).compress(data)
    path.write_bytes(data)
    return FleetLog(str(path.relative_to(folder.parent)), form, tuple(kinds))


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
