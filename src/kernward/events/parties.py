"""Who suffers and who is to blame in a stall, hang or lockup: often two different tasks or CPUs.

The text names both in many ways. A party is written as the kernel would: `comm:pid`, `CPU 1`,
`worker 812: function`, or what is kept waiting. None where the report does not tell.
"""

import re

from kernward.events.reading import Reading

_STALLED_CPU = re.compile(r"^(?:rcu:\s*)?\s*(?P<cpu>\d+)-[.O!oN]*:?!?:? *\(")
_STALLED_CPUS = re.compile(r"(?:CPU|CPUs/tasks: \{|CPU \{)[ {]+(?P<cpus>[\d, -]+?)[-.}{( ]")
_STALLED_TASK = re.compile(
    r"Tasks blocked on level-\d+ rcu_node \(CPUs [\d-]+\):(?P<tasks>(?: P\d+\S*)+)|\{ (?P<expedited>(?:P\d+ ?)+)\}"
)
_IN_FLIGHT = re.compile(r"in-flight: *(?P<works>\S.*)$")
_PENDING = re.compile(r"pending: *(?P<works>\S.*)$")
_HOLDS = re.compile(r"(?:\d+ locks?|no locks) held by (?P<task>.{1,64})/(?P<pid>\d+)")
_LOCK = re.compile(r"#\d+: (?P<address>[0-9a-f]{8,16}) \(")


def _say(reading: Reading, victim: str | None, culprit: str | None) -> None:
    """Fill in what the pattern did not."""
    for name, party in (("victim", victim), ("culprit", culprit)):
        if reading.fields.get(name) is None:
            reading.fields[name] = party


def _task(comm: object, pid: object) -> str | None:
    return f"{comm}:{pid}" if comm is not None and pid is not None else None


def hung_task(reading: Reading) -> None:
    """The task that waits, and who holds what it waits for."""
    fields = reading.fields
    victim = _task(fields.get("comm"), fields.get("pid"))
    holder = _task(fields.get("holder_comm"), fields.get("holder_pid"))
    _say(reading, victim, holder or _other_holder(reading, victim))


def _other_holder(reading: Reading, victim: str | None) -> str | None:
    """The one other task that lockdep lists with the lock the victim took, or tried to take, last."""
    held: dict[str, list[str]] = {}
    task: str | None = None
    for text in reading.texts:
        if match := _HOLDS.search(text):
            task = f"{match['task']}:{match['pid']}"
        elif task is not None and (match := _LOCK.search(text)):
            held.setdefault(task, []).append(match["address"])
    if victim is None or not held.get(victim):
        return None
    wanted = held[victim][-1]
    others = [other for other, locks in held.items() if other != victim and wanted in locks]
    return others[0] if len(others) == 1 else None


def lockup(reading: Reading) -> None:
    """The CPU that does not schedule or answer, and what runs on it."""
    fields, parts = reading.fields, reading.parts
    cpu = fields.get("cpu")
    victim = f"CPU {fields.get('others') or cpu}" if cpu is not None else None
    culprit = _task(fields.get("comm"), fields.get("pid"))
    _say(reading, victim, culprit or (_task(parts.comm, parts.pid) if parts.cpu == cpu else None))


def rcu_stall(reading: Reading) -> None:
    """The grace period that does not end, and the CPUs or tasks that hold it up."""
    fields = reading.fields
    victim = f"grace period of {fields['flavour']}" if fields.get("flavour") else "grace period"
    found: list[str] = []
    if match := _STALLED_CPUS.search(reading.texts[0]):
        found = [f"CPU {cpu}" for cpu in re.findall(r"\d+", match["cpus"])]
    for text in reading.texts[1:24]:
        if match := _STALLED_CPU.match(text):
            found.append(f"CPU {match['cpu']}")
        elif match := _STALLED_TASK.search(text):
            found += (
                word.split(":")[0].split("/")[0] for word in (match["tasks"] or match["expedited"]).split()
            )
    if not found and fields.get("cpu") is not None:
        found = [f"CPU {fields['cpu']}"]
    parts = reading.parts
    running = _task(parts.comm, parts.pid)
    if len(found) == 1 and running is not None and found[0] == f"CPU {parts.cpu}":
        found = [f"{found[0]} ({running})"]
    _say(reading, victim, ", ".join(dict.fromkeys(found)) or None)


def workqueue_lockup(reading: Reading) -> None:
    """The work that waits, and the worker that does not come back."""
    pending = running = None
    for text in reading.texts:
        if pending is None and (match := _PENDING.search(text)):
            pending = f"pending {match['works'][:200]}"
        if running is None and (match := _IN_FLIGHT.search(text)):
            running = f"worker {match['works'][:200]}"
    cpus = reading.fields.get("cpus")
    _say(reading, pending or (f"pool of CPU {cpus}" if cpus is not None else None), running)


def cross_call(reading: Reading) -> None:
    """The CPU that waits for another, and the other."""
    fields = reading.fields
    _say(reading, f"CPU {fields['cpu']}", f"CPU {fields['culprit_cpu']}")
