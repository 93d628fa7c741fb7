"""A device that answers late: by itself, through a mapping, by its own past, by time-outs; and those that are only busy."""

from kernward.collectors import durations
from kernward.collectors.measurements.blocklat import BlockDevice
from kernward.collectors.sources import diskstats
from kernward.collectors.sources.diskstats import Diskstats
from kernward.collectors.window import Window
from kernward.diagnosis.hypotheses import device_saturated
from kernward.diagnosis.hypotheses.device_slow import HYPOTHESIS
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from kernward.records.check import Measured
from tests.diagnosis.storage_windows import (
    BALANCE,
    DIRECT,
    JOURNAL,
    READ,
    asleep,
    disk,
    does,
    event,
    mapped,
    storage,
)
from tests.diagnosis.windows import confirmed, verdict, verdicts

READER = {"42": asleep("postgres", READ)}


def test_a_disk_that_takes_long_with_one_request_under_way_is_slow() -> None:
    found = confirmed(HYPOTHESIS, storage({"vda": does(reads=8, read_s=0.12, busy=0.96)}, waits=READER))
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.confidence >= 0.8
    assert found.victims[0].name == "postgres[42]"
    assert "120 ms" in found.mechanism


def test_flash_is_expected_to_be_quicker_than_what_spins() -> None:
    devices = {"nvme0n1": does(reads=30, read_s=0.03, busy=0.9)}
    quick = storage(devices, blocks={"nvme0n1": disk(rotational=0)}, waits=READER)
    assert confirmed(HYPOTHESIS, quick).scope.name == "nvme0n1"
    spinning = storage(devices, blocks={"nvme0n1": disk(rotational=1)}, waits=READER)
    assert isinstance(verdict(HYPOTHESIS, spinning), Refuted)


def test_large_requests_may_take_longer() -> None:
    devices = {"vda": does(reads=5, read_s=0.2, read_kb=4096, busy=1.0)}
    assert isinstance(verdict(HYPOTHESIS, storage(devices, waits=READER)), Refuted)


def test_a_long_queue_is_no_slow_device() -> None:
    devices = {"vda": does(reads=12, read_s=1.3, busy=1.0)}
    assert isinstance(verdict(HYPOTHESIS, storage(devices, waits=READER)), Refuted)


def test_a_mapping_that_adds_the_time_is_named_and_not_the_disk_below() -> None:
    view = storage(
        {
            "vda": does(reads=20, read_s=0.0005, busy=0.01),
            "dm-0": does("253:0", reads=10, read_s=0.1, writes=5, write_s=0.2, busy=1.0),
        },
        blocks={"vda": disk(carries=("dm-0",)), "dm-0": mapped("slow", "vda")},
        waits=READER,
    )
    found = confirmed(HYPOTHESIS, view)
    assert found.scope.name == "dm-0"
    assert found.confidence >= 0.9
    assert any(each.scope.name == "vda" for each in found.evidence)


def test_a_burst_that_queues_for_the_disk_below_is_not_the_mappings_fault() -> None:
    # The mapping counts each block's wait, the disk below only that of the few requests they were merged into.
    burst = {
        "vda": does(writes=9, write_s=0.03, write_kb=500, busy=0.28),
        "dm-0": does("253:0", writes=1000, write_s=0.3, busy=0.3),
    }
    view = storage(
        burst, blocks={"vda": disk(carries=("dm-0",)), "dm-0": mapped("vg-root", "vda")}, waits=READER
    )
    assert isinstance(verdict(HYPOTHESIS, view), Refuted)


def test_a_mapping_that_encrypts_may_take_some_time() -> None:
    devices = {
        "vda": does(reads=60, read_s=0.0005, busy=0.05),
        "dm-0": does("253:0", reads=60, read_s=0.01, busy=0.6),
    }
    carries = disk(carries=("dm-0",))
    delayed = storage(devices, blocks={"vda": carries, "dm-0": mapped("data", "vda")}, waits=READER)
    assert confirmed(HYPOTHESIS, delayed).scope.name == "dm-0"
    crypt = storage(
        devices,
        blocks={"vda": carries, "dm-0": mapped("data", "vda", mapped_id="CRYPT-LUKS2-1")},
        waits=READER,
    )
    assert isinstance(verdict(HYPOTHESIS, crypt), Refuted)


def test_a_mapping_on_a_slow_disk_is_not_to_blame() -> None:
    view = storage(
        {
            "sda": does("8:0", reads=8, read_s=0.12, busy=0.96),
            "dm-0": does("253:0", reads=8, read_s=0.121, busy=0.97),
        },
        blocks={"sda": disk("8:0", carries=("dm-0",)), "dm-0": mapped("vg-root", "sda")},
        waits=READER,
    )
    assert confirmed(HYPOTHESIS, view).scope.name == "sda"


def test_ten_times_slower_than_before_is_slow_even_for_a_disk_that_spins() -> None:
    past = Diskstats(reads=100_000, busy_ms=100_000, read_bytes=400 << 20)
    devices = {"vda": does(reads=30, read_s=0.03, busy=0.9)}
    found = confirmed(HYPOTHESIS, storage(devices, before={"vda": past}, waits=READER))
    assert "since boot" in found.mechanism
    usual = Diskstats(reads=100_000, busy_ms=1_000_000)
    assert isinstance(verdict(HYPOTHESIS, storage(devices, before={"vda": usual}, waits=READER)), Refuted)


def test_larger_requests_than_before_may_take_longer_than_before() -> None:
    past = Diskstats(reads=100_000, busy_ms=30_000, read_bytes=400 << 20)
    copy = {"vda": does(writes=25, write_s=0.04, write_kb=4096, busy=1.0)}
    waits = {"42": asleep("dd", DIRECT)}
    assert isinstance(verdict(HYPOTHESIS, storage(copy, before={"vda": past}, waits=waits)), Refuted)


def test_one_slow_request_in_an_idle_minute_is_no_finding() -> None:
    assert isinstance(
        verdict(HYPOTHESIS, storage({"vda": does(writes=0.7, write_s=0.15, busy=0.1)})), Refuted
    )


def test_writing_back_that_nobody_waits_for_is_no_finding() -> None:
    devices = {"vda": does(writes=2, write_s=1.0, write_kb=512, busy=1.0)}
    assert isinstance(verdict(HYPOTHESIS, storage(devices)), Refuted)
    for stack in (BALANCE, JOURNAL):
        held = storage(devices, waits={"7": asleep("ingest", stack)})
        assert isinstance(verdict(HYPOTHESIS, held), Refuted)
    metadata = {"vda": does(writes=5, write_s=0.2, write_kb=8, busy=1.0)}
    assert confirmed(HYPOTHESIS, storage(metadata, waits={"7": asleep("untar", JOURNAL)})).scope.name == "vda"


def test_commands_that_timed_out_name_the_disk_of_the_controller() -> None:
    late = event(
        "nvme-timeout", "nvme nvme0: I/O tag 5 QID 1 timeout, aborting", device="nvme0", action="aborting"
    )
    view = storage(
        {"nvme0n1": does("259:0", in_flight=1)},
        blocks={"nvme0n1": disk("259:0", port="nvme0", request_timeout_s=3.0)},
        events=[late],
    )
    found = confirmed(HYPOTHESIS, view)
    assert found.scope.name == "nvme0n1"
    assert found.confidence >= 0.9
    assert "3.0 s" in found.mechanism


def test_a_port_whose_command_timed_out_is_its_disk() -> None:
    late = event("ata-exception", "ata3.00: exception Emask 0x0 frozen", port=3, reason="timeout")
    view = storage({}, blocks={"sda": disk("8:0", port="ata3")}, events=[late], samples=1)
    assert confirmed(HYPOTHESIS, view).scope.name == "sda"


def test_a_time_out_of_an_hour_ago_is_not_of_now() -> None:
    late = event("scsi-timeout", "timing out command", age_s=3600.0, device="vda")
    assert isinstance(
        verdict(HYPOTHESIS, storage({"vda": does(reads=9, read_s=0.001, busy=0.01)}, events=[late])), Refuted
    )


def measured(view: View, counts: tuple[int, ...], longest_s: float) -> View:
    """The same machine, its requests measured one by one."""
    samples = []
    for number, sample in enumerate(view.window.samples):
        grown = tuple(count * number // (len(view.window.samples) - 1) for count in counts)
        records = {"vda": BlockDevice(reads=sum(grown), read_histogram=grown, longest_s=longest_s)}
        fields = {name: getattr(sample, name) for name in sample.__struct_fields__}
        fields["read"] = {**sample.read, "blocklat": records}
        fields["read_at_s"] = {**sample.read_at_s, "blocklat": sample.at_s}
        samples.append(type(sample)(**fields))
    return View(Window(samples), measured={"blocklat": Measured(name="blocklat", tier="tp_btf")})


def histogram(**counts: int) -> tuple[int, ...]:
    """So many requests of about so many milliseconds: ms4=900."""
    found = [0] * durations.ITEMS
    for name, count in counts.items():
        found[durations.item(int(name[2:]) / 1000)] += count
    return tuple(found)


QUICK_ON_AVERAGE = {"vda": does(reads=200, read_s=0.012, busy=0.6)}


def test_single_requests_are_measured_where_somebody_waits_and_means_do_not_say_why() -> None:
    found = verdict(HYPOTHESIS, storage(QUICK_ON_AVERAGE, waits=READER, final=False))
    assert isinstance(found, Open)
    assert found.asks == ("blocklat",)
    assert isinstance(verdict(HYPOTHESIS, storage(QUICK_ON_AVERAGE, final=False)), Refuted)


def test_a_device_that_stops_now_and_then_is_slow_at_times() -> None:
    spikes = measured(storage(QUICK_ON_AVERAGE, waits=READER), histogram(ms2=1180, ms2500=6), 2.9)
    found = confirmed(HYPOTHESIS, spikes)
    assert found.scope.name == "vda"
    assert "6 of 1186" in found.mechanism
    even = measured(storage(QUICK_ON_AVERAGE, waits=READER), histogram(ms2=1180, ms100=6), 0.12)
    assert isinstance(verdict(HYPOTHESIS, even), Refuted)


def test_one_reading_cannot_tell_how_long_a_request_takes() -> None:
    assert isinstance(verdict(HYPOTHESIS, storage({"vda": does(reads=9)}, samples=1)), Unknown)


def test_devices_that_are_not_counted_are_unknown() -> None:
    for each in (HYPOTHESIS, device_saturated.HYPOTHESIS):
        found = verdict(each, storage({"vda": does()}, blocks={"vda": disk(statistics=0)}, waits=READER))
        assert isinstance(found, Unknown)
        assert "iostats" in found.reason


def test_without_diskstats_it_is_unknown() -> None:
    found = verdict(HYPOTHESIS, storage({}, without=[diskstats.SOURCE]))
    assert isinstance(found, Unknown)
    assert "cannot be read here" in found.reason


def test_a_device_that_was_reset_while_it_was_watched_confirms_nothing() -> None:
    slow = storage({"vda": does(reads=8, read_s=0.12, busy=0.96)}, waits=READER)
    samples = slow.window.samples
    again = [*samples[3:], *samples[:3]]
    reset = [
        each.__class__(**{**{name: getattr(each, name) for name in each.__struct_fields__}, "at_s": 5000.0 + number,
                          "read_at_s": dict.fromkeys(each.read_at_s, 5000.0 + number)})
        for number, each in enumerate(again)
    ]  # fmt: skip
    assert all(isinstance(each, Refuted) for each in verdicts(HYPOTHESIS, View(Window(reset))))
