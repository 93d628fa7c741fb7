"""Threads that are woken all the time: by each other, by timers, by a device, by packets; and those that work."""

from typing import Any

import pytest

from kernward.collectors.measurements import syscalls, wakeups
from kernward.collectors.measurements.syscalls import SystemCalls
from kernward.collectors.measurements.wakeups import Wakeups
from kernward.collectors.sources import interrupts, process_io, softirqs, task_waits
from kernward.collectors.sources.interrupts import Interrupt
from kernward.collectors.sources.process_io import ProcessIo
from kernward.collectors.sources.softirqs import Softirqs
from kernward.collectors.sources.task_waits import TaskWaits
from kernward.diagnosis.hypotheses import context_switch_load, interrupt_load, kernel_time
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view

SWITCH, IRQ = context_switch_load.HYPOTHESIS, interrupt_load.HYPOTHESIS

FUTEX = {"futex": 24000, "getpid": 100}


def seen(
    where: str | None,
    *,
    sleeps: float = 3000.0,
    system: float = 0.7,
    user: float = 0.1,
    timers: float = 0.0,
    disk: float = 20.0,
    packets: float = 5.0,
    bytes_each: float | None = 1.0,
    final: bool = True,
    count: int = 4,
    woken: dict[str, int] | None = None,
    waker: str = "bus[900]",
    for_lock: bool | None = None,
    asks: bool = False,
    calls: dict[str, int] | None = None,
    comm: str = "bus",
) -> View:
    """A process with four threads that go to sleep so often each, and so many interrupts a second.

    `woken` is how often a second `wakeups` saw it woken, by what; with `asks` something may still be measured.
    """
    ran = (system + user) / count
    task = Task(
        comm=comm,
        pid=900,
        user=user,
        system=system,
        threads=count,
        each=tuple((ran, 0.0, where, sleeps) for _ in range(count)) if final else (),
    )

    def interrupted(second: int) -> dict[str, Interrupt]:
        def of(rate: float, doc: str) -> Interrupt:
            number = round(rate * second)
            return Interrupt(number, (number, 0), doc)

        return {
            "LOC": of(timers + 300, "Local timer interrupts"),
            "28": of(disk, "PCI-MSI 65538-edge virtio1-req.0"),
        }

    def ticks(second: int) -> dict[str, Softirqs]:
        return {
            "cpu0": Softirqs(timer=150 * second, sched=150 * second, net_rx=round(packets * second)),
            "cpu1": Softirqs(timer=0, sched=0, net_rx=0),
        }

    more: dict[Any, Any] = {interrupts.SOURCE: interrupted, softirqs.SOURCE: ticks}
    if bytes_each is not None and final:
        rate = bytes_each * sleeps * count
        more[process_io.SOURCE] = lambda second: {
            "900": ProcessIo(
                characters_read_bytes=round(rate * second / 2),
                characters_written_bytes=round(rate * second / 2),
            )
        }
    if woken is not None:
        more[wakeups.SOURCE] = lambda second: {
            "900": Wakeups(
                comm=comm,
                wakeups=(sum(woken.values()) - woken.get("from_io", 0)) * second,
                by_waker={waker: woken.get("by_task", 0) * second},
                **{
                    **dict.fromkeys(
                        ("by_task", "by_timer", "by_device", "by_packet", "by_other", "from_io"), 0
                    ),
                    **{name: rate * second for name, rate in woken.items()},
                },
            )
        }
    if calls is not None:
        more[syscalls.SOURCE] = lambda second: {
            "900": SystemCalls(
                comm=comm,
                calls=sum(calls.values()) * second,
                calls_by_name={name: rate * second for name, rate in calls.items()},
            )
        }
    if for_lock is not None:
        more[task_waits.SOURCE] = lambda second: {
            "900": TaskWaits(comm=comm, threads=count, futex_waits=2, futex_same=2, futex_lock=for_lock)
        }
    return machine(task, more=more, final=final and not asks)


@pytest.mark.parametrize("where", ["pipe_read", "anon_pipe_read", "unix_stream_read_generic", "eventfd_read"])
def test_threads_that_wake_each_other_are_a_load_of_switches(where: str) -> None:
    found = confirmed(SWITCH, seen(where))
    assert (found.scope.kind, found.scope.name) == ("process", "bus[900]")
    assert "12,000 times a second" in found.mechanism
    assert isinstance(verdict(IRQ, seen(where)), Refuted)


def test_threads_that_sleep_for_moments_are_a_load_of_interrupts() -> None:
    found = confirmed(IRQ, seen("hrtimer_nanosleep", timers=6000.0, bytes_each=None))
    assert found.scope.name == "bus[900]"
    assert "hrtimer_interrupt()" in found.mechanism
    assert isinstance(verdict(SWITCH, seen("hrtimer_nanosleep", timers=6000.0)), Refuted)


def test_tiny_requests_to_a_disk_are_a_load_of_interrupts() -> None:
    found = confirmed(IRQ, seen("__blkdev_direct_IO_simple", disk=9000.0, bytes_each=512.0))
    assert "virtio1-req.0" in found.mechanism
    assert isinstance(verdict(SWITCH, seen("__blkdev_direct_IO_simple", disk=9000.0)), Refuted)


def test_a_database_that_reads_pages_from_a_disk_works() -> None:
    load = seen("__blkdev_direct_IO_simple", disk=9000.0, bytes_each=8192.0)
    assert isinstance(verdict(IRQ, load), Refuted)
    assert isinstance(verdict(SWITCH, load), Refuted)


def test_a_program_that_moves_data_through_pipes_works() -> None:
    assert isinstance(verdict(SWITCH, seen("pipe_read", bytes_each=65536.0)), Refuted)


def test_threads_that_wait_for_a_lock_of_their_own_are_another_matter() -> None:
    found = verdict(SWITCH, seen("futex_wait_queue"))
    assert isinstance(found, Refuted)
    assert "locks of their own" in found.reason


def test_threads_that_wait_for_a_journal_are_another_matter() -> None:
    load = seen("jbd2_log_wait_commit", disk=9000.0, bytes_each=512.0)
    assert isinstance(verdict(IRQ, load), Refuted)
    assert isinstance(verdict(SWITCH, load), Refuted)


def test_a_server_that_packets_wake_is_another_matter() -> None:
    assert isinstance(verdict(SWITCH, seen("__skb_wait_for_more_packets", packets=9000.0)), Refuted)


def test_threads_that_were_never_seen_asleep_and_run_for_long_are_not_accused() -> None:
    load = seen(None, sleeps=250.0, system=0.9)
    assert isinstance(verdict(SWITCH, load), Refuted)
    assert confirmed(SWITCH, seen("pipe_read", sleeps=250.0, system=0.9))


def test_threads_that_were_never_seen_asleep_are_told_by_what_comes_as_often() -> None:
    assert confirmed(SWITCH, seen(None)).confidence < 0.9
    assert confirmed(IRQ, seen(None, timers=6000.0)).confidence < 0.9
    assert isinstance(verdict(SWITCH, seen(None, packets=9000.0)), Refuted)


def test_a_program_that_computes_is_none() -> None:
    assert isinstance(verdict(SWITCH, seen("pipe_read", user=0.9, system=0.1)), Refuted)


def test_a_service_that_wakes_now_and_then_is_none() -> None:
    poller = seen("hrtimer_nanosleep", sleeps=50.0, timers=200.0, system=0.03, user=0.02)
    assert isinstance(verdict(IRQ, poller), Refuted)
    assert isinstance(verdict(SWITCH, poller), Refuted)


def test_a_program_that_works_for_long_before_it_sleeps_is_none() -> None:
    assert isinstance(verdict(SWITCH, seen("pipe_read", sleeps=130.0, system=1.2, user=0.2)), Refuted)


@pytest.mark.parametrize("hypothesis", [SWITCH, IRQ])
def test_builds_are_none(hypothesis: Any) -> None:
    quiet = {interrupts.SOURCE: {"LOC": Interrupt(5, (5, 0), "")}}
    assert isinstance(verdict(hypothesis, machine(*compile_jobs(2), more=quiet)), Refuted)


def test_the_threads_are_asked_for() -> None:
    found = verdict(SWITCH, seen("pipe_read", final=False))
    assert isinstance(found, Open)
    assert dict(found.sources) == {"threads": ("900",), "process_io": ("900",)}


def test_the_time_of_handlers_counts_where_it_is_accounted() -> None:
    shares = ({"irq": 0.3, "idle": 0.7}, {"irq": 0.01, "idle": 0.99})

    def interrupted(second: int) -> dict[str, Interrupt]:
        return {
            "40": Interrupt(90000 * second, (90000 * second, 0), "IR-PCI-MSI-edge mlx5_comp0"),
            "41": Interrupt(200 * second, (0, 200 * second), "IR-PCI-MSI-edge nvme0q1"),
        }

    found = confirmed(IRQ, machine(shares=shares, more={interrupts.SOURCE: interrupted}))
    assert found.scope.kind == "host"
    assert "mlx5_comp0" in found.mechanism
    assert "other CPUs serve far fewer" in found.mechanism


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(SWITCH, view({})), Unknown)
    assert isinstance(verdict(IRQ, view({})), Unknown)


@pytest.mark.parametrize("where", [None, "futex_do_wait", "do_something_new"])
def test_what_wakes_them_is_measured_where_no_place_tells_it(where: str | None) -> None:
    load = seen(where, timers=6000.0, asks=True)
    assert isinstance(found := verdict(SWITCH, load), Open)
    assert found.asks == ("wakeups",)
    assert isinstance(found := verdict(IRQ, load), Open)
    assert found.asks == ("wakeups",)


def test_where_they_sleep_tells_it_without_a_measurement() -> None:
    assert confirmed(SWITCH, seen("pipe_read", asks=True))


def test_who_only_wakes_and_sleeps_is_not_accused_of_tiny_calls_as_well() -> None:
    load = seen("pipe_read", system=0.9)
    assert confirmed(SWITCH, load)
    assert isinstance(found := verdict(kernel_time.HYPOTHESIS, load), Refuted)
    assert "sleeping and waking" in found.reason


def test_packets_are_not_taken_for_the_timers_that_come_as_often() -> None:
    load = seen(None, timers=20000.0, woken={"by_packet": 12000})
    assert isinstance(found := verdict(IRQ, load), Refuted)
    assert isinstance(found := verdict(SWITCH, load), Refuted)
    assert "packets wake it" in found.reason


def test_time_outs_of_locks_are_timers() -> None:
    load = seen("futex_do_wait", timers=11000.0, woken={"by_timer": 11990, "by_task": 10})
    found = confirmed(IRQ, load)
    assert found.confidence == 0.9
    (counted,) = [each for each in found.evidence if each.signal == "wakeups.by_timer"]
    assert (counted.value, counted.unit) == (11990, "1/s")
    assert isinstance(verdict(SWITCH, load), Refuted)


def test_who_is_woken_by_another_process_is_told_with_its_name() -> None:
    load = seen("futex_do_wait", woken={"by_task": 12000}, waker="feeder[901]", calls=FUTEX)
    found = confirmed(SWITCH, load)
    assert "bus[900] sleeps in futex_do_wait() and is woken by feeder[901] 12,000 times" in found.mechanism
    assert isinstance(verdict(IRQ, load), Refuted)


def test_threads_that_wake_each_other_for_a_lock_are_another_matter() -> None:
    load = seen("futex_do_wait", woken={"by_task": 12000}, for_lock=True)
    assert isinstance(found := verdict(SWITCH, load), Refuted)
    assert "locks of their own" in found.reason
    assert confirmed(SWITCH, seen("futex_do_wait", woken={"by_task": 12000}, for_lock=False, calls=FUTEX))


def test_a_server_whose_threads_hand_each_other_requests_works() -> None:
    served = {"futex": 13000, "recvfrom": 12000, "sendto": 12000, "epoll_wait": 6000}
    for where in ("futex_do_wait", None):
        load = seen(where, woken={"by_task": 9000, "by_packet": 6000}, calls=served)
        assert isinstance(found := verdict(SWITCH, load), Refuted)
        assert "does more in between" in found.reason
    assert confirmed(SWITCH, seen(None, woken={"by_task": 12000}, calls={"msgsnd": 9000, "msgrcv": 9000}))


def test_what_threads_that_wake_each_other_call_is_measured() -> None:
    load = seen("futex_do_wait", woken={"by_task": 12000}, asks=True)
    assert isinstance(found := verdict(SWITCH, load), Open)
    assert found.asks == ("syscalls",)
    # Where it cannot be had, threads in futex(2) may wait for a lock, or for work.
    assert isinstance(verdict(SWITCH, seen("futex_do_wait", woken={"by_task": 12000})), Refuted)
    assert confirmed(SWITCH, seen(None, woken={"by_task": 12000}))


def test_requests_whose_end_a_thread_of_the_kernel_tells_are_those_of_the_device() -> None:
    load = seen(None, disk=9000.0, bytes_each=512.0, woken={"by_task": 9000, "from_io": 8900})
    assert "virtio1-req.0" in confirmed(IRQ, load).mechanism
    assert isinstance(verdict(SWITCH, load), Refuted)


def test_who_is_woken_by_many_things_is_accused_of_none() -> None:
    woken = {"by_task": 4000, "by_timer": 4000, "by_packet": 4000}
    load = seen(None, timers=6000.0, woken=woken)
    assert isinstance(verdict(IRQ, load), Refuted)
    assert isinstance(found := verdict(SWITCH, load), Refuted)
    assert "different things" in found.reason
