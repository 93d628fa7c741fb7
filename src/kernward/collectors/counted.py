"""What the programs of a measurement have counted up to now, and the names of what they counted.

Values in the kernel are rows of 64-bit numbers, kept for each CPU; here they are one row. Ids become
names: a cgroup its path, a process its comm, an address its function. What has no name any more keeps its
number, in parentheses.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from kernward.collectors import cgroups
from kernward.collectors.bpf.btf import enumerators
from kernward.collectors.durations import ITEMS
from kernward.collectors.root import Root, Unavailable

if TYPE_CHECKING:
    # Hypotheses read what was counted without loading what counts.
    from kernward.collectors.bpf.attached import Attached

# durations: struct durations of measure.h. sum: a number that grows. max: the largest. any: of any CPU that has one.
# bits: a set. text: 16 bytes.
Part = Literal["durations", "sum", "max", "any", "bits", "text"]
_DURATIONS_NUMBERS = 3 + ITEMS
_SIZES = {"durations": _DURATIONS_NUMBERS, "text": 2}
_DEEPEST = 64
# Symbols that are no functions, between a function and an address in it.
_DATA_BETWEEN = 64
_REASON = "SKB_DROP_REASON_"
# Frames of the tracing itself, and the scheduler's way out of the CPU, which every stack of a wait begins with.
_DULL = (
    "bpf_",
    "__bpf_",
    "__traceiter_",
    "trace_",
    "__schedule",
    "schedule",
    "preempt_schedule",
    "__cond_resched",
    "schedule_timeout",
    "__trace",
    "perf_trace_",
    "stack_trace_",
    "get_perf_callchain",
)
_EXACT = frozenset({"schedule", "__schedule", "schedule_timeout", "__cond_resched"})


class Durations(NamedTuple):
    """How many, how long together, the longest, and how many by length (see durations.py)."""

    number: int
    total_s: float
    longest_s: float
    items: tuple[int, ...]

    def plus(self, other: "Durations") -> "Durations":
        """Both together."""
        return Durations(
            self.number + other.number,
            self.total_s + other.total_s,
            max(self.longest_s, other.longest_s),
            tuple(a + b for a, b in zip(self.items, other.items, strict=True)),
        )


NO_DURATIONS = Durations(0, 0.0, 0.0, (0,) * ITEMS)


class Counted:
    """The maps of an attached program, read when asked for."""

    def __init__(
        self,
        attached: "Attached",
        names: "Names",
        tree: cgroups.Hierarchy | None,
        stacks: dict[int, list[str]],
    ) -> None:
        self._attached = attached
        self._tree = tree
        # Stacks that were looked up before: the number of one stays what it is.
        self._stacks = stacks
        self.names = names
        names.begin()
        self._comms: dict[int, str] | None = None

    def rows(
        self, name: str, key: str, parts: Sequence[Part]
    ) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Keys (unpacked with `key`) and values (one item for each part), all CPUs together."""
        for raw_key, rows in self.rows_by_cpu(name):
            yield struct.unpack("<" + key, raw_key), together(rows, parts)

    def rows_by_cpu(self, name: str) -> Iterator[tuple[bytes, list[tuple[int, ...]]]]:
        """Keys, and the numbers of each CPU."""
        found = self._attached.map(name)
        numbers = (found.value_bytes + 7) // 8
        unpack = struct.Struct(f"<{numbers}Q").iter_unpack
        for key, value in found.items():
            yield key, list(unpack(value))

    def events(self) -> Iterator[bytes]:
        """What the program handed over one by one, the oldest first."""
        yield from self._attached.events()

    def cgroup(self, number: int) -> str:
        """The path of the cgroup of this id."""
        return self.names.cgroup(self._tree, number)

    def comm(self, pid: int) -> str:
        """A process's name: what it is now, or what it was when it was first counted if it has ended since."""
        return self.names.comm(pid) or self._ended().get(pid) or "?"

    def _ended(self) -> dict[int, str]:
        if self._comms is None:
            found = self._attached.find_map("names")
            entries = () if found is None else found.items()
            self._comms = {int.from_bytes(key, "little"): text(value) for key, value in entries}
        return self._comms

    def process(self, pid: int) -> str:
        """comm[pid]"""
        return f"{self.comm(pid)}[{pid}]"

    def stack(self, number: int) -> list[str]:
        """The functions of a kernel stack, the innermost first, without those of waiting and tracing itself."""
        if number < 0:
            return []
        if number not in self._stacks:
            self._stacks[number] = self._stack(number)
        return self._stacks[number]

    def _stack(self, number: int) -> list[str]:
        value = self._attached.map("stacks").get(number.to_bytes(4, "little"))
        if value is None:
            return []
        addresses = struct.unpack(f"<{len(value) // 8}Q", value)
        if not self.names.knows_functions:
            return ["(functions that may not be named)"]
        found = [self.names.function(each) for each in addresses[:_DEEPEST] if each]
        while len(found) > 1 and (found[0] in _EXACT or found[0].startswith(_DULL) or found[0][0] == "("):
            del found[0]
        return found


def text(value: bytes) -> str:
    """A name of the kernel, at most 16 bytes, whatever bytes these are."""
    return value.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def together(rows: Sequence[tuple[int, ...]], parts: Sequence[Part]) -> tuple[Any, ...]:
    """One item for each part, of the rows of all CPUs."""
    found: list[Any] = []
    at = 0
    for part in parts:
        if part == "durations":
            end = at + _DURATIONS_NUMBERS
            count, total, _, *items = (
                sum(column) for column in zip(*(row[at:end] for row in rows), strict=True)
            )
            longest = max(row[at + 2] for row in rows)
            found.append(Durations(count, total / 1e9, longest / 1e9, tuple(items)))
        elif part == "sum":
            found.append(sum(row[at] for row in rows))
        elif part == "max":
            found.append(max(row[at] for row in rows))
        elif part == "any":
            found.append(next((row[at] for row in rows if row[at]), 0))
        elif part == "bits":
            bits = 0
            for row in rows:
                bits |= row[at]
            found.append(bits.bit_count())
        else:
            row = next((row for row in rows if row[at]), rows[0])
            found.append(text(struct.pack("<2Q", *row[at : at + 2])))
        at += _SIZES.get(part, 1)
    return tuple(found)


def seconds_by_cpu(rows: Sequence[tuple[int, ...]]) -> dict[str, float]:
    """How long together on each CPU, of rows that begin with durations."""
    return {str(cpu): row[1] / 1e9 for cpu, row in enumerate(rows) if row[0]}


class Names:
    """Names of cgroups, processes, functions, devices and interfaces of this machine, looked up once."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._cgroups: dict[tuple[int, str], dict[int, str]] = {}
        self._symbols: list[bytes] | None = None
        self._functions: dict[int, str] = {}
        self._devices: dict[int, str] = {}
        self._reasons: dict[int, str] | None = None
        # Trees that were walked in this reading: short-lived groups leave many ids without a name.
        self._walked: set[str] = set()

    def begin(self) -> None:
        """Another reading begins: names that were missing in the last one may be there by now."""
        self._walked.clear()

    def cgroup_id(self, tree: cgroups.Hierarchy, path: str) -> int | None:
        """The id of a group; None when there is none of that name."""
        found = {name: number for number, name in self._groups(tree, fresh=True).items()}
        return found.get(path)

    def cgroup(self, tree: cgroups.Hierarchy | None, number: int) -> str:
        """The path of a group in this tree; of one that is gone its id, in parentheses."""
        if tree is None:
            return f"(cgroup {number})"
        found = self._groups(tree, fresh=False)
        if number not in found and tree.mount not in self._walked:
            self._walked.add(tree.mount)
            found = self._groups(tree, fresh=True)
        return found.get(number) or f"(cgroup {number}, gone)"

    def _groups(self, tree: cgroups.Hierarchy, *, fresh: bool) -> dict[int, str]:
        kept = (tree.version, tree.mount)
        if fresh or kept not in self._cgroups:
            self._root.kept.pop(f"cgroups of {tree.mount}", None)
            new = {each.id: each.name for each in cgroups.groups(self._root, tree) if each.id is not None}
            self._cgroups[kept] = {**self._cgroups.get(kept, {}), **new}
        return self._cgroups[kept]

    def comm(self, pid: int) -> str | None:
        """A process's name; None when it has ended."""
        if pid == 0:
            return "swapper"
        try:
            return text(self._root.read(f"/proc/{pid}/comm", 64).rstrip(b"\n"))
        except Unavailable:
            return None

    @property
    def knows_functions(self) -> bool:
        """Whether this user may see where the kernel's functions are."""
        if self._symbols is None:
            self._symbols = _symbols(self._root)
        return bool(self._symbols)

    def function(self, address: int) -> str:
        """The function at an address of the kernel."""
        if address not in self._functions:
            self._functions[address] = self._function(address) or f"({address:#x})"
        return self._functions[address]

    def _function(self, address: int) -> str | None:
        if self._symbols is None:
            self._symbols = _symbols(self._root)
        at = bisect_right(self._symbols, b"%016x\xff" % address) - 1
        for line in reversed(self._symbols[max(at - _DATA_BETWEEN, 0) : at + 1]):
            parts = line.split(None, 3)
            if len(parts) >= 3 and parts[1] in b"tTwW":
                return parts[2].decode("ascii", "replace")
        return None

    def drop_reason(self, number: int) -> str:
        """Why a packet was dropped, as enum skb_drop_reason has it without its prefix."""
        if self._reasons is None:
            found = enumerators("skb_drop_reason")
            self._reasons = {value: name.removeprefix(_REASON) for name, value in found.items()}
        # Subsystems have numbers of their own, from 1 << 16 on.
        return self._reasons.get(number) or f"(reason {number:#x})"

    def device(self, number: int) -> str:
        """A block device, by its major number << 20 and its minor number."""
        if number not in self._devices:
            major, minor = number >> 20, number & 0xFFFFF
            link = self._root.link(f"/sys/dev/block/{major}:{minor}")
            self._devices[number] = (
                link.rpartition("/")[2].replace("!", "/") if link else f"({major}:{minor})"
            )
        return self._devices[number]


def _symbols(root: Root) -> list[bytes]:
    """The lines of /proc/kallsyms (s_show() in kernel/kallsyms.c) in the order of their addresses.

    They begin with the address in 16 digits, so that they sort as they are, and nearly are sorted. Addresses
    are all 0 for who may not know them.
    """
    try:
        lines = root.read("/proc/kallsyms", 64 << 20).splitlines()
    except Unavailable:
        return []
    lines.sort()
    return lines if lines and not lines[-1].startswith(b"0000000000000000") else []
