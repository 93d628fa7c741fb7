"""Writers that are held back, fsync, journals, floods of dirty pages, shallow queues; and one big healthy copy."""

import pytest

from kernward.collectors.measurements import syscalls
from kernward.collectors.sources import journal, process_io, task_waits
from kernward.collectors.window import Window
from kernward.diagnosis.hypotheses import (
    device_queue_depth,
    device_saturated,
    device_slow,
    dirty_page_throttling,
    fsync_load,
    hypotheses,
    journal_stall,
    writeback_storm,
)
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from kernward.diagnosis.view import View
from kernward.records.check import Measured
from tests.diagnosis.storage_windows import (
    BALANCE,
    FSYNC,
    JOURNAL,
    READ,
    SYNC,
    asleep,
    dirty,
    disk,
    does,
    storage,
)
from tests.diagnosis.windows import confirmed, verdict, verdicts

HELD = dirty_page_throttling.HYPOTHESIS
SYNCS = fsync_load.HYPOTHESIS
STORM = writeback_storm.HYPOTHESIS
WRITER = {"7": asleep("ingest", BALANCE)}
SLOW = {"vda": does(writes=2, write_s=4.0, write_kb=256, busy=1.0, in_flight=8)}
AT_LIMIT = dirty(1.2, written=2000, limit=4096)

# cp of a large file: reads ahead, writes back, is held back itself.
COPY = {
    "vda": does(
        reads=150, read_s=0.012, read_kb=512, writes=160, write_s=0.25, write_kb=512, busy=1.0, in_flight=40
    )
}


# dirty pages


def test_a_writer_that_is_held_back_by_a_slow_device() -> None:
    found = confirmed(HELD, storage(SLOW, waits=WRITER, pages=AT_LIMIT))
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.confidence > 0.9
    assert "ingest[7]" in found.mechanism
    assert "balance_dirty_pages()" in found.mechanism


def test_a_device_that_is_only_slow_at_what_is_written_back_is_a_consequence() -> None:
    view = storage(SLOW, waits=WRITER, pages=AT_LIMIT)
    assert isinstance(verdict(device_slow.HYPOTHESIS, view), Refuted)
    assert isinstance(verdict(device_saturated.HYPOTHESIS, view), Refuted)


def test_a_copy_as_fast_as_its_disk_is_healthy_though_it_is_held_back() -> None:
    view = storage(COPY, waits={"7": asleep("cp", BALANCE)}, pages=dirty(1.1, written=20_000))
    found = verdict(HELD, view)
    assert isinstance(found, Refuted)
    assert "as fast as its disk" in found.reason


def test_who_pays_for_another_writer_is_told_by_what_each_writes() -> None:
    both = {"7": asleep("cp", BALANCE), "8": asleep("mysqld", BALANCE)}
    pages = dirty(1.1, written=20_000)
    found = verdict(HELD, storage(COPY, waits=both, pages=pages, final=False))
    assert isinstance(found, Open)
    assert found.sources[0][0] == process_io.SOURCE.name
    paid = confirmed(HELD, storage(COPY, waits=both, pages=pages, io={"7": (0, 80e6), "8": (0, 1e6)}))
    assert [each.name for each in paid.victims] == ["mysqld[8]"]


def test_a_device_that_ended_no_write_at_all_is_what_holds_writers_back() -> None:
    silent = {"vda": does(in_flight=15, busy=1.0), "vdb": does()}
    found = confirmed(HELD, storage(silent, waits=WRITER, pages=dirty(1.1, written=2000)))
    assert found.scope.name == "vda"
    found = verdict(HELD, storage({"vdb": does()}, waits=WRITER, pages=dirty(1.1, written=2000)))
    assert isinstance(found, Unknown)
    assert "which device takes the pages" in found.reason


def test_without_stacks_dirty_pages_at_their_limit_and_a_slow_device_decide() -> None:
    found = confirmed(HELD, storage(SLOW, waits={"7": asleep("ingest", ())}, pages=AT_LIMIT))
    assert found.confidence < 0.8
    below = storage(SLOW, waits={"7": asleep("ingest", ())}, pages=dirty(0.3))
    assert isinstance(verdict(HELD, below), Refuted)


def test_a_writer_that_waits_for_the_journal_of_the_same_pages() -> None:
    view = storage(SLOW, waits={"7": asleep("ingest", JOURNAL)}, pages=AT_LIMIT, commits=0.2, commit_s=2.0)
    found = confirmed(HELD, view)
    assert found.confidence < 0.9
    assert "journal-stall" in HELD.explains
    assert isinstance(
        verdict(HELD, storage(SLOW, waits={"7": asleep("ingest", JOURNAL)}, pages=dirty(0.4))), Refuted
    )


def test_dirty_pages_below_where_it_begins_hold_nobody_back() -> None:
    assert isinstance(verdict(HELD, storage(SLOW, pages=dirty(0.5))), Refuted)


def test_at_the_limit_without_a_view_of_the_tasks_is_unknown() -> None:
    assert isinstance(verdict(HELD, storage(SLOW, pages=AT_LIMIT, without=[task_waits.SOURCE])), Unknown)


# fsync

RECORDS = {"vda": does(writes=300, write_s=0.003, busy=0.95, flushes=150, flush_s=0.003)}


def test_a_process_that_is_always_in_fsync() -> None:
    found = confirmed(
        SYNCS, storage(RECORDS, waits={"9": asleep("event-store", FSYNC, tasks=4)}, commits=150.0)
    )
    assert (found.scope.kind, found.scope.name) == ("process", "event-store[9]")
    assert found.confidence > 0.9


def test_with_several_the_one_with_most_tasks_is_named_and_the_others_suffer() -> None:
    waits = {"9": asleep("event-store", FSYNC, tasks=8), "10": asleep("syslogd", FSYNC)}
    found = confirmed(SYNCS, storage(RECORDS, waits=waits))
    assert found.scope.name == "event-store[9]"
    assert [each.name for each in found.victims] == ["syslogd[10]"]


def test_sync_of_a_whole_machine_now_and_then_is_no_load() -> None:
    log_writer = {"vda": does(writes=20, write_s=0.01, busy=0.2, flushes=3, flush_s=0.01)}
    assert isinstance(verdict(SYNCS, storage(log_writer, waits={"9": asleep("sync", SYNC)})), Refuted)


def test_a_database_that_flushes_often_and_does_not_wait_is_healthy() -> None:
    quick = {"nvme0n1": does(writes=2000, write_s=0.00005, busy=0.1, flushes=1000, flush_s=0.00002)}
    assert isinstance(verdict(SYNCS, storage(quick)), Refuted)


def test_large_writes_with_a_sync_are_a_copy() -> None:
    bulk = {"vda": does(writes=100, write_s=0.1, write_kb=1024, busy=1.0, flushes=10, flush_s=0.02)}
    assert isinstance(verdict(SYNCS, storage(bulk, waits={"9": asleep("dd", FSYNC)})), Refuted)


def test_one_fsync_that_takes_long_is_not_a_load_of_them() -> None:
    late = {"vda": does(writes=0.4, write_s=2.0, busy=1.0, flushes=0.2, flush_s=2.0)}
    found = verdict(SYNCS, storage(late, waits={"9": asleep("postgres", FSYNC)}))
    assert isinstance(found, Refuted)
    assert "for other reasons" in found.reason


def test_the_calls_are_measured_where_tasks_cannot_be_seen() -> None:
    found = verdict(SYNCS, storage(RECORDS, without=[task_waits.SOURCE], final=False))
    assert isinstance(found, Open)
    assert found.asks == ("syscalls",)


def test_measured_calls_name_the_process() -> None:
    view = storage(RECORDS, without=[task_waits.SOURCE])
    calls = [
        syscalls.SystemCalls(
            comm="event-store", calls_by_name={"fsync": 100 * each}, by_name_s={"fsync": 0.9 * each}
        )
        for each in range(len(view.window.samples))
    ]
    samples = []
    for sample, record in zip(view.window.samples, calls, strict=True):
        fields = {name: getattr(sample, name) for name in sample.__struct_fields__}
        fields["read"] = {**sample.read, "syscalls": {"9": record}}
        fields["read_at_s"] = {**sample.read_at_s, "syscalls": sample.at_s}
        samples.append(type(sample)(**fields))
    measured = View(Window(samples), measured={"syscalls": Measured(name="syscalls", tier="tp_btf")})
    found = confirmed(SYNCS, measured)
    assert found.scope.name == "event-store[9]"
    assert 0.85 < found.impact < 0.95


# journals, floods, queues


def test_operations_that_wait_for_a_long_commit() -> None:
    view = storage(
        {"vda": does(writes=50, write_s=0.1, busy=0.9)},
        waits={"5": asleep("mv", JOURNAL)},
        commits=0.2,
        commit_s=3.0,
    )
    found = confirmed(journal_stall.HYPOTHESIS, view)
    assert (found.scope.name, found.victims[0].name) == ("vda", "mv[5]")
    assert found.confidence > 0.8


def test_a_copy_that_waits_for_the_journal_of_its_own_data_is_healthy() -> None:
    waits = {"5": asleep("cp", JOURNAL)}
    copy = storage(COPY, waits=waits, commits=0.2, commit_s=1.5, io={"5": (75e6, 80e6)})
    assert isinstance(verdict(journal_stall.HYPOTHESIS, copy), Refuted)
    other = storage(
        COPY,
        waits={**waits, "6": asleep("mv", JOURNAL)},
        commits=0.2,
        commit_s=1.5,
        io={"5": (0, 80e6), "6": (0, 1e3)},
    )
    assert [each.name for each in confirmed(journal_stall.HYPOTHESIS, other).victims] == ["mv[6]"]


def test_a_journal_that_nobody_waits_for_may_take_its_time() -> None:
    found = verdict(journal_stall.HYPOTHESIS, storage({"vda": does(writes=5)}, commits=0.2, commit_s=3.0))
    assert isinstance(found, Refuted)
    assert found.evidence[0].signal == f"{journal.SOURCE.name}.commit_s"


FLOOD = {"vda": does(reads=5, read_s=0.4, writes=200, write_s=0.4, write_kb=512, busy=1.0)}
FLOODED = dirty(0.9, written=12_000)


def test_a_reader_behind_a_flood_of_writeback() -> None:
    waits = {"3": asleep("grep", READ)}
    found = confirmed(STORM, storage(FLOOD, waits=waits, pages=FLOODED, io={"3": (20e3, 0)}))
    assert (found.scope.name, found.victims[0].name) == ("vda", "grep[3]")


def test_a_copy_that_waits_behind_its_own_writes_is_healthy() -> None:
    waits = {"3": asleep("cp", READ)}
    view = storage(FLOOD, waits=waits, pages=FLOODED, io={"3": (20e6, 20e6)})
    assert isinstance(verdict(STORM, view), Refuted)


def test_a_queue_that_may_hold_one_command() -> None:
    blocks = {"sda": disk("8:0", queue_depth=1)}
    devices = {"sda": does("8:0", reads=200, read_s=0.04, busy=1.0, in_flight=1)}
    found = confirmed(
        device_queue_depth.HYPOTHESIS,
        storage(devices, blocks=blocks, waits={"4": asleep("db", READ, tasks=8)}),
    )
    assert found.scope.name == "sda"
    deep = storage(
        devices, blocks={"sda": disk("8:0", queue_depth=32)}, waits={"4": asleep("db", READ, tasks=8)}
    )
    assert isinstance(verdict(device_queue_depth.HYPOTHESIS, deep), Refuted)


# healthy

HEALTHY = {
    "idle": storage({"vda": does(writes=0.5, write_s=0.002, busy=0.001)}),
    "one big copy": storage(
        COPY, waits={"7": asleep("cp", BALANCE)}, pages=dirty(1.1, written=20_000), io={"7": (75e6, 80e6)}
    ),
    "a copy and a sync": storage(
        COPY, waits={"7": asleep("sync", SYNC)}, pages=dirty(0.9, written=20_000), io={"7": (0, 0)}
    ),
    "reading a file through": storage(
        {"vda": does(reads=300, read_s=0.006, read_kb=512, busy=1.0, in_flight=2)},
        waits={"7": asleep("cat", READ)},
    ),
    "a build": storage(
        {"vda": does(reads=40, read_s=0.004, writes=30, write_s=0.02, busy=0.2)},
        waits={"7": asleep("cc1", READ)},
        pages=dirty(0.2),
    ),
    "a database on flash": storage(
        {
            "nvme0n1": does(
                reads=20_000,
                read_s=0.0002,
                writes=3000,
                write_s=0.0001,
                busy=1.0,
                flushes=500,
                flush_s=0.00002,
            )
        },
        blocks={"nvme0n1": disk(rotational=0)},
        waits={"7": asleep("postgres", READ, tasks=4)},
    ),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_storage_gives_no_finding(name: str) -> None:
    for each in hypotheses().values():
        if each.group == "io":
            found = [one for one in verdicts(each, HEALTHY[name]) if isinstance(one, Confirmed)]
            assert not found, (each.id, found[0].mechanism)


@pytest.mark.parametrize("id", [each.id for each in hypotheses().values() if each.group == "io"])
def test_a_copied_tree_with_one_reading_never_confirms_what_takes_two(id: str) -> None:
    view = storage(SLOW, waits=WRITER, pages=AT_LIMIT, samples=1)
    assert not [each for each in verdicts(hypotheses()[id], view) if isinstance(each, Confirmed)]


def test_a_process_seen_in_fsync_by_chance_does_not_keep_the_device_busy() -> None:
    idle = {"vda": does(writes=30, write_s=0.001, busy=0.05, flushes=15, flush_s=0.001)}
    assert isinstance(verdict(SYNCS, storage(idle, waits={"9": asleep("dpkg", FSYNC)})), Refuted)


def test_flushes_of_nobody_that_was_seen_are_measured_and_else_unknown() -> None:
    asked = verdict(SYNCS, storage(RECORDS, final=False))
    assert isinstance(asked, Open)
    assert asked.asks == ("syscalls",)
    assert isinstance(verdict(SYNCS, storage(RECORDS)), Unknown)
