"""Whether grace periods of RCU end: whether each CPU still passes a quiescent state.

A CPU that spins without ever scheduling keeps all who wait for a grace period, and so do others that starve the thread
which ends them; among who waits is whoever attaches a program to the kernel or detaches one. Nothing ends their
waiting, so it is tried first by somebody who can be left behind.
"""

import ctypes
import os

from kernward.collectors.left_behind import Helper, Waits
from kernward.collectors.root import Root

# Usually some 10 ms, and more where CPUs are many or busy.
PATIENCE_S = 3.0
# The number of membarrier() where it is known, arch/*/kernel/syscalls; MEMBARRIER_CMD_QUERY and MEMBARRIER_CMD_GLOBAL in
# include/uapi/linux/membarrier.h. The latter is a synchronize_rcu() and nothing else (kernel/sched/membarrier.c).
_MEMBARRIER = {"x86_64": 324, "aarch64": 283, "riscv64": 283, "ppc64le": 365, "s390x": 356}
_QUERY, _GLOBAL = 0, 1
_NAME = "grace period"


def grace_period_missing(root: Root, patience_s: float = PATIENCE_S) -> str:
    """Why nothing that waits for a grace period should be tried; "" where one ended, or where this cannot be told."""
    try:
        if root.helper is None:
            root.helper = Helper(ACTS)
        root.helper.ask(_NAME, patience_s=patience_s)
    except Waits:
        root.helper = None
        return (
            f"no grace period of RCU ended within {patience_s:g} s: a CPU passes no quiescent state, or the kernel's "
            "threads get no CPU; who attaches a program would wait for it"
        )
    except OSError:
        root.close()
    return ""


def _wait_for_one() -> None:
    number = _MEMBARRIER.get(os.uname().machine)
    if number is not None:
        libc = ctypes.CDLL(None)
        # Where CPUs run without a tick it is refused, and it may be filtered.
        if libc.syscall(number, _QUERY, 0, 0) & _GLOBAL:
            libc.syscall(number, _GLOBAL, 0, 0)


ACTS = {_NAME: _wait_for_one}
