"""Whoever reads a starved machine must not starve with it: it raises its own priority, if it has to and may.

A check takes a few percent of a CPU for some seconds. Where its process has waited for a CPU far longer than
it ran, as everything does on that machine, the answer would come minutes late. Elsewhere nothing is changed.
"""

import atexit
import os

from kernward.collectors.root import Root, Unavailable

# Waited so many times as long as it ran: a busy machine makes it wait as long as it runs.
STARVED = 2.0
# Weighs ten times as much as a normal process (sched_prio_to_weight[] in kernel/sched/core.c).
NICE = -10
# A moment's figures say nothing.
_LEAST_S = 0.5
_AUTOGROUP = "/proc/self/autogroup"


def hurry(root: Root) -> bool:
    """Raise this process's priority if it starves on the machine that it reads; whether it did.

    What outlives the process is put back when it exits.
    """
    ran_s, waited_s = _times(root)
    if ran_s + waited_s < _LEAST_S or waited_s < STARVED * ran_s:
        return False
    _raise_session(root)
    try:
        if os.getpriority(os.PRIO_PROCESS, 0) > NICE:
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except OSError:
        return False
    return True


def _raise_session(root: Root) -> None:
    """With autogroups (sched(7)) a session competes as one, and a nice value counts within it only."""
    try:
        # "/autogroup-1158 nice 0"
        before = int(root.read(_AUTOGROUP, 4096).split()[-1])
    except (Unavailable, ValueError, IndexError):
        return
    if before > NICE and _write(NICE):
        atexit.register(_write, before)


def _write(nice: int) -> bool:
    try:
        with open(_AUTOGROUP, "w") as file:
            file.write(str(nice))
    except OSError:
        return False
    return True


def _times(root: Root) -> tuple[float, float]:
    """How long this process ran and waited, in seconds."""
    try:
        ran, waited, _ = root.read("/proc/self/schedstat", 4096).split()
        return int(ran) / 1e9, int(waited) / 1e9
    except (Unavailable, ValueError):
        return 0.0, 0.0
