"""No more memory may be promised, though much of it is free."""

from collections.abc import Iterator

from kernward.collectors.sources import meminfo, memory_settings, processes
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import MIB, size
from kernward.records.check import Action, Evidence, Scope

NEVER = 2
ROOM = Threshold(
    "part of CommitLimit that may still be promised",
    0.02,
    "",
    "whoever asks for more than this is refused; many do",
)
RESERVED = Threshold(
    "the same in bytes, where that is more",
    48 * MIB,
    "bytes",
    "__vm_enough_memory() keeps vm.admin_reserve_kbytes (8 MiB) and 3 percent of the asking program's own size back, and "
    "a program of ordinary size asks for some tens of MiB as it starts: where no more is left, most are refused",
)
ONE_PROCESS = Threshold(
    "part of the promises that one process may have at most",
    0.5,
    "",
    "its whole address space is more than what was promised to it, so that less names nobody",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    settings, memory = window.of(memory_settings.SOURCE), window.of(meminfo.SOURCE)
    mode = None if settings is None else settings.overcommit_memory
    if mode is None:
        missing = window.why_absent(memory_settings.SOURCE) or "vm.overcommit_memory cannot be read"
        yield Unknown(reason=f"whether promises are limited is not known: {missing}")
        return
    setting = view.evidence(memory_settings.SOURCE, "overcommit_memory", mode, change=False)
    if mode != NEVER:
        yield Refuted(reason=f"vm.overcommit_memory is {mode}: promises are not limited", evidence=(setting,))
        return
    if memory is None or not memory.commit_limit_bytes or memory.committed_bytes is None:
        yield Unknown(reason=f"the limit cannot be read: {window.why_absent(meminfo.SOURCE)}")
        return
    limit, promised = memory.commit_limit_bytes, memory.committed_bytes
    part = promised / limit
    says = f"promised, {part:.0%} of the limit of {size(limit)}"
    evidence = (
        view.evidence(meminfo.SOURCE, "committed_bytes", promised, says=says, change=False),
        setting,
    )
    if limit - promised > max(ROOM.value * limit, RESERVED.value):
        yield Refuted(reason=f"{part:.0%} of what may be promised is", evidence=evidence)
        return
    scope, shown = _largest(view, promised)
    available = memory.available_bytes or 0
    yield Confirmed(
        scope=scope,
        confidence=0.85,
        # What is refused fails altogether, but what runs goes on.
        impact=0.6,
        mechanism=(
            f"vm.overcommit_memory is 2, and {size(promised)} of {size(limit)} are promised: __vm_enough_memory() in "
            "mm/util.c refuses mmap(), brk() and fork() with ENOMEM, although "
            f"{size(available)} of memory are available."
        ),
        evidence=(
            *evidence,
            view.evidence(
                meminfo.SOURCE,
                "available_bytes",
                available,
                says="could be had without swapping",
                change=False,
            ),
            *shown,
        ),
        chain=(
            "programs ask for more address space than they touch",
            "the promises reach CommitLimit",
            "malloc() and fork() fail with ENOMEM while memory is free",
        ),
    )


def _largest(view: View, promised: int) -> tuple[Scope, tuple[Evidence, ...]]:
    """The process with the largest address space, where that is large enough to matter."""
    found = view.window.each(processes.SOURCE)
    if not found:
        return HOST, ()
    pid, process = max(found.items(), key=lambda each: each[1].virtual_bytes or 0)
    virtual = process.virtual_bytes or 0
    scope = Scope("process", processes.label(pid, process))
    shown = view.evidence(
        processes.SOURCE,
        "virtual_bytes",
        virtual,
        scope=scope,
        says="the largest address space",
        change=False,
    )
    return (scope if virtual >= ONE_PROCESS.value * promised else HOST), (shown,)


HYPOTHESIS = Hypothesis(
    id="overcommit-limit",
    title="No more memory may be promised",
    group="memory",
    claim="vm.overcommit_memory is 2 and CommitLimit is reached, so that allocations fail while memory is free.",
    signals=(
        Signal(
            "memory_settings.overcommit_memory", "2: promises are limited; 0 and 1: this is not the cause"
        ),
        Signal("meminfo.committed_bytes", "near the limit: allocations fail"),
        Signal("meminfo.commit_limit_bytes", "swap, and vm.overcommit_ratio percent of memory"),
        Signal("processes.virtual_bytes", "who asked for the most"),
    ),
    thresholds=(ROOM, RESERVED, ONE_PROCESS),
    rivals=(
        Rival(
            "host-memory-exhausted", "there the memory itself is gone, and processes are killed, not refused"
        ),
        Rival("process-memory-leak", "there it is touched memory that grows, not address space alone"),
    ),
    mechanism=(
        "security_vm_enough_memory_mm() asks __vm_enough_memory() in mm/util.c at each mapping that may be written and is "
        "private. With mode 2 the sum of all such mappings may not exceed vm_commit_limit(), whether touched or not."
    ),
    actions=(
        Action(
            "now",
            "Raise vm.overcommit_ratio, or add swap, which counts in full.",
            "With more promised than there is, the kernel kills when all is touched.",
            "sysctl vm.overcommit_ratio=80",
        ),
        Action(
            "for good",
            "Use mode 0 unless refusals are wanted, or bound the programs that reserve much and touch little (Java's "
            "heap, Go's arenas) at their own settings.",
            "Mode 0 refuses only what is obviously too much.",
        ),
    ),
    see=("Documentation/mm/overcommit-accounting.rst", "mm/util.c"),
    test=_test,
)
