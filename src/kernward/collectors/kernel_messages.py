"""The kernel's own log: /dev/kmsg of this machine, or a copied dmesg, as events and as figures of its messages.

On this machine the ring is read without waiting and once: what a later sample finds new is recognised
together with the end of what was there before, so that a report that was being printed is read whole. What
programs wrote into the ring is counted, but is no event: only the kernel speaks for the kernel. Loads the
catalogue of events, and with it hyperscan, when it is first asked; it is for checks, not for recorders.
"""

import errno
import os
import re
import time
import weakref
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec

from kernward.collectors.root import LIMIT_BYTES, Root, Unavailable

if TYPE_CHECKING:
    from kernward.records.events import Event

DEVICE = "/dev/kmsg"
# Where a copied tree or a sosreport has it, the best first.
COPIES = (
    "/dev/kmsg",
    "/sos_commands/kernel/dmesg",
    "/sos_commands/kernel/dmesg_dmesg",
    "/var/log/dmesg",
    "/var/log/kern.log",
)
# CONSOLE_EXT_LOG_MAX in kernel/printk/internal.h: one record as /dev/kmsg hands it out.
_RECORD_BYTES = 8192
# log_buf_len may be a gigabyte; what is beyond this is not read at once.
_MOST_RECORDS = 1 << 18
# What is recognised again together with new messages: the longest report is some hundred lines.
_AGAIN_RECORDS = 400
_MOST_EVENTS = 4000
# Messages whose times and texts are kept, to see a flood.
_MOST_MESSAGES = 20_000
_TEXT = 600
_DIFFERS = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}\b|\d+")


# How many messages, when the last was, the commonest text, how often.
Burst = tuple[int, float, str, int]


class LogEvent(msgspec.Struct, frozen=True):
    """One event of the kernel's log. `at_s` is in printk's seconds since boot, `age_s` how long ago."""

    kind: str
    title: str
    severity: str
    at_s: float | None
    age_s: float | None
    text: str
    # The kind's own fields that are numbers, texts or truth values: device, cgroup, comm, pid, …
    fields: dict[str, Any] = {}
    # Of a report: whose it is, where it struck, and the functions of its first stack, innermost first.
    comm: str | None = None
    pid: int | None = None
    cpu: int | None = None
    function: str | None = None
    stack: tuple[str, ...] = ()
    # Modules that have functions in it.
    modules: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message: seconds since boot, and its text."""

    at_s: float
    text: str


class Log(msgspec.Struct, frozen=True):
    """The log as it is now. `first` and `next_sequence` number the messages since boot, None in a copy."""

    events: tuple[LogEvent, ...]
    messages: tuple[Message, ...]
    held: int
    now_s: float | None
    first_sequence: int | None = None
    next_sequence: int | None = None
    oldest_at_s: float | None = None
    # Messages that were overwritten between two readings.
    missed: int = 0


def log(root: Root) -> Log:
    """The log, read once for all sources of a sample; raises Unavailable."""
    found = root.kept.get("kernel_messages")
    if found is None:
        found = root.kept["kernel_messages"] = _live(root) if root.live else _copy(root)
    log_: Log = found
    return log_


class Ring:
    """/dev/kmsg, held open from one sample to the next, and what was read of it."""

    def __init__(self, file: int) -> None:
        self.file = file
        weakref.finalize(self, os.close, file)
        self.events: list[LogEvent] = []
        self.messages: deque[Message] = deque(maxlen=_MOST_MESSAGES)
        self.next: int | None = None
        self.missed = 0
        self._again: deque[bytes] = deque(maxlen=_AGAIN_RECORDS)

    def new(self) -> list[bytes]:
        """The records since the last time."""
        found: list[bytes] = []
        while len(found) < _MOST_RECORDS:
            try:
                record = os.read(self.file, _RECORD_BYTES)
            except BlockingIOError:
                break
            except BrokenPipeError:
                continue  # overwritten before it was read; the next reading goes on with the oldest
            except OSError as error:
                if error.errno == errno.EINVAL:  # a record longer than the buffer, which is passed over
                    continue
                raise
            if not record:
                break
            found.append(record)
        return found

    def add(self, records: Iterable[bytes]) -> None:
        """Take new records in."""
        kernel: list[bytes] = []
        for record in records:
            head = _head(record)
            if head is None:
                continue
            facility, sequence, at_s, text = head
            if self.next is not None and sequence > self.next:
                self.missed += sequence - self.next
            self.next = sequence + 1
            self.messages.append(Message(at_s, text))
            if facility == 0:
                kernel.append(record)
        if not kernel:
            return
        begin = _head(self._again[0]) if self._again else None
        before = [each for each in self.events if begin is None or (each.at_s or 0.0) < begin[2]]
        self.events = _merged(before, _events(_Records(b"".join((*self._again, *kernel)))))
        self._again.extend(kernel)


_rings: "weakref.WeakKeyDictionary[Root, Ring]" = weakref.WeakKeyDictionary()
_REASONS = {
    errno.EPERM: "not permitted (kernel.dmesg_restrict is set, and this user lacks CAP_SYSLOG)",
    errno.EACCES: "permission denied",
    errno.ENOENT: "there is no such file",
}


def _live(root: Root) -> Log:
    try:
        ring = _rings.get(root)
        if ring is None:
            ring = _rings[root] = Ring(os.open(DEVICE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        ring.add(ring.new())
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or "it cannot be read")
        raise Unavailable(DEVICE, reason, gone=error.errno == errno.ENOENT) from None
    now_s = time.clock_gettime(time.CLOCK_MONOTONIC)
    first = _first_held()
    return Log(
        events=tuple(_aged(ring.events, now_s)),
        messages=tuple(ring.messages),
        held=ring.next - first[0] if first and ring.next is not None else len(ring.messages),
        now_s=now_s,
        first_sequence=first[0] if first else None,
        next_sequence=ring.next,
        oldest_at_s=first[1] if first else None,
        missed=ring.missed,
    )


def _first_held() -> tuple[int, float] | None:
    """The number and the time of the oldest message in the ring."""
    try:
        file = os.open(DEVICE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for _ in range(8):
            try:
                head = _head(os.read(file, _RECORD_BYTES))
                return None if head is None else head[1:3]
            except BrokenPipeError:
                continue
            except OSError:
                return None
        return None
    finally:
        os.close(file)


def _head(record: bytes) -> tuple[int, int, float, str] | None:
    """Facility, sequence number, seconds since boot and text of a record of /dev/kmsg."""
    front, semicolon, text = record.partition(b";")
    try:
        priority, sequence, microseconds = front.split(b",", 3)[:3]
        return (
            int(priority) >> 3,
            int(sequence),
            int(microseconds) / 1e6,
            text.split(b"\n", 1)[0][:_TEXT].decode("utf-8", "backslashreplace"),
        )
    except ValueError:
        return None


def _copy(root: Root) -> Log:
    data, path = b"", ""
    for path in COPIES:
        if root.exists(path):
            data = root.read(path, LIMIT_BYTES)
            if data.strip():
                break
    if not data.strip():
        raise Unavailable(" or ".join(COPIES[1:4]), "the tree holds no kernel log")
    messages: deque[Message] = deque(maxlen=_MOST_MESSAGES)
    held = 0
    oldest: float | None = None
    for line_at_s, text in _lines(data):
        held += 1
        if line_at_s is not None:
            oldest = line_at_s if oldest is None else oldest
            messages.append(Message(line_at_s, text))
    now_s = _uptime(root)
    return Log(
        events=tuple(_aged(_events(_source(data)), now_s)),
        messages=tuple(messages),
        held=held,
        now_s=now_s,
        oldest_at_s=oldest,
    )


def _uptime(root: Root) -> float | None:
    text = root.text("/proc/uptime") or ""
    try:
        return float(text.split()[0])
    except (ValueError, IndexError):
        return None


class _Records:
    """Records of /dev/kmsg as a source. Their format is known: looking for it would load all the others."""

    name = "kernel log"
    host_hint = None

    def __init__(self, data: bytes) -> None:
        self._data = data

    def chunks(self, buffer: Any = None) -> Iterator[Any]:
        """The records, decoded."""
        from datetime import UTC, datetime

        from kernward.logs.buffer import Buffer
        from kernward.logs.decoding import decoded_chunks
        from kernward.logs.format import Context
        from kernward.logs.kmsg import kmsg_lines

        context = Context(UTC, datetime.now(UTC), lambda sentence: None)
        yield from decoded_chunks(kmsg_lines(BytesIO(self._data), context), buffer or Buffer())


def _events(source: Any) -> list[LogEvent]:
    from kernward.events.recognise import recognise

    return [log_event(each) for each in recognise(source)][-_MOST_EVENTS:]


def _lines(data: bytes) -> Iterator[tuple[float | None, str]]:
    done = -1
    for chunk in _source(data).chunks(None):
        for line in chunk.lines(0, chunk.size):
            if line.start > done:
                done = line.start
                yield line.monotonic_s, line.text[:_TEXT]


def _source(data: bytes) -> Any:
    from datetime import UTC

    from kernward.logs.source import Settings, Source
    from kernward.logs.streams import FileStream

    return Source("kernel log", lambda: FileStream(BytesIO(data)), Settings([], UTC, None), named=True)


def log_event(event: "Event", age_s: float | None = None) -> LogEvent:
    """What of an event is kept."""
    report = event.report
    stack = report.stacks[0].frames if report is not None and report.stacks else ()
    return LogEvent(
        kind=event.kind,
        title=event.title,
        severity=event.severity,
        at_s=event.monotonic_s,
        age_s=age_s,
        text=event.text[:_TEXT],
        fields={
            name: value[:_TEXT] if isinstance(value, str) else value
            for name, value in event.fields.items()
            if isinstance(value, str | int | float | bool)
        },
        comm=report.comm if report is not None else None,
        pid=report.pid if report is not None else None,
        cpu=report.cpu if report is not None else None,
        function=event.function,
        stack=tuple(dict.fromkeys((*_where(report.ip), *(each.function for each in stack if each.reliable))))[
            :24
        ]
        if report is not None
        else (),
        modules=tuple(dict.fromkeys(each.module for each in stack if each.reliable and each.module)),
    )


def _where(ip: str | None) -> tuple[str, ...]:
    """The function of `0010:native_queued_spin_lock_slowpath+0x6e/0x2c0`."""
    function, plus, _ = (ip or "").rpartition(":")[2].partition("+")
    return (function,) if plus and function else ()


def _merged(before: Iterable[LogEvent], after: Iterable[LogEvent]) -> list[LogEvent]:
    found: dict[tuple[str, float | None, str], LogEvent] = {}
    for each in (*before, *after):
        found[each.kind, each.at_s, each.text.split("\n", 1)[0]] = each
    return list(found.values())[-_MOST_EVENTS:]


def _aged(events: Iterable[LogEvent], now_s: float | None) -> Iterator[LogEvent]:
    for each in events:
        if now_s is None or each.at_s is None:
            yield each
        else:
            # printk's clock and the other one drift apart by seconds a month.
            yield msgspec.structs.replace(each, age_s=max(0.0, round(now_s - each.at_s, 3)))


def pattern(text: str) -> str:
    """The message without what differs between two of its kind: numbers and addresses."""
    return _DIFFERS.sub("#", text[:160])


def busiest(messages: Iterable[Message], width_s: float) -> Burst | None:
    """The densest stretch of `width_s`: how many messages, when it ended, its commonest text, how often."""
    all_ = sorted(messages, key=lambda each: each.at_s)
    best = low = 0
    span = (0, 0)
    for high in range(len(all_)):
        while all_[high].at_s - all_[low].at_s > width_s:
            low += 1
        if high - low + 1 > best:
            best = high - low + 1
            span = (low, high)
    if not best:
        return None
    texts = Counter(pattern(each.text) for each in all_[span[0] : span[1] + 1])
    text, count = texts.most_common(1)[0]
    return best, all_[span[1]].at_s, text, count
