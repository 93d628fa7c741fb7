"""Space that is freed and discarded: while somebody waits for that, in the background, and because it was asked for."""

import msgspec

from kernward.collectors.sources import diskstats
from kernward.collectors.sources.diskstats import Diskstats
from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.hypotheses import discard_load
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.storage import wait_of
from kernward.records.check import Measured
from tests.diagnosis.storage_windows import DISCARD, FSYNC, TRIM, asleep, does, storage
from tests.diagnosis.windows import confirmed, verdict, view

HYPOTHESIS = discard_load.HYPOTHESIS
# A deletion of many files: 20,000 discards a second of 40 us, each waited for.
LOADED = {"vda": does(discards=20_000, discard_s=40e-6, busy=0.8)}
ROOT = Mount(
    number="254:0",
    source="/dev/vda",
    kind="ext4",
    subtree="/",
    filesystem_options="rw,discard,errors=remount-ro",
)
NOT_MEASURED = {"offcpu": Measured(name="offcpu", tier=None, reason="no rights")}


def test_who_deletes_and_waits_is_named_beside_the_device() -> None:
    seen = storage(
        LOADED, mounted={"/": ROOT}, slept={"rm[70]": {DISCARD: 0.6, FSYNC: 0.1}, "cron[2]": {FSYNC: 0.9}}
    )
    found = confirmed(HYPOTHESIS, seen)
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert (found.confidence, round(found.impact, 2)) == (0.9, 0.6)
    assert [each.name for each in found.victims] == ["rm[70]"]
    assert "/ is mounted with discard" in found.mechanism
    assert "20,000 times a second" in found.mechanism
    (rate, *_) = found.evidence
    assert (rate.signal, rate.value, rate.unit) == ("diskstats.discards", 20_000, "1/s")
    assert "40 us each: 0.8 are under way" in rate.says


def test_a_file_system_that_is_mounted_twice_is_named_once() -> None:
    part = msgspec.structs.replace(ROOT, subtree="/netns")
    seen = storage(LOADED, mounted={"/": ROOT, "/run/netns": part}, slept={"rm[70]": {DISCARD: 0.6}})
    assert "/run/netns" not in confirmed(HYPOTHESIS, seen).mechanism


def test_without_the_option_it_is_said_with_less_certainty() -> None:
    assert confirmed(HYPOTHESIS, storage(LOADED, slept={"rm[70]": {DISCARD: 0.6}})).confidence < 0.9


def test_who_waits_is_measured_first() -> None:
    found = verdict(HYPOTHESIS, storage(LOADED, final=False))
    assert isinstance(found, Open)
    assert found.asks == ("offcpu",)


def test_without_the_measurement_the_stacks_of_sleepers_tell() -> None:
    seen = storage(LOADED, waits={"70": asleep("rm", DISCARD)}, measured=NOT_MEASURED)
    assert [each.name for each in confirmed(HYPOTHESIS, seen).victims] == ["rm[70]"]
    assert isinstance(verdict(HYPOTHESIS, storage(LOADED, measured=NOT_MEASURED)), Unknown)


def test_a_trim_that_was_asked_for_is_none() -> None:
    assert isinstance(verdict(HYPOTHESIS, storage(LOADED, slept={"fstrim[9]": {TRIM: 0.9}})), Refuted)
    assert wait_of(TRIM) != "discard"


def test_discards_in_the_background_are_none() -> None:
    worker = {"kworker/0:1[33]": {("schedule", "worker_thread"): 0.9}}
    found = verdict(HYPOTHESIS, storage(LOADED, slept=worker))
    assert isinstance(found, Refuted)
    assert "nobody waits" in found.reason


def test_a_file_deleted_now_and_then_is_none() -> None:
    seldom = {"vda": does(discards=50, discard_s=1e-3, writes=100, write_s=1e-3)}
    found = verdict(HYPOTHESIS, storage(seldom, waits={"70": asleep("rm", DISCARD)}))
    assert isinstance(found, Refuted)
    assert "0.05 discards under way" in found.reason
    assert isinstance(verdict(HYPOTHESIS, storage({"vda": does(writes=100, write_s=1e-3)})), Refuted)


def test_what_cannot_be_counted_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({})), Unknown)
    old = {diskstats.SOURCE: {"sda": Diskstats(reads=1, writes=1)}}
    found = verdict(HYPOTHESIS, view(old, old))
    assert isinstance(found, Unknown)
    assert "4.18" in found.reason
