"""Tasks that wait for locks, of the kernel and of their own program, and tasks that are stuck on something else."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kernward.collectors import task_files
from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.measurements import futex, kernel_locks
from kernward.collectors.measurements.futex import Futex
from kernward.collectors.measurements.kernel_locks import KernelLock
from kernward.collectors.sources import (
    cgroup_freezer,
    process_cgroups,
    processes,
    stacks,
    task_waits,
    threads,
)
from kernward.collectors.sources.cgroup_freezer import CgroupFreezer
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stacks import Stack
from kernward.collectors.sources.task_waits import BlockedTask, TaskWaits
from kernward.collectors.sources.threads import Thread
from kernward.collectors.window import Window
from kernward.diagnosis import blocked
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.task_windows import machine, process, table
from tests.diagnosis.windows import confirmed, verdict, view

ALL = hypotheses()
ASLEEP, BUSY, PILEUP, FUTEX = (
    ALL[each] for each in ("lock-held-asleep", "lock-held-busy", "d-state-pileup", "user-lock-contention")
)
MUTEX = (
    "__schedule",
    "schedule",
    "schedule_preempt_disabled",
    "__mutex_lock.constprop.0",
    "kf_submit",
    "kthread",
)
# /proc leaves out what is the scheduler's, mutexes among it.
SHOWN = MUTEX[4:]
FROZEN = ("percpu_rwsem_wait", "mnt_want_write", "path_openat", "do_filp_open")
DISK = ("folio_wait_bit_common", "filemap_read", "vfs_read", "ksys_read")
OTHER = ("kf_send_command", "process_one_work", "worker_thread", "kthread")
KTHREAD: dict[str, Any] = {"kernel_thread": True, "parent": 2}


def stuck(
    stack: tuple[str, ...] = SHOWN, pid: int = 812, turns: int = 9, comm: str = "kf_submit", modules: tuple[str, ...] = ("kf",)
) -> dict[str, TaskWaits]:  # fmt: skip
    task = BlockedTask(task=str(pid), comm=comm, wait=stack[-2], stack=stack, turns=turns, modules=modules)
    return {str(pid): TaskWaits(comm=comm, threads=1, blocked=1, blocked_tasks=(task,))}


def hung(age_s: float = 4.0, **more: Any) -> LogEvent:
    fields = {"comm": "kf_submit", "pid": 812, "blocked_s": 120, **more}
    return event("hung-task", age_s, stack=MUTEX, modules=("kf",), function="kf_submit", fields=fields)


def reading(
    *waits: Mapping[str, TaskWaits], at: int = 0, said: LogEvent | None = None, **more: Process
) -> dict[Any, Any]:
    all_ = {pid: each for some in waits for pid, each in some.items()}
    known = {f"p{pid}": process(each.comm, state="D", **KTHREAD) for pid, each in all_.items()}
    return {
        task_waits.SOURCE: all_,
        **table(**{"p1": process("init"), **known, **more}),
        **(log(said) if said else log()),
        **machine(at=at),
    }


def held(**functions: tuple[str, ...]) -> dict[Any, Any]:
    return {
        stacks.SOURCE: {
            name.rpartition("_")[2]: Stack(name.rpartition("_")[0], "S", each, ("kf",)) for name, each in functions.items()
        }
    }  # fmt: skip


def test_what_the_reader_has_left_behind_is_not_stuck_itself() -> None:
    waits = reading(stuck(OTHER, comm="kernward"))
    waits[processes.SOURCE] = {**waits[processes.SOURCE], "812": process("kernward", state="D", parent=42)}
    seen = view(waits, waits, every_s=6.0)
    assert len(blocked.stuck(seen)) == 1
    last = msgspec.structs.replace(seen.window.samples[-1], reader="42")
    assert not blocked.stuck(View(Window([*seen.window.samples[:-1], last])))


def test_the_stacks_of_others_are_asked_for_first() -> None:
    found = verdict(ASLEEP, view(reading(stuck()), reading(stuck()), every_s=5.0, final=False))
    assert isinstance(found, Open)
    assert found.sources == (("stacks", ("1", "812")),)


FLUSH = ("msleep_interruptible", "kf_flush", "kthread", "ret_from_fork")


def test_who_sleeps_in_the_same_driver_past_the_lock_holds_it() -> None:
    after = {**reading(stuck(), said=hung()), **held(kf_flush_77=FLUSH, kf_submit_812=SHOWN)}
    found = confirmed(ASLEEP, view(reading(stuck()), after, every_s=5.0))
    assert found.scope.name == "kf_flush[77]"
    assert [each.name for each in found.victims] == ["kf_submit[812]"]
    assert found.confidence > 0.9


def test_before_the_kernel_reports_it_a_lock_is_only_likely() -> None:
    after = {**reading(stuck()), **held(kf_flush_77=FLUSH, kf_submit_812=SHOWN)}
    found = confirmed(ASLEEP, view(reading(stuck()), after, every_s=5.0))
    assert found.scope.name == "kf_flush[77]"
    assert found.confidence < 0.8


def test_a_task_that_is_stuck_in_a_driver_where_nobody_else_is_may_wait_for_anything() -> None:
    after = {**reading(stuck(OTHER)), **held(kf_worker_812=OTHER)}
    assert isinstance(verdict(ASLEEP, view(reading(stuck(OTHER)), after, every_s=5.0)), Unknown)


def test_without_stacks_the_waiter_is_named_and_less_is_claimed() -> None:
    found = confirmed(ASLEEP, view(reading(stuck()), reading(stuck(), said=hung()), every_s=5.0))
    assert found.scope.name == "kf_submit[812]"
    assert "does not show" in found.mechanism
    assert found.confidence < 0.8


def test_the_only_other_task_that_is_stuck_may_hold_it() -> None:
    both = reading(stuck(), stuck(DISK, pid=900, comm="flusher", modules=()), said=hung())
    found = confirmed(ASLEEP, view(both, both, every_s=5.0))
    assert found.scope.name == "flusher[900]"
    assert found.confidence <= 0.75


def test_the_owner_that_the_kernel_names_counts_most() -> None:
    after = reading(stuck(), said=hung(holder_comm="kf_flush", holder_pid=77))
    assert confirmed(ASLEEP, view(reading(stuck()), after, every_s=5.0)).scope.name == "kf_flush[77]"


def test_a_task_that_the_kernel_has_reported_is_stuck_however_short_the_window() -> None:
    both = reading(stuck(), said=hung())
    found = confirmed(ASLEEP, view(both, both, every_s=0.5))
    assert "all the time" in found.mechanism
    assert isinstance(
        verdict(ASLEEP, view(reading(stuck()), reading(stuck()), every_s=0.5)), Refuted | Unknown
    )


def test_a_task_that_ran_in_between_is_not_stuck() -> None:
    assert isinstance(
        verdict(ASLEEP, view(reading(stuck(turns=9)), reading(stuck(turns=10)), every_s=5.0)), Refuted
    )


def test_a_hang_that_is_over_is_told_with_its_time() -> None:
    after = reading(said=hung(240.0))
    found = confirmed(ASLEEP, view(after, after, every_s=5.0))
    assert "4 min ago" in found.mechanism
    assert found.impact < 0.9


def test_waits_for_a_thaw_or_a_disk_are_no_lock() -> None:
    for stack in (FROZEN, DISK):
        blocked = reading(stuck(stack))
        assert isinstance(verdict(ASLEEP, view(blocked, blocked, every_s=5.0)), Refuted)


def test_stacks_that_cannot_be_read_leave_it_unknown() -> None:
    blocked = reading({"812": TaskWaits(comm="x", threads=1, blocked=1, blocked_tasks=(BlockedTask("812", "x", turns=3),))})  # fmt: skip
    assert isinstance(verdict(ASLEEP, view(blocked, blocked, every_s=5.0)), Unknown)


def test_a_healthy_machine_has_no_stuck_task() -> None:
    for each in (ASLEEP, PILEUP):
        assert isinstance(verdict(each, view(reading(), reading(), every_s=6.0)), Refuted)


def test_a_process_that_is_stuck_on_anything_is_told() -> None:
    blocked = {**reading(stuck(DISK, comm="backup")), **table(p812=process("backup", state="D"))}
    found = confirmed(PILEUP, view(blocked, blocked, every_s=6.0))
    assert found.scope.name == "backup[812]"
    assert found.confidence <= 0.6


def frozen(version: int = 1, *, inside: str = "/pod/app", **more: Any) -> dict[Any, Any]:
    groups = ProcessCgroups(
        cgroup=None if version == 1 else inside, controllers={"freezer": inside} if version == 1 else {}
    )
    return {
        **reading(stuck(OTHER, comm="worker")),
        **table(p812=process("worker", state="D")),
        cgroup_freezer.SOURCE: {
            "/pod": CgroupFreezer(frozen=True, itself=True, version=version),
            "/pod/app": CgroupFreezer(frozen=True, itself=False, version=version),
        },
        process_cgroups.SOURCE: {"812": groups},
    }  # fmt: skip


def test_tasks_of_a_frozen_group_are_not_stuck() -> None:
    seen = view(frozen(), frozen(), every_s=6.0)
    assert isinstance(verdict(PILEUP, seen), Refuted)
    found = confirmed(ALL["cgroup-frozen"], seen)
    assert (found.scope.kind, found.scope.name) == ("cgroup", "/pod")
    assert [each.name for each in found.victims] == ["worker[812]"]


def test_a_group_of_version_2_is_frozen_too_and_an_empty_one_stops_nobody() -> None:
    assert confirmed(ALL["cgroup-frozen"], view(frozen(2))).scope.name == "/pod"
    assert isinstance(verdict(ALL["cgroup-frozen"], view(frozen(inside="/other"))), Refuted)
    assert isinstance(verdict(ALL["cgroup-frozen"], view({cgroup_freezer.SOURCE: {}})), Refuted)
    absent = {cgroup_freezer.SOURCE: "/sys/fs/cgroup: there is no such file"}
    assert isinstance(verdict(ALL["cgroup-frozen"], view({}, absent=absent)), Unknown)


def test_a_copy_that_waits_again_and_again_is_not_stuck() -> None:
    readings = [
        {**reading(stuck(DISK, comm="cp", turns=turns)), **table(p812=process("cp", state="D"))} for turns in (9, 50, 80)
    ]  # fmt: skip
    assert isinstance(verdict(PILEUP, view(*readings, every_s=3.0)), Refuted)


def test_one_thread_of_a_driver_that_always_sleeps_so_is_no_finding() -> None:
    blocked = reading(stuck(OTHER, comm="vchiq-slot/0"))
    assert isinstance(verdict(PILEUP, view(blocked, blocked, every_s=6.0)), Refuted)


def lockup(comm: str, cpu: int, function: str, age_s: float = 9.0, **more: Any) -> Any:
    stack = (
        ("native_queued_spin_lock_slowpath", "_raw_spin_lock", function)
        if more.pop("spins", False)
        else (function,)
    )
    return event("soft-lockup", age_s, stack=stack, function=function, fields={"comm": comm, "pid": 70 + cpu, "cpu": cpu, "stuck_s": 8}, **more)  # fmt: skip


def test_the_cpu_that_is_stuck_past_the_lock_has_it() -> None:
    both = log(lockup("kf_holder", 0, "kf_hold"), lockup("kf_waiter", 1, "kf_wait", spins=True))
    found = confirmed(BUSY, view({**reading(), **both}))
    assert found.scope.name == "kf_holder[70]"
    assert [each.name for each in found.victims] == ["kf_waiter[71]"]


def test_a_waiter_alone_is_named_with_less_certainty() -> None:
    found = confirmed(BUSY, view({**reading(), **log(lockup("kf_waiter", 1, "kf_wait", spins=True))}))
    assert found.scope.name == "kf_waiter[71]"
    assert found.confidence < 0.9


def test_a_cpu_that_loops_without_a_lock_is_another_matter() -> None:
    found = verdict(BUSY, view({**reading(at=0), **log(lockup("kf_poll", 0, "kf_poll_ring"))}, {**reading(at=1), **log(lockup("kf_poll", 0, "kf_poll_ring"))}))  # fmt: skip
    assert isinstance(found, Refuted)


def busy(at: int, wait_s: float | None = None) -> dict[Any, Any]:
    more: dict[Any, Any] = {}
    if wait_s is not None:
        more = {kernel_locks.SOURCE: {"spin:lru_add": KernelLock(kind="spin", function="lru_add", waits=int(wait_s * 1e4), wait_s=wait_s, by_process_s={"web[9]": wait_s})}}  # fmt: skip
    return {**reading(), **machine(busy=0.9, system=0.6, at=at), **more}


def test_much_time_in_the_kernel_asks_whether_cpus_spin() -> None:
    found = verdict(BUSY, view(busy(0), busy(5), every_s=5.0, final=False))
    assert isinstance(found, Open)
    assert found.asks == ("kernel-locks",)


def test_spinning_that_was_measured_decides() -> None:
    measured = ("kernel-locks",)
    found = confirmed(BUSY, view(busy(0, 0.0), busy(5, 4.0), every_s=5.0, measured=measured))
    assert found.scope.name == "web[9]"
    assert isinstance(
        verdict(BUSY, view(busy(0, 0.0), busy(5, 0.1), every_s=5.0, measured=measured)), Refuted
    )


def test_time_in_the_kernel_that_cannot_be_told_apart_is_unknown() -> None:
    assert isinstance(verdict(BUSY, view(busy(0), busy(5), every_s=5.0)), Unknown)


def queue(
    same: int | None, at: int, *, cpus: float = 0.9, as_lock: bool = True, threads_cpu: tuple[float, ...] = (), address: str = "0x7f10"
) -> dict[Any, Any]:  # fmt: skip
    waits = {} if same is None else {"40": TaskWaits(comm="inventory", threads=8, futex_waits=same, futex_same=same, futex_address=address, futex_lock=as_lock)}  # fmt: skip
    found: dict[Any, Any] = {
        task_waits.SOURCE: waits,
        **table(p40=process("inventory", threads=8, user_s=cpus * at, system_s=0.0)),
        **machine(at=at),
    }
    if threads_cpu:
        found[threads.SOURCE] = {
            f"40/{40 + number}": Thread(
                "inventory", "S", 100.0, user_s=share * at, system_s=0.0, ran_s=share * at
            )
            for number, share in enumerate(threads_cpu)
        }
    return found


TURNS = (0.12, 0.11, 0.13, 0.12, 0.1, 0.12, 0.11, 0.09)


def test_threads_that_take_turns_under_a_lock_contend_for_it() -> None:
    found = confirmed(FUTEX, view(*(queue(6, at, threads_cpu=TURNS) for at in range(6))))
    assert found.scope.name == "inventory[40]"
    assert found.confidence >= 0.85
    assert found.impact > 0.8


def test_a_suspicion_asks_for_the_threads_and_the_waits() -> None:
    found = verdict(FUTEX, view(*(queue(6, at) for at in range(3)), final=False))
    assert isinstance(found, Open)
    assert (found.asks, found.sources) == (("futex",), (("threads", ("40",)),))


def test_a_queue_that_is_plain_to_see_needs_nothing_more() -> None:
    assert isinstance(verdict(FUTEX, view(*(queue(6, at) for at in range(6)), final=False)), Confirmed)


def test_a_pool_with_nothing_to_do_is_no_contention() -> None:
    idle = [queue(7, at, cpus=0.01, as_lock=False) for at in range(6)]
    assert isinstance(verdict(FUTEX, view(*idle)), Refuted)
    deadlocked = [queue(7, at, cpus=0.0) for at in range(6)]
    assert isinstance(verdict(FUTEX, view(*deadlocked)), Refuted)


def test_a_lock_that_is_held_asleep_is_told_from_a_deadlock_by_who_wakes() -> None:
    def readings(switches: int) -> list[dict[Any, Any]]:
        found = []
        for at in range(6):
            reading_ = queue(6, at, cpus=0.01)
            reading_[threads.SOURCE] = {
                f"40/{each}": Thread(
                    "inventory", "S", 100.0, ran_s=0.001 * at, voluntary_switches=switches * at
                )
                for each in range(40, 48)
            }
            found.append(reading_)
        return found

    assert confirmed(FUTEX, view(*readings(3))).confidence < 0.9
    assert isinstance(verdict(FUTEX, view(*readings(0))), Refuted)


def test_threads_that_wait_for_the_work_of_one_are_no_contention() -> None:
    one = [queue(7, at, as_lock=False, cpus=1.0, threads_cpu=(0.97, 0.01, 0.01, 0.01)) for at in range(6)]
    assert isinstance(verdict(FUTEX, view(*one)), Refuted)


def test_a_lock_that_is_met_now_and_then_is_no_contention() -> None:
    some = [queue(same, at) for at, same in enumerate((2, None, None, 3, None, None))]
    assert isinstance(verdict(FUTEX, view(*some)), Refuted)


def test_a_queue_on_a_machine_without_a_free_cpu_is_seen_now_and_then() -> None:
    waiting = (1, None, 3, None, 3, None)
    found = confirmed(
        FUTEX, view(*(queue(each, at, cpus=1.2, threads_cpu=TURNS) for at, each in enumerate(waiting)))
    )
    assert found.confidence < 0.8
    assert found.impact < 0.6


def test_a_pool_that_works_in_parallel_is_no_contention() -> None:
    busy_pool = [queue(3, at, as_lock=False, cpus=2.6, threads_cpu=(0.5,) * 5) for at in range(6)]
    assert isinstance(verdict(FUTEX, view(*busy_pool)), Refuted)


def test_a_pool_that_waits_for_work_on_a_condition_is_no_contention() -> None:
    for cpus in (0.3, 1.0):
        pool = [queue(7, at, as_lock=False, cpus=cpus, threads_cpu=TURNS) for at in range(6)]
        assert isinstance(verdict(FUTEX, view(*pool)), Refuted)


def test_another_kind_of_lock_is_told_by_many_short_waits() -> None:
    def measured(at: int) -> dict[Any, Any]:
        waits = Futex(comm="inventory", waits=1000 * at, wait_s=6.0 * at)
        return {**queue(7, at, as_lock=False, cpus=1.0, threads_cpu=TURNS), futex.SOURCE: {"40": waits}}

    found = confirmed(FUTEX, view(*map(measured, range(6)), measured=("futex",)))
    assert found.confidence < 0.7


def test_one_reading_does_not_tell_a_queue() -> None:
    assert isinstance(verdict(FUTEX, view(queue(6, 5))), Unknown)


def test_a_machine_without_the_files_is_unknown() -> None:
    assert isinstance(
        verdict(FUTEX, view({}, {}, absent={task_waits.SOURCE: "/proc: not permitted"})), Unknown
    )


def test_what_only_root_may_see_is_unknown_and_not_ruled_out() -> None:
    seen = view({**queue(None, 0)}, {**queue(None, 5)})
    missing = {task_files.SYSCALL: "shown to root"}
    last = msgspec.structs.replace(seen.window.last, missing=missing)
    seen.window.samples = (*seen.window.samples[:-1], last)
    assert isinstance(verdict(FUTEX, seen), Unknown)


def test_rivals_are_told_apart_by_where_the_tasks_sleep() -> None:
    asleep = reading(stuck(), said=hung())
    assert isinstance(verdict(ASLEEP, view(asleep, asleep, every_s=5.0)), Confirmed)
    assert isinstance(verdict(FUTEX, view(asleep, asleep, every_s=5.0)), Refuted)
    turns = [queue(6, at, threads_cpu=TURNS) for at in range(6)]
    assert isinstance(verdict(FUTEX, view(*turns)), Confirmed)
    assert isinstance(verdict(ASLEEP, view(*turns)), Refuted)


QUEUE = ALL["kernel-lock-contention"]
MAP = ("do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault")


def queueing(at: int, count: int = 2, wait_s: float | None = None) -> dict[Any, Any]:
    waits = [stuck(MAP, pid=300 + each, comm="web", turns=at, modules=()) for each in range(count)]
    found = reading(*waits, at=at)
    if wait_s is not None:
        found[kernel_locks.SOURCE] = {
            "rwsem:do_user_addr_fault": KernelLock(
                kind="rwsem", function="do_user_addr_fault", waits=int(wait_s * 500), wait_s=wait_s, by_process_s={"web[300]": wait_s}
            )
        }  # fmt: skip
    return found


def test_tasks_that_sleep_in_one_place_again_and_again_are_measured() -> None:
    found = verdict(QUEUE, view(*(queueing(at) for at in range(5)), final=False))
    assert isinstance(found, Open)
    assert found.asks == ("kernel-locks",)
    assert isinstance(verdict(QUEUE, view(*(queueing(at) for at in range(5)))), Unknown)


def test_waits_for_a_kernel_lock_that_were_measured_decide() -> None:
    measured = ("kernel-locks",)
    found = confirmed(QUEUE, view(*(queueing(at, wait_s=2.0 * at) for at in range(5)), measured=measured))
    assert found.scope.name == "web[300]"
    few = view(*(queueing(at, wait_s=0.1 * at) for at in range(5)), measured=measured)
    assert isinstance(verdict(QUEUE, few), Refuted)


def test_tasks_that_are_stuck_or_wait_for_a_disk_are_no_queue() -> None:
    held_ = reading(stuck(MAP, turns=3))
    assert isinstance(verdict(QUEUE, view(held_, held_, held_, every_s=3.0)), Refuted)
    copies = [reading(stuck(DISK, comm="cp", turns=at)) for at in range(5)]
    assert isinstance(verdict(QUEUE, view(*copies)), Refuted)
