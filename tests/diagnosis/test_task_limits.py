"""Limits of tasks and files: who is at which, who is only near, what cannot be told."""

from typing import Any

from kernward.collectors.sources import cgroup_pids, file_locks, kernel_limits, kernel_tables, process_files
from kernward.collectors.sources.cgroup_pids import CgroupPids
from kernward.collectors.sources.file_locks import FileLocks
from kernward.collectors.sources.kernel_limits import KernelLimits
from kernward.collectors.sources.kernel_tables import KernelTable
from kernward.collectors.sources.process_files import ProcessFiles
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import Confirmed, Refuted, Unknown
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.task_windows import machine, process, table
from tests.diagnosis.windows import confirmed, verdict, view

ALL = hypotheses()


def files(open_files: int | None, limit: int | None, table_size: int | None = None) -> dict[Any, Any]:
    return {
        process_files.SOURCE: {
            "7": ProcessFiles(open_files=12, limit=1024),
            "812": ProcessFiles(open_files=open_files, table_size=table_size, limit=limit),
        },
        **table(p7=process("sh"), p812=process("gateway")),
    }


def test_a_process_with_all_its_files_open_is_at_its_limit() -> None:
    found = confirmed(ALL["process-fd-limit"], view(files(256, 256)))
    assert found.scope.name == "gateway[812]"
    assert found.confidence > 0.9


def test_a_process_that_uses_much_of_its_limit_is_not_at_it() -> None:
    found = verdict(ALL["process-fd-limit"], view(files(980, 1024)))
    assert isinstance(found, Refuted)
    assert "96%" in found.reason


def test_a_program_that_has_locked_itself_in_is_not_at_its_limit() -> None:
    assert isinstance(verdict(ALL["process-fd-limit"], view(files(5, 0))), Refuted)
    assert isinstance(verdict(ALL["process-fd-limit"], view(files(40, 20))), Refuted)


def test_a_small_table_of_files_is_enough_to_refute() -> None:
    assert isinstance(verdict(ALL["process-fd-limit"], view(files(None, 1024, table_size=256))), Refuted)


def test_a_table_that_leaves_room_for_the_limit_decides_nothing() -> None:
    assert isinstance(verdict(ALL["process-fd-limit"], view(files(None, 1024, table_size=1024))), Unknown)


def test_files_that_cannot_be_counted_leave_it_unknown() -> None:
    absent = {process_files.SOURCE: "/proc/PID/limits: permission denied"}
    assert isinstance(verdict(ALL["process-fd-limit"], view({}, absent=absent)), Unknown)


def limits(**fields: Any) -> dict[Any, Any]:
    given = {
        "open_files": 800,
        "files_limit": 9000,
        "tasks": 300,
        "pid_max": 32768,
        "threads_max": 60000,
        **fields,
    }
    return {kernel_limits.SOURCE: KernelLimits(**given)}


def test_a_full_machine_names_who_has_the_files() -> None:
    found = confirmed(ALL["file-max"], view({**files(8000, 100000), **limits(open_files=8990)}))
    assert found.scope.name == "gateway[812]"


def test_a_small_limit_that_is_near_needs_the_kernels_word() -> None:
    near = {**files(500, 4096), **limits(open_files=880, files_limit=960), **machine(cpus=4)}
    assert isinstance(verdict(ALL["file-max"], view({**near, **log()})), Refuted)
    assert isinstance(
        verdict(ALL["file-max"], view({**near, **log(event("file-max-reached", 20.0))})), Confirmed
    )


def test_a_limit_that_was_reached_and_is_far_now_is_over() -> None:
    then = log(event("file-max-reached", 20.0))
    assert isinstance(verdict(ALL["file-max"], view({**files(10, 4096), **limits(), **then})), Refuted)


def test_no_limit_on_files_refutes() -> None:
    assert isinstance(verdict(ALL["file-max"], view(limits(files_limit=None))), Refuted)


def test_the_process_whose_children_take_the_ids_is_named() -> None:
    children = {f"p{400 + each}": process("supervisor", parent=350) for each in range(160)}
    processes = table(
        p1=process("init", parent=0), p9=process("sh"), p350=process("supervisor", parent=9), **children
    )
    found = confirmed(ALL["pid-limit"], view({**processes, **limits(tasks=163, pid_max=500)}))
    assert found.scope.name == "supervisor[350]"


def test_a_machine_with_ids_left_is_not_at_its_limit() -> None:
    assert isinstance(verdict(ALL["pid-limit"], view({**table(p9=process()), **limits(tasks=900)})), Refuted)


def test_a_small_limit_with_room_is_no_finding() -> None:
    assert isinstance(
        verdict(ALL["pid-limit"], view({**table(p9=process()), **limits(tasks=90, pid_max=500)})), Refuted
    )


def test_few_ids_of_few_are_a_finding_where_one_service_has_most() -> None:
    def some(comm: str) -> dict[Any, Any]:
        children = {f"p{150 + each}": process(comm, parent=140) for each in range(166)}
        return {
            **table(p1=process("init", parent=0), p140=process(comm), **children),
            **limits(tasks=188, pid_max=350),
        }

    assert confirmed(ALL["pid-limit"], view(some("ingestor"))).scope.name == "ingestor[140]"


def test_threads_max_is_a_limit_too() -> None:
    found = confirmed(ALL["pid-limit"], view({**table(p9=process()), **limits(tasks=950, threads_max=960)}))
    assert "kernel.threads-max" in found.mechanism


def groups(
    hits: int, tasks: int = 60, limit: int | None = 60, name: str = "/system.slice/crond.service"
) -> dict[Any, Any]:
    return {
        cgroup_pids.SOURCE: {
            "/system.slice": CgroupPids(tasks=tasks + 3, limit=None, limit_hits=0),
            name: CgroupPids(tasks=tasks, limit=limit, limit_hits=hits),
        },
        **log(),
    }


def test_a_group_whose_forks_are_refused_is_at_its_limit() -> None:
    found = confirmed(ALL["cgroup-pids-limit"], view(groups(10), groups(40), every_s=3.0))
    assert (found.scope.kind, found.scope.name) == ("cgroup", "/system.slice/crond.service")
    assert found.impact == 1.0


def test_a_group_that_is_full_and_was_refused_before_is_at_its_limit() -> None:
    assert confirmed(ALL["cgroup-pids-limit"], view(groups(40), groups(40))).confidence < 0.9


def test_a_group_that_was_refused_once_and_has_room_is_not() -> None:
    assert isinstance(
        verdict(ALL["cgroup-pids-limit"], view(groups(40, tasks=8), groups(40, tasks=8))), Refuted
    )


def test_a_group_that_is_full_and_was_never_refused_is_not() -> None:
    assert isinstance(verdict(ALL["cgroup-pids-limit"], view(groups(0), groups(0))), Refuted)


def test_the_group_above_is_named_where_its_limit_refuses() -> None:
    def reading(hits: int) -> dict[Any, Any]:
        return {
            cgroup_pids.SOURCE: {
                "/pod": CgroupPids(tasks=100, limit=100, limit_hits=0),
                "/pod/app": CgroupPids(tasks=60, limit=4000, limit_hits=hits),
            },
            **log(),
        }

    found = confirmed(ALL["cgroup-pids-limit"], view(reading(0), reading(9)))
    assert found.scope.name == "/pod"
    assert [each.name for each in found.victims] == ["/pod/app"]


def dead(count: int, parent: int = 500, start_s: float = 200.0) -> dict[Any, Any]:
    children = {
        f"p{1000 + each}": process("job", state="Z", parent=parent, start_s=start_s) for each in range(count)
    }
    return {**table(p1=process("init"), p500=process("job-runner"), **children), **limits()}


def test_children_that_stay_dead_are_their_parents_fault() -> None:
    found = confirmed(ALL["zombie-buildup"], view(dead(43), dead(43), dead(43), every_s=2.0))
    assert found.scope.name == "job-runner[500]"


def test_children_that_are_collected_in_time_are_no_finding() -> None:
    before, after = dead(43, start_s=200.0), dead(43, start_s=205.0)
    assert isinstance(verdict(ALL["zombie-buildup"], view(before, before, after, every_s=2.0)), Refuted)


def test_a_few_forgotten_children_do_no_harm() -> None:
    assert isinstance(verdict(ALL["zombie-buildup"], view(dead(4), dead(4), every_s=3.0)), Refuted)


def test_without_processes_zombies_are_unknown() -> None:
    assert isinstance(verdict(ALL["zombie-buildup"], view({}, {})), Unknown)


def threads_(*counts: int, start_s: float = 100.0) -> list[dict[Any, Any]]:
    return [{**table(p9=process("api", threads=count, start_s=start_s)), **limits()} for count in counts]


def test_a_process_that_keeps_starting_threads_leaks_them() -> None:
    found = confirmed(ALL["thread-leak"], view(*threads_(100, 108, 115, 123, 131)))
    assert found.scope.name == "api[9]"


def test_a_pool_that_grows_once_is_no_leak() -> None:
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(100, 140, 140, 140, 140))), Refuted)


def test_threads_that_come_and_go_are_no_leak() -> None:
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(100, 130, 110, 150, 160))), Refuted)


def test_a_service_that_starts_is_no_leak() -> None:
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(10, 30, 50, 70, start_s=4990.0))), Refuted)


def test_two_readings_do_not_tell_a_leak() -> None:
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(100, 200))), Unknown)
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(100))), Unknown)
    assert isinstance(verdict(ALL["thread-leak"], view(*threads_(100, 101))), Refuted)


def storm(at: int, forks_s: float, system: float, tasks: int = 300, collected: float = 0.0) -> dict[Any, Any]:
    return {
        **machine(cpus=2, busy=0.95, system=system, at=at, forks_s=forks_s),
        **limits(tasks=tasks),
        **table(p9=process("loop.sh", children_s=collected)),
    }


def test_a_machine_that_does_little_but_fork_has_a_storm() -> None:
    found = confirmed(
        ALL["fork-storm"], view(storm(0, 2500, 0.6), storm(4, 2500, 0.6, collected=5.0), every_s=4.0)
    )
    assert found.scope.name == "loop.sh[9]"


def test_a_build_is_no_storm() -> None:
    found = verdict(
        ALL["fork-storm"], view(storm(0, 350, 0.25), storm(4, 350, 0.25, collected=6.0), every_s=4.0)
    )
    assert isinstance(found, Refuted)


def test_tasks_that_double_are_a_storm() -> None:
    assert isinstance(
        verdict(ALL["fork-storm"], view(storm(0, 200, 0.2), storm(4, 200, 0.2, tasks=900), every_s=4.0)),
        Confirmed,
    )


def test_one_reading_tells_no_rate_of_forks() -> None:
    assert isinstance(verdict(ALL["fork-storm"], view(storm(9, 2500, 0.6))), Unknown)


def owned(count: int, limit: int | None, user: int = 33) -> dict[Any, Any]:
    return {
        process_files.SOURCE: {
            "7": ProcessFiles(open_files=12, limit=1024, tasks_limit=limit, user=user),
            "8": ProcessFiles(open_files=12, limit=1024, tasks_limit=60000, user=0),
        },
        **table(p7=process("worker", threads=count), p8=process("sshd", threads=count)),
    }


def test_a_user_with_all_its_tasks_is_at_its_limit() -> None:
    assert confirmed(ALL["user-task-limit"], view(owned(200, 200))).scope.name == "worker[7]"


def test_a_user_below_its_limit_root_and_a_lowered_limit_are_no_finding() -> None:
    for reading in (owned(100, 200), owned(200, 200, user=0), owned(300, 200), owned(200, None)):
        assert isinstance(verdict(ALL["user-task-limit"], view(reading)), Refuted)


def locked(waiting: int, holder: str = "40") -> dict[Any, Any]:
    record = FileLocks(held=2, waiting=waiting, holders=(holder,), wanted="fe:00:131")
    return {file_locks.SOURCE: record, **table(p40=process("backup"))}


def test_processes_that_queue_for_a_file_all_the_time_are_found_with_the_holder() -> None:
    found = confirmed(ALL["file-lock-contention"], view(*[locked(5)] * 4, every_s=2.0))
    assert found.scope.name == "backup[40]"


def test_a_job_that_waits_its_turn_is_no_finding() -> None:
    for some in ([locked(1)] * 4, [locked(5), locked(0), locked(5), locked(5)]):
        assert isinstance(verdict(ALL["file-lock-contention"], view(*some, every_s=2.0)), Refuted)


def test_two_readings_do_not_tell_a_queue_for_a_file() -> None:
    assert isinstance(verdict(ALL["file-lock-contention"], view(locked(5), locked(5), every_s=9.0)), Unknown)


def tabled(used: int) -> dict[Any, Any]:
    return {kernel_tables.SOURCE: {"asynchronous I/O requests": KernelTable(used, 65536, "/proc/sys/fs/aio-max-nr", "io_setup() gives EAGAIN")}}  # fmt: skip


def test_a_full_table_is_a_finding_and_a_used_one_is_not() -> None:
    assert "io_setup" in confirmed(ALL["kernel-table-full"], view(tabled(65500))).mechanism
    assert isinstance(verdict(ALL["kernel-table-full"], view(tabled(40000))), Refuted)
    assert isinstance(verdict(ALL["kernel-table-full"], view({})), Unknown)
