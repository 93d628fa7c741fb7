"""Whether grace periods of RCU end: whether each CPU still passes a quiescent state.

A CPU that spins without ever scheduling keeps all who wait for a grace period, among them who attaches a program to
the kernel or detaches one. Nothing ends their waiting, so it is tried first by somebody who can be left behind.
"""

import ctypes
import os

from kernward.collectors.left_behind import Waits, results

# Usually some 10 ms, and more where CPUs are many or busy.
PATIENCE_S = 3.0
# The number of membarrier() where it is known, arch/*/kernel/syscalls; MEMBARRIER_CMD_QUERY and MEMBARRIER_CMD_GLOBAL in
# include/uapi/linux/membarrier.h. The latter is a synchronize_rcu() and nothing else (kernel/sched/membarrier.c).
_MEMBARRIER = {"x86_64": 324, "aarch64": 283, "riscv64": 283, "ppc64le": 365, "s390x": 356}
_QUERY, _GLOBAL = 0, 1


def grace_period_missing(patience_s: float = PATIENCE_S) -> str:
    """Why nothing that waits for a grace period should be tried; "" where one ended, or where this cannot be told."""
    number = _MEMBARRIER.get(os.uname().machine)
    if number is None:
        return ""
    libc = ctypes.CDLL(None)

    def wait() -> int:
        supported = libc.syscall(number, _QUERY, 0, 0)
        return int(libc.syscall(number, _GLOBAL, 0, 0)) if supported > 0 and supported & _GLOBAL else -1

    try:
        list(results([wait], patience_s))
    except Waits:
        return (
            f"no grace period of RCU ended within {patience_s:g} s: a CPU does not pass a quiescent state, and who "
            "attaches a program would wait for it"
        )
    except (OSError, ChildProcessError):
        return ""
    return ""
