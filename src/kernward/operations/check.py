"""A check: hypotheses about why a machine is slow or sick, tested against it, ranked and explained."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kernward.collectors.cgroups import groups, hierarchies
from kernward.collectors.clock import Clock
from kernward.collectors.live import FIRST_LOOK_S, Live, of_process
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.source import AnySource
from kernward.collectors.sources import sources
from kernward.diagnosis.engine import examine
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.recording import examine_recording
from kernward.diagnosis.view import Focus
from kernward.records.check import Check
from kernward.records.errors import InputError, UsageError

if TYPE_CHECKING:
    from kernward.collectors.measuring import Session

AN_HOUR = timedelta(hours=1)
# How much of a recording is held in memory.
AT_ONCE = timedelta(minutes=20)


def check_here(
    *,
    cgroup: str | None = None,
    pid: int | None = None,
    seconds: float = FIRST_LOOK_S,
    max_overhead_percent: float = 2.0,
    keep: Path | None = None,
    progress: Callable[[str], object] | None = None,
) -> Check:
    """Check this machine, or one cgroup with all below it, or one process.

    `seconds` is how long the first look lasts; measurements that are needed to decide take longer. What
    was read is written to `keep`, a snapshot file. `progress` is told what is being done.
    """
    root = Root("/")
    if pid is not None and not root.exists(f"/proc/{pid}"):
        raise UsageError(f"there is no process {pid} here, or it is not shown to you")
    if cgroup is not None:
        cgroup = _named(root, cgroup)
    clock = Clock()
    # Loaded before the clock of the looks runs: on a machine without a processor to spare that takes seconds.
    known = hypotheses().values()
    sources()

    def session() -> "Session":
        from kernward.collectors.measuring import Session

        return Session(root, clock, cgroup=cgroup, max_overhead_percent=max_overhead_percent)

    machine = Live(
        root,
        clock,
        seconds=seconds,
        max_overhead_percent=max_overhead_percent,
        entities=of_process(pid) if pid is not None else None,
        measuring=session,
        progress=progress,
    )
    with closing(machine):
        result = examine(machine, known, focus=Focus(cgroup=cgroup, pid=pid))
    if keep is not None:
        from kernward.collectors import snapshot_file

        snapshot_file.write(keep, machine.window().samples, _recordable())
    return result


def _named(root: Root, cgroup: str) -> str:
    """The cgroup as /proc/PID/cgroup names it; its folder below /sys/fs/cgroup is taken as well."""
    trees = hierarchies(root)
    wanted = "/" + cgroup.strip("/")
    for tree in trees:
        # The mount of version 2 may be the folder in which those of version 1 are.
        if wanted == tree.mount or wanted.startswith(f"{tree.mount}/"):
            below = "/" + (tree.prefix + wanted.removeprefix(tree.mount)).strip("/")
            if groups(root, tree, {below}):
                return below
    if any(groups(root, tree, {wanted}) for tree in trees):
        return wanted
    raise UsageError(
        f"there is no cgroup {cgroup} here; name it as /proc/PID/cgroup does, for example "
        "/system.slice/ssh.service"
    )


def check_recording(path: Path, *, cgroup: str | None = None, pid: int | None = None) -> Check:
    """Check what a snapshot file holds; of a long one its worst part."""
    from kernward.collectors import snapshot_file

    snapshot = snapshot_file.read(path, _recordable())
    return examine_recording(
        snapshot.samples,
        hypotheses().values(),
        source=str(path),
        span_s=_span_s(snapshot.samples),
        focus=Focus(cgroup=cgroup, pid=pid),
        notes=snapshot.notes,
    )


def check_recorded(
    *,
    host: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cgroup: str | None = None,
    pid: int | None = None,
    home: Path | None = None,
) -> Check:
    """Check what `kernward record` kept of a host between two times; of the host recorded last unless told.

    Without `since` it is the last hour of the recording. What is read at once is bounded, however long it is.
    """
    from kernward.operations import playback

    extents = playback.extents(home)
    known = [each for each in extents if host in (None, each.host)]
    if not known:
        # It says which there are.
        playback.recording(home, host=host)
    extent = known[0]
    last = min(until or extent.last_utc, extent.last_utc)
    first = max(since or last - AN_HOUR, extent.first_utc)
    notes: list[str] = []

    def samples() -> Iterator[Sample]:
        at, before = first, None
        while at <= last:
            end = min(at + AT_ONCE, last)
            try:
                found = playback.recording(home, host=extent.host, since=at, until=end)
            except InputError:
                # A gap: nothing was recorded here.
                after = playback.edge(home, host=extent.host, at=end, later=True)
                if after is None or after <= end:
                    return
                at = after
                continue
            notes.extend(each for each in found.notes if each not in notes)
            for each in found.samples:
                if before is None or each.at_utc > before:
                    yield each
                    before = each.at_utc
            at = end + timedelta(microseconds=1)

    check = examine_recording(
        samples(),
        hypotheses().values(),
        source=f"the recording of {extent.host}",
        span_s=(last - first).total_seconds(),
        focus=Focus(cgroup=cgroup, pid=pid),
    )
    assert check.recording is not None
    return msgspec.structs.replace(
        check, recording=msgspec.structs.replace(check.recording, notes=tuple(notes))
    )


def _span_s(samples: Sequence[Sample]) -> float:
    return (samples[-1].at_utc - samples[0].at_utc).total_seconds()


def _recordable() -> dict[str, AnySource]:
    """All that a sample may hold: sources, and measurements that were attached when it was taken."""
    from kernward.collectors.measuring import measurements

    return {**sources(), **{name: each.source for name, each in measurements().items()}}


def check_tree(path: Path, *, cgroup: str | None = None, pid: int | None = None) -> Check:
    """Check what a copied tree holds: a folder with proc and sys, a sosreport, or a tarball of either."""
    if path.is_dir():
        return _check_copied(path, path, Focus(cgroup=cgroup, pid=pid), ())
    from kernward.collectors.unpacking import unpacked

    with unpacked(path) as (folder, notes):
        return _check_copied(folder, path, Focus(cgroup=cgroup, pid=pid), notes)


def _check_copied(folder: Path, named: Path, focus: Focus, notes: Sequence[str]) -> Check:
    from kernward.collectors.copied import CopiedClock, CopiedRoot

    root = CopiedRoot(folder)
    clock = CopiedClock(root)
    # All that there is can be read: nothing of it costs the machine anything.
    wanted = [each for each in sources().values() if each.when != "measured"]
    if clock.up_s is None:
        wanted = [each for each in wanted if not _counts(each)]
        notes = (
            *notes,
            f"{named}: nothing tells how long the machine had been up, so that counters since boot say nothing",
        )
    sample = take(root, clock, wanted)
    # Files of processes are seldom copied, which is not that no process has them.
    empty = [
        each
        for each in wanted
        if each.scope == "process" and each.name in sample.read and not sample.read[each.name]
    ]
    sample = msgspec.structs.replace(
        sample,
        read={name: each for name, each in sample.read.items() if name not in {one.name for one in empty}},
        absent={
            **sample.absent,
            **{each.name: f"{each.files[0]}: it was copied of no process" for each in empty},
        },
    )
    return examine_recording(
        (sample,), hypotheses().values(), source=str(named), span_s=0.0, focus=focus, notes=notes
    )


def _counts(source: AnySource) -> bool:
    return any(each.kind == "counter" for each in source.quantities.values())
