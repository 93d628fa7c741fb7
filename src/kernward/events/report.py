"""The report around a hit, taken apart: stacks, registers, who ran where, modules, taint, locks.

One pass over the lines. Every line is looked at once: what has an offset (`+0x`) is a frame, the rest
is told apart by how it begins. Nothing here decides what the report means.
"""

import re
from dataclasses import dataclass, field

from kernward.records.events import Frame, Report, Stack, TaintFlag

# kernel/panic.c: taint_flags[] of 6.12; U of older ones, J of 6.16.
TAINT = {
    "P": "a proprietary module was loaded",
    "F": "a module was loaded by force",
    "S": "the kernel runs on hardware outside its specification",
    "R": "a module was unloaded by force",
    "M": "a machine check happened",
    "B": "a bad page or a corrupted slab object was found before",
    "U": "user space asked for this taint",
    "D": "the kernel died before (an oops or a BUG)",
    "A": "an ACPI table was overridden",
    "W": "a kernel warning was printed before",
    "C": "a staging driver was loaded",
    "I": "a firmware bug is worked around",
    "O": "an out-of-tree module was loaded",
    "E": "an unsigned module was loaded",
    "L": "a soft lockup happened before",
    "K": "the kernel was live-patched",
    "X": "auxiliary, defined by the distribution",
    "T": "the struct randomisation plugin was used",
    "N": "an in-kernel test was run",
    "J": "user space changed a device through fwctl",
}

_NAME = r"[A-Za-z_$.][\w$.]*"
_FILE = r"[\w./+-]+\.(?:[chS]|rs)"
# Columns of addresses ([<addr>], [c000…], (addr)) may come before `? function+off/size [module] file:line`.
_FRAME = re.compile(
    r"[\s|]*(?:<(?P<context>/?#?[A-Z]{2,5}\d?)>\s*)?"
    r"(?:\(?\[?<?[0-9a-f]{8,16}(?!\w)>?\]?\)?[: ]*){0,3}"
    rf"(?:\({_NAME}(?: \[[\w-]+\])?\) from )?"
    r"(?:\(?\[?<?[0-9a-f]{8,16}(?!\w)>?\]?\)?[: ]*)?"
    rf"(?:{_NAME}(?: \[[\w-]+\])? from )?"
    rf"(?P<unsure>\?\s*)?\(?(?P<function>{_NAME})\+0x(?P<offset>[0-9a-f]+)/0x(?P<size>[0-9a-f]+)\)?"
    r"(?:\s+\[(?P<module>[\w-]+)[^\]]*\])?(?P<unreliable>\s+\(unreliable\))?"
    rf"(?:\s+(?P<file>{_FILE}):(?P<line>\d+))?"
).match
_INLINE = re.compile(rf"\s+(?P<function>{_NAME}) (?P<file>{_FILE}):(?P<line>\d+)(?: \[inline\])?\s*$").match
# `pc : f+0x4/0x8`, `RIP: 0010:[<addr>]  [<addr>] f+…`, `NIP [addr] f+…`, `PC is at f+…`, `Krnl PSW : … (f+…)`
_POINTER = re.compile(
    r"\s*(?:RIP|EIP|IP|EIP is at|ERA|pc|epc|NIP|PC is at|Krnl PSW|--- interrupt|--- Exception|lr|ra|LR|LR is at)\b[^+\n]{0,90}?[\s:\](]"
    rf"(?P<function>{_NAME})\+0x(?P<offset>[0-9a-f]+)/0x(?P<size>[0-9a-f]+)"
    r"(?:\s+\[(?P<module>[\w-]+)[^\]]*\])?"
    rf"[)\s]*(?:(?P<file>{_FILE}):(?P<line>\d+))?"
).match
_INSTRUCTION_POINTERS = (
    "RIP:",
    "EIP:",
    "IP:",
    "EIP is at",
    "ERA:",
    "pc :",
    "epc",
    "NIP [",
    "PC is at",
    "Krnl PSW",
    "RIP ",
    "--- interrupt",
    "--- Exception",
)
# Red Hat's kernels pad the letters with dashes.
_TAINTED = r"(?:Tainted: (?P<taint>[A-Z][A-Z -]{0,60}?)\s{1,40}|Not tainted[ -]{1,40})"
_CPU_LINE = re.compile(
    r"\s*CPU: (?P<cpu>\d+)(?: UID: (?P<uid>\d+))? PID: (?P<pid>\d+) Comm: (?P<comm>.*?)(?: Kdump: loaded)? "
    rf"{_TAINTED}(?P<kernel>\d\S+) (?P<build>#.*)$"
).match
_OLD_CPU_LINE = re.compile(
    rf"\s*Pid: (?P<pid>\d+), comm: (?P<comm>.*?) {_TAINTED}(?:\(?(?P<kernel>\d[^\s)]+))(?: (?P<build>#\S+))?"
).match
_SHORT_CPU_LINE = re.compile(r"\s*CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) Comm: (?P<comm>\S+)").match
_TAINT_LINE = re.compile(rf"\s+{_TAINTED}(?P<kernel>\d[^\s]+)(?: (?P<build>#.*))?$").match
_REGISTER = re.compile(
    r"\b([A-Za-z][A-Za-z0-9_]{0,9})\s*: *\[?<?([0-9a-f]{4}:[0-9a-f]{8,16}|[0-9a-f]{8,16})(?=[\s(>\]]|$)"
)
_REGISTER_LINE = re.compile(
    r"\s*(?:R[A-DS0-9][A-Z0-9]{0,2}|E[A-DS][A-Z]|CR[0-9]|DR[0-9]|FS|CS|DS|x[0-9]{1,2}|sp|r[0-9]{1,2}|pc|lr|"
    r"epc|ra|gp|tp|[ast][0-9]{1,2}|status|NIP|CFAR|MSR|Hi|Lo|Status|Cause|BadVA|BADV|ERA)\s*: *\[?<?[0-9a-f]{4}"
).match
# Several words to a name: powerpc's GPR04:, MIPS' $ 4 :, s390's Krnl GPRS:; LoongArch has no colons.
_REGISTER_ROW = re.compile(
    r"\s*(?P<base>GPR|\$ ?|Krnl GPRS)(?P<first>\d{0,2})\s*: ?[0-9a-f]{8,16}(?:\s+[0-9a-f]{8,16}){0,3}\s*$"
).match
_MORE_WORDS = re.compile(r"\s+(?:[0-9a-f]{16}\s+){3}[0-9a-f]{16}\s*$").match
_LOONGARCH_ROW = re.compile(r"(?:[a-z]{1,2}\d? [0-9a-f]{16}\s*){4}$").match
_TASK_LINE = re.compile(r"task:(?P<comm>.{1,16}?)\s+state:(?P<state>\S)").match
_OLD_TASK_LINE = re.compile(
    r"(?P<comm>\S{1,16})\s+(?P<state>[A-Z]) ?(?:running task\s*|\s)(?:[0-9a-f]{16}\s+)?\d+ +\d+ +\d+ 0x[0-9a-f]{8}"
).match
_HELD = re.compile(r"\s*#\d+: +(?:[0-9a-f]{8,16} )?\(").match

# Line beginnings that open another stack, with the role of its owner.
_HEADINGS: tuple[tuple["re.Pattern[str]", str], ...] = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        (
            r"(?:Last potentially related work creation|Second to last potentially related work creation)",
            "work queued",
        ),
        (
            r"Allocated by task|allocated by task|Allocated by:|Allocated:|kasan_save_stack.*alloc",
            "allocated",
        ),
        (r"Freed by task|freed by task|Freed by:|Freed:", "freed"),
        (r"INFO: Allocated in|Allocated in ", "allocated"),
        (r"INFO: Freed in|Freed in ", "freed"),
        (
            r"Uninit was (?:created|stored to memory) at:|Local variable .*created at:|chained origin:|origin:",
            "origin",
        ),
        (
            r"(?:race at unknown origin, with )?(?:read|write|assert no \w+)[ -].*by (?:task|interrupt)",
            "access",
        ),
        (r"-> #(?P<n>\d+) ", "chain"),
        (r"Preemption disabled at", "preemption"),
        (r"stack backtrace:", "crash"),
        (r"NMI backtrace for cpu (?P<n>\d+)|Task dump for CPU (?P<cpu>\d+)", "cpu"),
        (r"Sending NMI from", "cpu"),
        (r"Dumping ftrace buffer|Last Breaking-Event-Address", "other"),
        (r"(?:\w[\w-]* )?kthread starved", "starved"),
        (r"rcu: Stack dump where RCU GP kthread last ran", "cpu"),
        (r"(?:hard|soft)irqs last +(?:en|dis)abled", "irq state"),
        (r"\{[A-Z-]+\} state was registered at:", "chain"),
        (r"to a (?:HARD|SOFT)IRQ-irq-(?:un)?safe lock", "chain"),
        (r"backtrace(?: \(crc [0-9a-f]+\))?:", "leak"),
    )
)
# Most lines are none of them: one look tells.
_ANY_HEADING = re.compile(
    "|".join(re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern) for pattern, _ in _HEADINGS)
).match
_CALL_TRACE = re.compile(r"\s*(?:Call Trace|Call trace|Backtrace|Trace)\s*:").match


@dataclass(slots=True)
class Trace:
    """One stack trace: whose it is, its frames, and the lines it stands on (indices into the report)."""

    role: str
    frames: list[Frame] = field(default_factory=list)
    first: int = 0
    last: int = 0
    # Was there a heading that promised frames?
    announced: bool = False


@dataclass(slots=True)
class Parts:
    """A report taken apart. Line numbers are indices into the texts that were parsed."""

    cpu: int | None = None
    pid: int | None = None
    comm: str | None = None
    uid: int | None = None
    kernel: str | None = None
    build: str | None = None
    taint: str | None = None
    hardware: str | None = None
    workqueue: str | None = None
    ip: Frame | None = None
    ip_line: int = -1
    # The first instruction pointer of the report was one of user space.
    ip_user: bool = False
    registers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    modules: list[str] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    held_locks: list[str] = field(default_factory=list)
    lock_chain: list[str] = field(default_factory=list)
    last: int = 0

    def trace(self, *roles: str) -> Trace | None:
        """The first trace with frames whose role begins with one of these."""
        for each in self.traces:
            if each.frames and each.role.startswith(roles):
                return each
        return None


_FRAME_GROUPS = ("function", "offset", "size", "module", "unsure", "unreliable", "file", "line")
_POINTER_GROUPS = ("function", "offset", "size", "module", "file", "line")


def _frame(match: "re.Match[str]", context: str | None) -> Frame:
    function, offset, size, module, unsure, unreliable, file, line = match.group(*_FRAME_GROUPS)
    return Frame(
        function,
        int(offset, 16),
        int(size, 16),
        module,
        not (unsure or unreliable),
        False,
        file,
        int(line) if line else None,
        context,
    )


def _pointer(match: "re.Match[str]", context: str | None) -> Frame:
    function, offset, size, module, file, line = match.group(*_POINTER_GROUPS)
    return Frame(
        function,
        int(offset, 16),
        int(size, 16),
        module,
        True,
        False,
        file,
        int(line) if line else None,
        context,
    )


def _inlined(match: "re.Match[str]", context: str | None) -> Frame:
    function, file, line = match.group("function", "file", "line")
    return Frame(function, None, None, None, True, True, file, int(line), context)


def parse(texts: list[str]) -> Parts:
    """Take the report apart; `texts[0]` is the line that names it."""
    parts = Parts()
    trace: Trace | None = None
    context: str | None = None
    role = "crash"
    in_locks = False
    # s390 gives its sixteen registers on four lines, named only on the first: the next one's number.
    row = 0
    base = "GPR"
    for number, text in enumerate(texts):
        if "+0x" in text:
            stripped = text.lstrip()
            if stripped.startswith(_INSTRUCTION_POINTERS) and (match := _POINTER(text)):
                frame = _pointer(match, context)
                if trace is not None and trace.frames and number - trace.last < 4 and frame != parts.ip:
                    # An interrupt or exception in the middle of a stack: what it interrupted.
                    trace.frames.append(frame)
                if parts.ip is None and not parts.ip_user:
                    parts.ip, parts.ip_line = frame, number
                parts.last = number
                continue
            if stripped.startswith(("lr :", "ra :", "LR [", "LR is at")) and _POINTER(text):
                parts.last = number
                continue
            if match := _FRAME(text):
                marker = match.group("context")
                if marker:
                    context = None if marker[0] == "/" or marker in ("EOI", "EOE") else marker
                if trace is None or (number - trace.last > 12 and not trace.announced):
                    trace = Trace(role, first=number)
                    parts.traces.append(trace)
                trace.frames.append(_frame(match, context))
                trace.last = parts.last = number
                in_locks = False
                continue
            if in_locks and _HELD(text):
                parts.held_locks.append(stripped)
                parts.last = number
                continue
        elif trace is not None and text[:1] == " " and (match := _INLINE(text)):
            trace.frames.append(_inlined(match, context))
            trace.last = parts.last = number
            continue
        head = text.lstrip()
        if not head:
            continue
        first = head[0]
        if first == "<":
            marker = head[1 : head.find(">")]
            if marker.isupper() or marker[:1] == "/":
                context = None if marker[0] == "/" or marker in ("EOI", "EOE", "TASK") else marker
                parts.last = number
                continue
        if first in "CcBT" and _CALL_TRACE(text):
            if not role.startswith(("cpu", "task", "starved")):
                role = "crash"
            if trace is None or trace.frames or trace.role != role:
                trace = Trace(role, first=number)
                parts.traces.append(trace)
            trace.announced = True
            trace.last = parts.last = number
            context = None
            continue
        if first == "C" or first == "P":
            if match := _CPU_LINE(text) or _OLD_CPU_LINE(text) or _SHORT_CPU_LINE(text):
                if parts.pid is None:
                    found = match.groupdict()
                    parts.cpu = int(found["cpu"]) if found.get("cpu") else None
                    parts.pid, parts.comm = int(found["pid"]), found["comm"]
                    parts.uid = int(found["uid"]) if found.get("uid") else None
                    parts.kernel = parts.kernel or found.get("kernel")
                    parts.build = parts.build or found.get("build")
                    parts.taint = found.get("taint")
                parts.last = number
                continue
            if head.startswith("Code: "):
                parts.code = parts.code or head[6:]
                parts.last = number
                continue
        if first in "HMWR-":
            if head.startswith("Hardware name: "):
                parts.hardware = parts.hardware or head[15:]
                parts.last = number
                continue
            if head.startswith("Modules linked in:"):
                if not parts.modules:
                    parts.modules = head[18:].partition("[last unloaded:")[0].split()
                parts.last = number
                continue
            if head.startswith("Workqueue: "):
                parts.workqueue = parts.workqueue or head[11:]
                parts.last = number
                continue
            if head.startswith(("RIP: 0033", "RIP: 002b", "RIP: 0023", "RIP: 0073")):
                parts.ip_user = parts.ip_user or parts.ip is None
                parts.last = number
                continue
            if head.startswith("---[ end trace"):
                parts.last = number
                continue
        if first in "NT" and parts.kernel is None and (match := _TAINT_LINE(text)):
            parts.kernel, parts.build, parts.taint = match["kernel"], match["build"], match["taint"]
            parts.last = number
            continue
        if _REGISTER_LINE(text):
            for name, value in _REGISTER.findall(text):
                parts.registers.setdefault(name, value)
            parts.last = number
            continue
        if (first in "GK$" and (match := _REGISTER_ROW(text))) or (row and (match := _MORE_WORDS(text))):
            groups = match.groupdict()
            if groups:
                row = int(groups["first"] or 0)
                base = "GPR" if groups["base"] != "$ " else "$"
            for name, value in enumerate(text.partition(":")[2].split() if groups else text.split(), row):
                parts.registers.setdefault(f"{base}{name:02}", value)
            row = row + 4 if row < 12 and base == "GPR" else 0
            parts.last = number
            continue
        if (
            first == "p"
            and _LOONGARCH_ROW(head)
            or (parts.registers and first in "atrsu" and _LOONGARCH_ROW(head))
        ):
            words = head.split()
            for name, value in zip(words[::2], words[1::2], strict=False):
                parts.registers.setdefault(name, value)
            parts.last = number
            continue
        if first == "t" or first in "0123456789":
            if match := _TASK_LINE(head):
                role = f"task {match['comm']}"
                trace = None
                parts.last = number
                continue
            if "held by" in head or "locks held" in head:
                in_locks = True
                parts.last = number
                continue
        if first == "#" and _HELD(text):
            parts.held_locks.append(head)
            parts.last = number
            continue
        if not _ANY_HEADING(head):
            continue
        for pattern, name in _HEADINGS:
            if match := pattern.match(head):
                if name == "chain":
                    parts.lock_chain.append(head)
                groups = match.groupdict()
                number_group = groups.get("n") or groups.get("cpu")
                role = f"{name} {number_group}" if number_group else name
                trace = Trace(role, first=number, last=number)
                parts.traces.append(trace)
                parts.last = number
                break
    return parts


def taint_flags(letters: str | None) -> tuple[TaintFlag, ...]:
    """`G        W  O` letter by letter; `G` only says that no proprietary module is loaded."""
    if not letters:
        return ()
    return tuple(
        TaintFlag(letter, TAINT.get(letter, "unknown to this version"))
        for letter in letters
        if letter not in " G-"
    )


def report(parts: Parts) -> Report:
    """The record of what was parsed, bounded: at most 32 stacks of 128 frames."""
    stacks = tuple(
        Stack(trace.role, tuple(trace.frames[:128])) for trace in parts.traces[:32] if trace.frames
    )
    ip = parts.ip
    return Report(
        parts.cpu,
        parts.pid,
        parts.comm,
        parts.uid,
        parts.kernel,
        parts.build,
        taint_flags(parts.taint),
        parts.hardware,
        parts.workqueue,
        f"{ip.function}+{ip.offset or 0:#x}" if ip else None,
        parts.registers,
        parts.code,
        tuple(parts.modules),
        stacks,
        tuple(parts.held_locks[:64]),
        tuple(parts.lock_chain[:64]),
    )
