"""exec: who starts processes and threads, which programs, how they end, which signals they get."""

import signal
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, Traced, attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource


class Tasks(msgspec.Struct, frozen=True):
    """Of one process."""

    comm: Annotated[str | None, fact("its name")] = None
    forks: Annotated[int | None, counter("", "processes it started", "kernel_clone() in kernel/fork.c")] = (
        None
    )
    threads_started: Annotated[int | None, counter("", "threads it started")] = None
    execs: Annotated[int | None, counter("", "programs it became", "bprm_execve() in fs/exec.c")] = None
    children_exits: Annotated[int | None, counter("", "children that ended")] = None
    children_killed: Annotated[int | None, counter("", "those of them that a signal ended")] = None
    signals: Annotated[
        Mapping[str, int] | None,
        counter("", "signals delivered to it, by name", "get_signal() in kernel/signal.c"),
    ] = None


SOURCE: EntitySource[Tasks] = EntitySource(
    name="exec",
    doc="Who starts processes and threads, what ends, which signals are sent.",
    files=("eBPF",),
    record=Tasks,
    read=attached_only("exec"),
    scope="process",
    when="measured",
)


def decode(counted: Counted) -> Mapping[str, Tasks]:
    """By process."""
    named: dict[int, dict[str, int]] = {}
    for (tgid, number), (times,) in counted.rows("more", "II", ("sum",)):
        named.setdefault(tgid, {})[_signal(number)] = times
    found: dict[str, Tasks] = {}
    for (tgid,), (forks, threads, execs, exits, killed) in counted.rows("totals", "I", ("sum",) * 5):
        found[str(tgid)] = Tasks(
            counted.comm(tgid), forks, threads, execs, exits, killed, named.pop(tgid, {})
        )
    for tgid, times in named.items():
        found[str(tgid)] = Tasks(counted.comm(tgid), 0, 0, 0, 0, 0, times)
    return found


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def poll(root: Root) -> Mapping[str, Tasks]:
    """How many tasks were made on the whole machine (/proc/stat), under process 0."""
    for line in root.read("/proc/stat").splitlines():
        if line.startswith(b"processes ") and line[10:].strip().isdigit():
            return {"0": Tasks(comm="all processes", forks=int(line[10:]))}
    raise Unavailable("/proc/stat", "it does not count processes")


def trace(counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]) -> None:
    """By the thread that starts others: the event does not say of which process it is."""
    comm, _, pid = process.removesuffix("]").rpartition("[")
    before = counts.get(pid, Tasks(comm, 0, None, 0, None, None, {}))
    if event == "sched_process_fork":
        counts[pid] = msgspec.structs.replace(before, forks=before.forks + 1)
    elif event == "sched_process_exec":
        counts[pid] = msgspec.structs.replace(before, comm=comm, execs=before.execs + 1)
    elif fields.get("sig", "").isdigit():
        name = _signal(int(fields["sig"]))
        signals = {**before.signals, name: before.signals.get(name, 0) + 1}
        counts[pid] = msgspec.structs.replace(before, signals=signals)


MEASUREMENT = Measurement(
    source=SOURCE,
    program="exec",
    fields=("signal_deliver.sig",),
    decode=decode,
    poll=poll,
    traced=Traced(
        events=("sched/sched_process_fork", "sched/sched_process_exec", "signal/signal_deliver"), count=trace
    ),
    cost="1 to 5 µs each time a task begins, ends, becomes another program or gets a signal",
    caveats=(
        "By tracepoint and tracefs threads count as forks, and ends are not known.",
        "By procfs only the number of all tasks of the machine is known.",
    ),
)
