"""The boots of a log: where one begins, what is known of it, and which is only a copy of another.

A boot begins with the kernel's banner, with another boot id, or where the clock goes back. A log that
was appended to itself (dmesg saved twice, a console handed over) repeats a boot to the microsecond,
which two real boots never do.
"""

import re
from dataclasses import dataclass, field

from kernward.events.consequence import Chain
from kernward.logs.chunk import Chunk
from kernward.records.lines import Line

# The clock of a boot may be seen to run backwards by this much (CPUs print out of order).
BACKWARDS_S = 5.0
# A banner after at least this much uptime, with no word of a shutdown, is an unexpected reboot.
RUNNING_S = 60.0
# A console is handed over within this much of a boot.
_HANDED_OVER_S = 30.0
# So many bytes of a boot are compared to know a copy, of so many boots; so much is looked at before one.
_HEAD_BYTES = 12 << 10
_MOST_BOOTS = 512
_BEFORE_BYTES = 4096
# So many messages of a boot are remembered to know a copy.
_MOST_MESSAGES = 4096
_GOODBYE = re.compile(
    rb"reboot: |Restarting system|Power down|System halted|Kernel panic|sysrq|Rebooting in|kexec|"
    rb"Starting new kernel|PM: hibernation"
)
# What only a console shows before the banner.
_LOADER = re.compile(rb"SeaBIOS|Decompressing Linux|GRUB |early console in|Booting from")
# Netconsole is switched on when the machine has long been up, and hands nothing over.
_HANDOVER = re.compile(rb"bootconsole \[|console \[(?!netcon)[a-z]+\d+\] (?:en|dis)abled")


@dataclass(slots=True)
class Replays:
    """How much of a log is copies of what it holds already: whole boots, and single messages."""

    boots: int = 0
    messages: int = 0


@dataclass(slots=True)
class Boot:
    """What is known of the boot of a host that is being read. `number` counts the host's boots from 1."""

    host: str | None = None
    number: int = 0
    name: str | None = None
    kernel: str | None = None
    build: str | None = None
    last_s: float | None = None
    chain: Chain = field(default_factory=Chain)
    # Messages with their time stamps, and whole lines that were such messages and nothing more.
    messages: set[tuple[float, int]] = field(default_factory=set)
    lines: set[bytes] = field(default_factory=set)

    def knows(self, kind: str, line: Line) -> bool:
        """Was this very message read in this boot before?"""
        return _message(kind, line) in self.messages

    def remember(self, kind: str, line: Line) -> None:
        """A copy of this message will be known."""
        if len(self.messages) >= _MOST_MESSAGES:
            self.messages.clear()
            self.lines.clear()
        self.messages.add(_message(kind, line))


def _message(kind: str, line: Line) -> tuple[float, int]:
    return line.monotonic_s or 0.0, hash((kind, line.text, line.caller))


class Boots:
    """The boots of one source, by host."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._hosts: dict[str | None, Boot] = {}
        # By the banner's line: the bytes that boots with it begin with, and what was known of each.
        self._heads: dict[bytes, list[tuple[bytes, Boot]]] = {}
        self._kept = 0
        # The boot that was read last.
        self.current = Boot()

    def of(self, line: Line) -> Boot:
        """The boot that the line's host is in, as far as it is known."""
        found = self._hosts.get(line.host)
        if found is None:
            found = self._hosts[line.host] = Boot(line.host)
        self.current = found
        return found

    def copied(self, chunk: Chunk, start: int) -> int:
        """Where the copy that begins with this banner is known to reach; 0 when the boot is one of its own."""
        head = bytes(memoryview(chunk.data)[start : min(chunk.size, start + _HEAD_BYTES)])
        banner = head[: head.find(b"\n")]
        boot = next((boot for known, boot in self._heads.get(banner, ()) if known == head), None)
        if boot is None or len(head) < _HEAD_BYTES:
            if len(head) == _HEAD_BYTES and self._kept < _MOST_BOOTS:
                self._kept += 1
                self._heads.setdefault(banner, []).append((head, Boot()))
            return 0
        if boot.number:
            # The events that follow are those of that boot again: they are known by their times.
            boot.last_s = 0.0
            self._hosts[boot.host] = self.current = boot
        return start + _HEAD_BYTES

    def begin(self, chunk: Chunk, start: int, line: Line, release: str | None, build: str | None) -> bool:
        """A banner was read: the host is in a new boot. False when a console only prints it again."""
        old = self.of(line)
        before = _before(chunk, start)
        if (
            old.number
            and line.boot_id in (None, old.name)
            and old.kernel == release
            and (old.last_s or 0.0) < _HANDED_OVER_S
            and _HANDOVER.search(before)
        ):
            return False
        number = old.number + 1
        name = line.boot_id or f"{self._source}#{number}"
        boot = self._hosts[line.host] = self.current = Boot(
            line.host, number, name, release, build, line.monotonic_s
        )
        head = bytes(memoryview(chunk.data)[start : start + 512])
        heads = self._heads.get(head[: head.find(b"\n")])
        if heads and not heads[-1][1].number:
            heads[-1] = (heads[-1][0], boot)
        return True

    def at(self, line: Line, kind: str) -> Boot:
        """The boot that a message belongs to: another boot id, or a clock that went back, begins a new one."""
        boot = self.of(line)
        at = line.monotonic_s
        if line.boot_id is not None:
            if boot.name != line.boot_id:
                boot = self._another(boot, line.boot_id)
        elif boot.name is None or (
            at is not None and boot.last_s is not None and at + BACKWARDS_S < boot.last_s
        ):
            if boot.name is not None and boot.knows(kind, line):
                return boot  # back over known ground: a copy
            boot = self._another(boot, f"{self._source}#{boot.number + 1}")
        if at is not None:
            boot.last_s = at
        return boot

    def _another(self, old: Boot, name: str) -> Boot:
        boot = self._hosts[old.host] = self.current = Boot(old.host, old.number + 1, name)
        return boot


def last_before(chunk: Chunk, start: int, banner: Line) -> Line | None:
    """The last message of a kernel that went down without a word before this banner; None else.

    Only a console shows a shutdown to its end: syslog and the journal stop before it.
    """
    before = _before(chunk, start)
    if b"reboot: " in before[-512:]:
        return None  # how a healthy boot ends
    console = banner.tag is None or _LOADER.search(before) is not None
    if not console or banner.boot_id is not None or _GOODBYE.search(before):
        return None
    for line in reversed(chunk.lines(max(0, start - _BEFORE_BYTES), start)):
        if line.host == banner.host and line.start < banner.start and line.monotonic_s:
            return line if line.monotonic_s >= RUNNING_S else None
    return None


def _before(chunk: Chunk, start: int) -> bytes:
    return bytes(memoryview(chunk.data)[max(0, start - _BEFORE_BYTES) : start])
