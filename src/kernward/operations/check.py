"""A check: hypotheses about why a machine is slow or sick, tested against it, ranked and explained."""

from pathlib import Path

from kernward.collectors import snapshot_file
from kernward.collectors.clock import Clock
from kernward.collectors.live import FIRST_LOOK_S, Live, of_process
from kernward.collectors.root import Root
from kernward.diagnosis.engine import examine
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.view import Focus
from kernward.records.check import Check


def check_here(
    *,
    cgroup: str | None = None,
    pid: int | None = None,
    seconds: float = FIRST_LOOK_S,
    max_overhead_percent: float = 2.0,
    keep: Path | None = None,
) -> Check:
    """Check this machine, or one cgroup with all below it, or one process.

    `seconds` is how long the first look lasts; measurements that are needed to decide take longer. What
    was read is written to `keep`, a snapshot file.
    """
    machine = Live(
        Root("/"),
        Clock(),
        seconds=seconds,
        max_overhead_percent=max_overhead_percent,
        entities=of_process(pid) if pid is not None else None,
    )
    result = examine(machine, hypotheses().values(), focus=Focus(cgroup=cgroup, pid=pid))
    if keep is not None:
        snapshot_file.write(keep, machine.window().samples)
    return result
