"""Files of one task below /proc that say where in the kernel it waits: wchan, stack, syscall.

All three take the right to trace the task, so a stranger's are for root; what cannot be read is None.
"""

import os

from kernward.collectors.root import Root, Unavailable

# What `missing` names where the calls that threads are in may not be read.
SYSCALL = "/proc/PID/task/TID/syscall"
# futex(), futex_wait() of 6.7, by machine; others number as asm-generic/unistd.h does.
_FUTEX = {"x86_64": (202, 455), "i686": (240, 455), "s390x": (238, 455), "ppc64le": (221, 455)}
_FUTEX_GENERIC = (98, 455)
# FUTEX_WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2 of include/uapi/linux/futex.h; the flags
# FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME are above 127.
_WAITS = frozenset({0, 6, 9, 11, 13})
_DEEPEST = 24


def waits_in(root: Root, folder: str) -> str | None:
    """The function in which it sleeps (proc_pid_wchan(), fs/proc/base.c); None when it does not, or unknown."""
    try:
        name = root.read(f"{folder}/wchan", 4096).decode("ascii", "backslashreplace").strip()
    except Unavailable:
        return None
    return name if name and name != "0" else None


def stack(root: Root, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kernel functions it is in, innermost first, and the modules among them (proc_pid_stack()).

    `[<0>] kf_submit+0x15/0x40 [kernward_faults]`
    """
    try:
        data = root.read(f"{folder}/stack", 1 << 16)
    except Unavailable:
        return (), ()
    functions: list[str] = []
    modules: list[str] = []
    for line in data.split(b"\n")[:_DEEPEST]:
        text = line.partition(b"] ")[2][:256].decode("ascii", "backslashreplace")
        name, plus, rest = text.partition("+")
        if plus:
            functions.append(name)
            module = rest.partition("[")[2].partition("]")[0]
            if module and module not in modules:
                modules.append(module)
    return tuple(functions), tuple(modules)


def call(root: Root, folder: str) -> list[bytes] | None:
    """The system call that it sleeps in, as words; none when it runs or has ended, None when it is not shown.

    proc_pid_syscall() in fs/proc/base.c: `202 0x7f30 0x80 0x2 0x0 0x0 0x0 0x7ffc 0x7f2b`, or `running`.
    """
    try:
        return root.read(f"{folder}/syscall", 4096).split()
    except Unavailable as error:
        return [] if error.gone else None


def futex_wait(words: list[bytes]) -> tuple[int, int, int] | None:
    """Address, operation and value of the futex that this call waits for; None when it is another call."""
    if len(words) < 4 or not words[0].isdigit():
        return None
    calls = _FUTEX.get(os.uname().machine, _FUTEX_GENERIC)
    try:
        number, address, second, third = (int(word, 0) for word in words[:4])
    except ValueError:
        return None
    if number == calls[1]:
        return address, 0, second & 0xFFFFFFFF
    if number != calls[0] or second & 127 not in _WAITS:
        return None
    return address, second & 127, third & 0xFFFFFFFF
