"""What the lock validator's reports say about locks: which one, taken where.

A lockdep report names the place of each lock (`at: function+offset`). That place is a better answer
to "where" than the stack, whose top is always lockdep itself.
"""

import re

from kernward.events import blame
from kernward.events.reading import Reading

_AT = re.compile(r"(?:\bat: |^)(?:\[<[0-9a-f]+>\] )?(?P<function>[A-Za-z_][\w.$]*)\+0x[0-9a-f]+/0x")
_LOCK = re.compile(r"(?:^|\s|#\d+: )\(+(?P<lock>[^{]{1,120})\)\{[^}]{2,16}\}")
_RELEASED = re.compile(r"is trying to release lock \((?P<lock>.{1,120}?)\) at:")
_END = re.compile(
    r"other info that might help|stack backtrace|the existing dependency chain|.*state was registered at:|-> #\d|irq event stamp|CPU: \d|Call Trace"
)
_BECAME_SAFE = re.compile(
    r"\.\.\. which became (?:HARD|SOFT)IRQ-irq-safe at:|(?:to|from) a (?:HARD|SOFT)IRQ-irq-safe lock"
)


def read(reading: Reading) -> None:
    """Name the function that takes (releases, holds) the lock, from the lines before the stacks."""
    functions: list[str] = []
    for text in reading.texts[1:40]:
        stripped = text.strip()
        if _END.match(stripped):
            break
        wanted = "lock" in reading.fields and reading.fields["lock"] is None
        if wanted and (match := _RELEASED.search(stripped) or _LOCK.search(stripped)):
            reading.fields["lock"] = match["lock"]
        if match := _AT.search(stripped):
            functions.append(blame.plain(match["function"]))
    if not functions:
        # Reports that begin with who still holds locks list them as `#0: (lock), at: function`.
        functions = [
            blame.plain(match["function"]) for text in reading.parts.held_locks if (match := _AT.search(text))
        ]
    for function in functions:
        if blame.machinery(function) in (None, blame.ALLOCATES):
            reading.function, others = blame.named(function)
            reading.function_reason = "where the report says the lock is taken"
            return
    if not functions:
        return
    found = blame.first_responsible(blame.crash_frames(reading.parts))
    if found.function is None:
        reading.function = functions[0]
        reading.function_reason = "where the report says the lock is taken"


def read_order(reading: Reading) -> None:
    """A lock order that is unsafe for interrupts: the function that takes the lock in the interrupt."""
    after = False
    frames = 0
    for text in reading.texts:
        if _BECAME_SAFE.search(text):
            after = True
            continue
        if after and (match := _AT.search(re.sub(r"^\s*(?:\[<[0-9a-f]+>\]\s*)?", "", text))):
            function = blame.plain(match["function"])
            frames += 1
            if blame.machinery(function) is None:
                reading.function = function
                reading.function_reason = "where the lock is taken in the interrupt"
                return
            if frames > 12:
                break
    read(reading)
