"""What tests of tasks that sleep uninterruptibly have in common: which of them are stuck, and on what.

A task in state D is no news: whoever waits for a disk is in it for milliseconds. Stuck is one that did not
run once from the first reading to the last, which its count of turns on a CPU tells.

/proc/PID/stack leaves out functions that are part of the scheduler, and those that sleep for a mutex, a
semaphore or a completion are (__sched, stack_trace_consume_entry_nosched() in kernel/stacktrace.c): it begins with
whoever called them. What the kernel prints of a hung task has them all.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import cgroup_freezer, process_cgroups, processes, task_waits
from kernward.collectors.sources.task_waits import BlockedTask
from kernward.diagnosis.kinship import contains
from kernward.diagnosis.log_events import logged
from kernward.diagnosis.view import View
from kernward.records.check import Scope

# Functions that put a task to sleep for a lock, of several releases: kernel/locking/.
_LOCKS = (
    "__mutex_lock",
    "mutex_lock",
    "ww_mutex_lock",
    "rwsem_down_",
    "__down_read",
    "__down_write",
    "down_read",
    "down_write",
    "rt_mutex_",
    "__rt_mutex_",
    "rtlock_",
    "__down_common",
    "__down",
    "down_killable",
    "down_interruptible",
    "__ww_mutex_lock",
    "lock_sock_nested",
    "__lock_sock",
)
_SLEEPS = ("__schedule", "schedule", "preempt_schedule", "__switch_to", "io_schedule", "rt_mutex_schedule")
# A frozen file system and the hotplug of processors use the same kind of lock, and are no contention.
_PERCPU = (
    "percpu_rwsem_wait",
    "__percpu_down_read",
    "percpu_down_write",
    "sb_start_write",
    "__sb_start_write",
)
# A parent waits so for the child that it shares its memory with.
_CHILD = frozenset({"wait_for_vfork_done", "kernel_clone"})
# Waits for a device or for memory: what the tests of storage and of memory are about.
_IO = (
    "mem_cgroup_handle_over_high",
    "reclaim_throttle",
    "throttle_direct_reclaim",
    "shrink_",
    "io_schedule",
    "blk_mq_",
    "submit_bio_wait",
    "folio_wait_",
    "wait_on_page_",
    "wait_for_completion_io",
    "jbd2_",
    "nfs",
    "rpc_",
    "bit_wait_io",
    "__wait_on_buffer",
    "balance_dirty_pages",
    "blk_queue_enter",
    "nbd_",
    "xfs_",
    "ext4_",
    "btrfs_",
    "blkdev_",
    "iomap_",
    "dm_",
    "scsi_",
)
# Those that are no wait for somebody else.
_PLAIN = (
    "msleep",
    "usleep_range",
    "hrtimer_nanosleep",
    "do_nanosleep",
    "do_exit",
    "vfork",
    "kernel_clone",
    "wait_for_vfork",
)
# Where every stack ends.
_ENTRY = (
    "kthread",
    "ret_from_fork",
    "do_syscall_64",
    "entry_SYSCALL",
    "x64_sys_call",
    "__x64_sys_",
    "__arm64_sys_",
    "invoke_syscall",
    "el0",
    "worker_thread",
    "process_one_work",
    "asm_",
    "ksys_",
    "__do_sys_",
    "__se_sys_",
    "do_el0_svc",
    "vfs_",
)


class Stuck(NamedTuple):
    """A task that did not run during the window, and its process."""

    task: BlockedTask
    pid: str
    kernel_thread: bool

    @property
    def scope(self) -> Scope:
        """It as a scope."""
        return Scope("process", f"{self.task.comm}[{self.task.task}]")


def stuck(view: View) -> list[Stuck]:
    """The tasks in state D that did not run from the first reading to the last; of one reading all in D."""
    having = [each for each in view.window.samples if task_waits.SOURCE.name in each.read]
    if not having:
        return []
    everybody = view.window.each(processes.SOURCE)
    runs: list[dict[str, tuple[str, BlockedTask]]] = [
        {
            task.task: (pid, task)
            for pid, record in sample.each(task_waits.SOURCE).items()
            for task in record.blocked_tasks
        }
        for sample in having
    ]
    frozen = _frozen(view)
    found = []
    for tid, (pid, task) in runs[-1].items():
        if len(runs) > 1:
            before = runs[0].get(tid)
            if before is None or before[1].comm != task.comm or before[1].turns != task.turns:
                continue
            if any(tid not in run for run in runs):
                continue
        if pid in frozen or task.stack and task.stack[0] in _CHILD:
            continue
        process = everybody.get(pid)
        # What whoever reads the machine has left behind waits as any reader would.
        if process is not None and str(process.parent) == view.window.last.reader:
            continue
        found.append(Stuck(task, pid, process is not None and process.kernel_thread))
    return found


def _frozen(view: View) -> set[str]:
    """Processes in a group that is frozen, which do not run on purpose and show as D."""
    groups = {name for name, each in view.window.each(cgroup_freezer.SOURCE).items() if each.version == 1}
    if not groups:
        return set()
    return {
        pid
        for pid, each in view.window.each(process_cgroups.SOURCE).items()
        if any(contains(name, each.of("freezer") or "") for name in groups)
    }


def reported(view: View, found: Iterable[Stuck], within_s: float) -> dict[str, LogEvent]:
    """The kernel's newest report of each of these that it has reported as hung, by task."""
    events = {
        (str(each.fields.get("pid")), _plain(str(each.fields.get("comm")))): each
        for each in logged(view, "hung-task", within_s=within_s).events
    }
    said = {each.task.task: events.get((each.task.task, _plain(each.task.comm))) for each in found}
    return {task: event for task, event in said.items() if event is not None}


def _plain(comm: str) -> str:
    """The name of a worker without its work, which /proc adds and the log does not (wq_worker_comm())."""
    return comm.partition("+")[0] if comm.startswith("kworker/") else comm


def waits_for_lock(stack: Iterable[str]) -> bool:
    """Whether a task sleeps for a lock: the first function that is not the scheduler's is a lock's."""
    for function in stack:
        if function.startswith(_SLEEPS):
            continue
        return function.startswith(_LOCKS)
    return False


def waits_frozen(stack: Iterable[str]) -> bool:
    """Whether it waits for a file system to be thawed, or for another lock that each CPU has a part of."""
    return any(function in _PERCPU for function in stack)


def waits_for_device(stack: Iterable[str]) -> bool:
    """Whether it waits for I/O."""
    return any(function.startswith(_IO) for function in stack)


def unclear(stack: Sequence[str]) -> bool:
    """Whether a stack of /proc begins with a function that may wait for anything, a lock among it."""
    return (
        bool(stack)
        and not waits_frozen(stack)
        and not waits_for_device(stack)
        and not stack[0].startswith(_PLAIN)
    )


def wanted_in(stack: Iterable[str]) -> str | None:
    """The function that wants the lock: the first that is neither the scheduler's nor a lock's."""
    for function in stack:
        if not function.startswith((*_SLEEPS, *_LOCKS)):
            return function
    return None


def own(stack: Iterable[str]) -> set[str]:
    """The functions of a stack that say what the task does, those left out with which every stack ends."""
    return {each for each in stack if not each.startswith((*_ENTRY, *_SLEEPS, *_LOCKS))}
