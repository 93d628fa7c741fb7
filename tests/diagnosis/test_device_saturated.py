"""A device with more requests than it can answer: who waits, who sends them, and what only looks like it."""

from kernward.collectors.sources import process_io, task_waits
from kernward.diagnosis.hypotheses.device_saturated import HYPOTHESIS
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from tests.diagnosis.storage_windows import (
    BALANCE,
    DIRECT,
    JOURNAL,
    READ,
    asleep,
    dirty,
    disk,
    does,
    mapped,
    storage,
)
from tests.diagnosis.windows import confirmed, verdict

FULL = {"vda": does(reads=200, read_s=0.085, busy=1.0)}
WAITING = {"7": asleep("backup", READ, tasks=16), "9": asleep("mailstore", READ)}


def test_many_reads_that_wait_for_each_other_saturate_a_device() -> None:
    found = confirmed(HYPOTHESIS, storage(FULL, waits=WAITING, io={"7": (800e3, 0), "9": (50e3, 0)}))
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.confidence >= 0.9
    assert found.impact > 0.9
    assert "backup[7] sends most" in found.mechanism
    assert [each.name for each in found.victims] == ["mailstore[9]"]


def test_who_sends_the_requests_is_asked_for_first() -> None:
    found = verdict(HYPOTHESIS, storage(FULL, waits=WAITING, final=False))
    assert isinstance(found, Open)
    assert found.sources == ((process_io.SOURCE.name, ("7", "9")),)


def test_without_the_processes_own_counts_it_is_confirmed_all_the_same() -> None:
    assert confirmed(HYPOTHESIS, storage(FULL, waits=WAITING)).scope.name == "vda"


def test_a_device_that_had_capacity_left_is_not_saturated() -> None:
    bursts = {"vda": does(reads=200, read_s=0.085, busy=0.6)}
    assert isinstance(verdict(HYPOTHESIS, storage(bursts, waits=WAITING)), Refuted)


def test_one_reader_after_the_other_is_no_saturation() -> None:
    copy = {"vda": does(reads=200, read_s=0.008, read_kb=512, busy=1.0)}
    assert isinstance(verdict(HYPOTHESIS, storage(copy, waits={"7": asleep("cp", READ)})), Refuted)


def test_flash_that_answers_sixty_four_requests_in_a_millisecond_is_only_busy() -> None:
    quick = {"nvme0n1": does(reads=60_000, read_s=0.001, busy=1.0)}
    assert isinstance(verdict(HYPOTHESIS, storage(quick, waits=WAITING)), Refuted)


def test_the_page_cache_being_written_is_waited_for_by_nobody() -> None:
    copy = {"vda": does(reads=50, read_s=0.02, read_kb=512, writes=100, write_s=0.3, write_kb=512, busy=1.0)}
    found = verdict(
        HYPOTHESIS, storage(copy, waits={"7": asleep("cp", BALANCE)}, pages=dirty(0.9, written=4000))
    )
    assert isinstance(found, Refuted)


def test_writes_past_the_cache_are_waited_for() -> None:
    direct = {"vda": does(writes=200, write_s=0.08, busy=1.0, in_flight=16)}
    waits = {"7": asleep("backup", DIRECT, tasks=16), "9": asleep("mailstore", DIRECT)}
    assert confirmed(HYPOTHESIS, storage(direct, waits=waits, pages=dirty(0.0))).scope.name == "vda"


def test_a_writer_that_waits_for_the_journal_of_what_is_written_back_does_not_saturate_the_device() -> None:
    slow = {"vda": does(writes=2, write_s=12.0, write_kb=600, busy=1.0, in_flight=9)}
    view = storage(slow, waits={"7": asleep("ingest", JOURNAL)}, pages=dirty(0.9, written=1000, limit=4608))
    assert isinstance(verdict(HYPOTHESIS, view), Refuted)


def test_a_busy_device_that_nobody_waits_for_is_no_finding() -> None:
    found = verdict(HYPOTHESIS, storage(FULL))
    assert isinstance(found, Refuted)
    assert "no process waits" in found.reason


def test_processes_that_cannot_be_seen_make_it_less_sure() -> None:
    assert confirmed(HYPOTHESIS, storage(FULL, without=[task_waits.SOURCE])).confidence < 0.8


def test_of_a_stack_of_devices_the_lowest_is_named() -> None:
    view = storage(
        {"sda": FULL["vda"], "dm-0": does("253:0", reads=200, read_s=0.086, busy=1.0)},
        blocks={"sda": disk("254:0", carries=("dm-0",)), "dm-0": mapped("vg-root", "sda")},
        waits=WAITING,
    )
    assert confirmed(HYPOTHESIS, view).scope.name == "sda"


def test_a_mapping_over_an_idle_disk_is_slow_and_not_saturated() -> None:
    view = storage(
        {
            "sda": does(reads=160, read_s=0.0002, busy=0.03),
            "dm-0": does("253:0", reads=160, read_s=0.1, busy=1.0),
        },
        blocks={"sda": disk("254:0", carries=("dm-0",)), "dm-0": mapped("slow", "sda")},
        waits=WAITING,
    )
    assert isinstance(verdict(HYPOTHESIS, view), Refuted)


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(HYPOTHESIS, storage(FULL, samples=1)), Unknown)
