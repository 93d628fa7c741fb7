"""The recorder: samples this machine into a journal, for as long as it runs, at a bounded cost.

It loads nothing of the databases: journals become segments of the store in another process, which it starts
when a journal is full. Sources that cost more than their part are read less often, so that a machine with
thousands of cgroups is recorded within the same budget, and the recording says so. A sample that cannot be
written (a full disk) is lost; the recorder goes on.
"""

import gc
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kernward import __version__
from kernward.collectors.busiest import Busiest
from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, host_name, take
from kernward.collectors.source import AnySource, EntitySource, Source
from kernward.collectors.sources import sources
from kernward.records.errors import StoreError, UsageError
from kernward.store.home import home as default_home
from kernward.store.journal import Journal, folder
from kernward.store.recorded import Field, Heading, Recorded, encode

# A journal is finished after so long, at midnight (UTC), or when reading it would take so much memory.
JOURNAL_S = 3600.0
JOURNAL_RAW_BYTES = 48 << 20
# Entities kept of a source in each sample, by what they are; the busiest where there are more.
MOST_ENTITIES = {"process": 150, "cgroup": 400}
MOST_OTHERS = 1000
# Sources that a check reads at its ends, settings and tables, change slowly: they are read this often.
SELDOM_S = 300.0
# Of those that belong in every sample these are states that somebody has to change, or that fill slowly.
SLOW = frozenset(
    {
        "buddyinfo",
        "conntrack",
        "filesystem",
        "kernel_limits",
        "links",
        "neighbour_tables",
        "net_limits",
        "qdiscs",
        "swaps",
    }
)
SLOW_S = 15.0
# Those among them that a child process reads (Source.waits), which costs more than the reading.
APART_S = 60.0
# The kernel's messages are looked for this often, and read when there are new ones; else now and then.
MESSAGES_S = 300.0
UNCHANGED_S = 600.0
# These choose for all sources of what they are about.
LEADING = frozenset({"processes", "cgroup_cpu"})
# A source is read in every so many samples at least, however much it costs.
RAREST = 1024
# How many samples go by between two looks at what recording costs.
_REVIEW = 12
# What is older is forgotten when journals are compacted.
KEEP_DAYS = 30
_WAKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Recorder:
    """Takes samples and appends them. `run` returns when it is told to stop; `tell` gets sentences."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        interval_s: float = 5.0,
        max_overhead_percent: float = 1.0,
        root: Root | None = None,
        clock: Clock | None = None,
        known: Mapping[str, AnySource] | None = None,
        tell: Callable[[str], None] = lambda sentence: None,
        keep_days: int = KEEP_DAYS,
        compact: Callable[[Path], int | None] | None = None,
    ) -> None:
        self.home = home or default_home()
        self._interval_s = interval_s
        self._budget_s = interval_s * max_overhead_percent / 100
        self._percent = max_overhead_percent
        self._root = root or Root("/")
        self._clock = clock or Clock()
        self._stamps = _Stamps(self._clock)
        self._tell = tell
        self._compact = self._begin_compaction if compact is None else compact
        self._keep_days = keep_days
        every = sources() if known is None else known
        self._sources = {name: each for name, each in every.items() if each.when in ("sample", "check")}
        self._busiest = {
            name: Busiest(each, MOST_ENTITIES.get(each.scope, MOST_OTHERS))
            for name, each in self._sources.items()
            if isinstance(each, EntitySource)
        }
        # Each source is read in every so many samples; what one reading of it takes, in seconds.
        self._usual = {
            name: max(1, round(usual_s(each) / interval_s)) for name, each in self._sources.items()
        }
        self._every = dict(self._usual)
        self._look_for_messages = max(1, round(MESSAGES_S / interval_s))
        self._messages = _Messages(self._root) if self._root.live else None
        self._costs: dict[str, float] = {}
        self._read_once: set[str] = set()
        self._journal: Journal | None = None
        self._began_s = 0.0
        self._day = 0
        self._taken = 0
        self._compacting: int | None = None
        self._complained = ""

    def run(self, seconds: float | None = None) -> int:
        """Record until a signal says stop, or for so many seconds; returns how many samples were kept.

        The last sample is taken when the time is over, so that there are two at least and a rate between them.
        """
        lock = self._alone()
        kept = 0
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _WAKING)
        collects = gc.get_threshold()
        try:
            self._start_compaction()
            next_s = self._clock.monotonic_s()
            ends_s = math.inf if seconds is None else next_s + seconds
            while True:
                kept += self.once()
                if self._taken == 1:
                    # What was loaded by now stays; a sample leaves nothing that only the collector frees.
                    gc.freeze()
                    gc.set_threshold(50_000, 50, 50)
                if next_s >= ends_s:
                    return kept
                now_s = self._clock.monotonic_s()
                # Moments that went by while the machine stood still are not made up for.
                next_s += self._interval_s * max(1, -(-(now_s - next_s) // self._interval_s))
                if ends_s - next_s < self._interval_s / 2:
                    next_s = ends_s
                if not self._wait(next_s):
                    return kept
        finally:
            gc.unfreeze()
            gc.set_threshold(*collects)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self.close()
            os.close(lock)

    def once(self) -> bool:
        """Take one sample and append it; whether it was written."""
        wanted = self._wanted()
        self._taken += 1
        self._stamps.cpu_s.clear()
        sample = take(self._root, self._stamps, wanted)
        try:
            journal = self._open(sample)
            journal.append(encode(self._recorded(sample)))
        except StoreError as error:
            self._complain(str(error))
            self.close()
            return False
        self._complain("")
        self._note_costs(sample)
        if self._taken % _REVIEW == 0:
            self._review()
        return True

    def _wanted(self) -> list[AnySource]:
        """The sources of the next sample; a journal's first one has all, so that it stands by itself."""
        new = (
            self._messages is not None and self._taken % self._look_for_messages == 0 and self._messages.new()
        )
        return [
            each
            for name, each in self._sources.items()
            if self._taken % self._every[name] == 0 or self._journal is None or (new and of_messages(each))
        ]

    def close(self) -> None:
        """Finish the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _wait(self, until_s: float) -> bool:
        """Wait; False when a signal says that it is time to stop."""
        while (left_s := until_s - self._clock.monotonic_s()) > 0:
            woken = signal.sigtimedwait(_WAKING, left_s)
            self._reap()
            if woken is None:
                return True
            if woken.si_signo != signal.SIGHUP:
                return False
            self._rotate()
        return True

    def _alone(self) -> int:
        import fcntl

        from kernward.store.disk import make

        path = folder(self.home) / "lock"
        try:
            make(path.parent)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path.parent} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise UsageError(
                f"another process records into {self.home} already; KERNWARD_HOME names another place"
            ) from None
        return lock

    def _open(self, sample: Sample) -> Journal:
        day = sample.at_utc.toordinal()
        if self._journal is not None:
            full = (
                sample.at_s - self._began_s >= JOURNAL_S
                or self._journal.raw_bytes >= JOURNAL_RAW_BYTES
                or day != self._day
                or not self._journal.there
            )
            if full:
                self._rotate()
        if self._journal is None:
            journal = Journal(self.home)
            try:
                journal.append(encode(self._heading(sample)))
            except StoreError:
                journal.close()
                raise
            self._journal, self._began_s, self._day = journal, sample.at_s, day
        return self._journal

    def _rotate(self) -> None:
        self.close()
        self._start_compaction()

    def _heading(self, sample: Sample) -> Heading:
        return Heading(
            made_by=__version__,
            host=sample.host,
            boot_id=sample.boot_id,
            kernel=sample.kernel,
            sources={
                name: tuple(
                    Field(field, *((found.kind, found.unit) if (found := meant.get(field)) else ("fact", "")))
                    for field in each.record.__struct_fields__
                )
                for name, each in self._sources.items()
                for meant in (each.quantities,)
            },
            single=tuple(name for name, each in self._sources.items() if isinstance(each, Source)),
        )

    def _recorded(self, sample: Sample) -> Recorded:
        values = msgspec.structs.astuple
        read: dict[str, Any] = {}
        cut = []
        kept: dict[str, Mapping[str, Any]] = {}
        # Those of a kind are kept together: the source that tells how busy they are chooses first.
        for name in sorted(sample.read, key=lambda name: name not in LEADING):
            found = sample.read[name]
            source = self._sources[name]
            if not isinstance(source, EntitySource):
                read[name] = values(found)
                continue
            chosen = self._chosen(source, found, kept.get(source.scope, ()))
            kept.setdefault(source.scope, chosen)
            if len(chosen) < len(found):
                cut.append(name)
            read[name] = {entity: values(record) for entity, record in chosen.items()}
        absent = dict(sample.absent)
        for name, every in self._every.items():
            if name not in read and name not in absent and every > self._usual[name]:
                absent[name] = (
                    f"read in every {every} samples only, to stay within {self._percent:g} % of a CPU"
                )
        return Recorded(
            at_us=round(sample.at_utc.timestamp() * 1e6),
            at_s=round(sample.at_s, 3),
            cost_s=None if sample.cost_s is None else round(sample.cost_s, 4),
            read=read,
            after_s={name: round(at_s - sample.at_s, 3) for name, at_s in sample.read_at_s.items()},
            absent=absent,
            missing=dict(sample.missing),
            cut=tuple(cut),
        )

    def _chosen(
        self, source: EntitySource[Any], found: Mapping[str, Any], first: Collection[str]
    ) -> Mapping[str, Any]:
        """What is kept of a source: everything if that is not too much, else those of `first` and the busiest."""
        most = MOST_ENTITIES.get(source.scope, MOST_OTHERS)
        chosen = self._busiest[source.name].choose(found)
        if len(chosen) == len(found) or not first:
            return chosen
        names = dict.fromkeys([*(each for each in first if each in found), *chosen])
        return {name: found[name] for name in list(names)[:most]}

    def _note_costs(self, sample: Sample) -> None:
        """Sources are read one after the other, and the clock is asked after each that could be read."""
        stamps = self._stamps.cpu_s
        read = list(sample.read_at_s)
        if len(stamps) != len(read) + 1:
            return
        for name, before_s, after_s in zip(read, stamps[:-1], stamps[1:], strict=True):
            if name not in self._read_once:
                # The first reading also loads what the source needs, which it never does again.
                self._read_once.add(name)
                continue
            took_s = after_s - before_s
            self._costs[name] = 0.7 * self._costs.get(name, took_s) + 0.3 * took_s

    def _review(self) -> None:
        """Read the costliest sources less often, or more often again, so that the budget holds."""
        before = dict(self._every)
        shares = {name: cost_s / self._every[name] for name, cost_s in self._costs.items()}
        while sum(shares.values()) > self._budget_s:
            rarer = [name for name in shares if self._every[name] < RAREST]
            if not rarer:
                break
            name = max(rarer, key=shares.__getitem__)
            self._every[name] *= 2
            shares[name] /= 2
        else:
            for name in sorted(shares, key=shares.__getitem__):
                if (
                    self._every[name] > self._usual[name]
                    and sum(shares.values()) + shares[name] < 0.7 * self._budget_s
                ):
                    self._every[name] //= 2
                    shares[name] *= 2
        for name, every in self._every.items():
            if every != before[name]:
                often = f"every {every} samples" if every > 1 else "every sample again"
                self._tell(
                    f"{name} is read in {often}: recording may cost {self._percent:g} % of a CPU "
                    f"(one reading takes {1e3 * self._costs[name]:.1f} ms)"
                )

    def _complain(self, sentence: str) -> None:
        """Say it once, not in each sample."""
        if sentence and not self._complained:
            self._tell(f"{sentence}; samples are lost until it can be written")
        elif self._complained and not sentence:
            self._tell("samples are written again")
        self._complained = sentence

    def _start_compaction(self) -> None:
        self._reap()
        if self._compacting is None:
            self._compacting = self._compact(self.home)

    def _begin_compaction(self, home: Path) -> int:
        return start_compaction(home, self._keep_days, host_name(self._root))

    def _reap(self) -> None:
        if self._compacting is not None:
            with suppress(ChildProcessError):
                if os.waitpid(self._compacting, os.WNOHANG) == (0, 0):
                    return
            self._compacting = None


def of_messages(source: AnySource) -> bool:
    """Whether it reads the kernel's messages."""
    return _Messages.DEVICE in source.files


def usual_s(source: AnySource) -> float:
    """How often a source is read where cost does not matter; 0 is in every sample."""
    if of_messages(source):
        return UNCHANGED_S
    if source.name in SLOW:
        return APART_S if source.waits else SLOW_S
    return 0.0 if source.when == "sample" else SELDOM_S


class _Stamps(Clock):
    """A clock that notes the processor time used so far whenever it is asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.cpu_s: list[float] = []

    def monotonic_s(self) -> float:
        self.cpu_s.append(time.process_time())
        return self._clock.monotonic_s()

    def utc(self) -> datetime:
        return self._clock.utc()


class _Messages:
    """Tells whether the kernel has printed something since it was asked last."""

    DEVICE = "/dev/kmsg"

    def __init__(self, root: Root) -> None:
        self._file: int | None = None
        if root.exists(self.DEVICE):
            with suppress(OSError):
                self._file = os.open(self.DEVICE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                os.lseek(self._file, 0, os.SEEK_END)

    def new(self) -> bool:
        if self._file is None:
            return False
        found = False
        while True:
            try:
                # One record at a time; the ring is finite, and what is overwritten meanwhile is skipped.
                found = bool(os.read(self._file, 8192)) or found
            except BrokenPipeError:
                found = True
            except OSError:
                return found


def start_compaction(home: Path, keep_days: int, host: str) -> int:
    """Begin to make segments of finished journals in another process; returns its pid."""
    arguments = ["-m", "kernward.operations.compacting", str(home), str(keep_days), host]
    return os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        os.environ,
        # Signals that the recorder waits for are nothing to it.
        setsigmask=(),
        # It outlives the recorder, and a terminal's Ctrl-C is not for it.
        setpgroup=0,
    )
