"""Causes that the kernel's log tells: recent or lasting events confirm, old ones do not, no log is unknown."""

from typing import Any

import pytest

from kernward.collectors.sources import earlier_boot, kernel_events, kernel_log, pcie_errors, uptime
from kernward.collectors.sources.earlier_boot import EarlierBoot
from kernward.collectors.sources.kernel_log import KernelLog
from kernward.collectors.sources.pcie_errors import PcieErrors
from kernward.collectors.sources.uptime import Uptime
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import Confirmed, Refuted, Unknown
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import confirmed, verdict, verdicts, view

ALL = hypotheses()
CRASH = ALL["process-crash"]
SEGFAULT: dict[str, Any] = {"fields": {"comm": "checkout-api", "pid": 812, "address": 8}}
DEVICE: dict[str, Any] = {"fields": {"device": "0000:3b:00.0", "errors": "CmpltTO"}}


@pytest.mark.parametrize(
    ("id", "kind"),
    [
        ("process-crash", "segfault"),
        ("process-crash", "user-trap"),
        ("nmi-unknown", "nmi-unknown"),
        ("pcie-link-errors", "pcie-aer-uncorrected"),
        ("processor-failing", "mce-fatal"),
        ("init-died", "panic-init-killed"),
        ("root-device-missing", "panic-vfs-mount-root"),
        ("sysrq-crash", "sysrq-crash"),
        ("unclean-restart", "unexpected-reboot"),
    ],
)
def test_what_just_happened_confirms_and_what_was_long_ago_does_not(id: str, kind: str) -> None:
    fields = {"comm": "x", "pid": 7, "device": "0000:3b:00.0"}
    assert isinstance(verdict(ALL[id], view(log(event(kind, 5.0, fields=fields)))), Confirmed)
    assert isinstance(verdict(ALL[id], view(log(event(kind, 40 * 3600.0, fields=fields)))), Refuted)
    assert isinstance(verdict(ALL[id], view(log(event("boot", 40 * 3600.0)))), Refuted)


@pytest.mark.parametrize(
    "id", ["process-crash", "nmi-unknown", "processor-failing", "init-died", "sysrq-crash", "unclean-restart"]
)
def test_a_log_that_cannot_be_read_leaves_it_unknown(id: str) -> None:
    absent = {kernel_events.SOURCE: "/dev/kmsg: not permitted", earlier_boot.SOURCE: "no such place"}
    found = verdict(ALL[id], view({}, absent=absent))
    assert isinstance(found, Unknown)
    assert "/dev/kmsg" in found.reason


def test_each_program_that_crashes_is_a_finding_of_its_own() -> None:
    other = {"fields": {"comm": "pricing", "pid": 900, "trap": "divide error"}}
    found = verdicts(
        CRASH, view(log(event("segfault", 9.0, **SEGFAULT), event("segfault", 3.0, **SEGFAULT), event("user-trap", 5.0, **other)))
    )  # fmt: skip
    names = {each.scope.name: each for each in found if isinstance(each, Confirmed)}
    assert set(names) == {"checkout-api[812]", "pricing[900]"}
    assert "2 times" in names["checkout-api[812]"].mechanism
    assert names["checkout-api[812]"].impact > names["pricing[900]"].impact


def test_what_the_audit_says_of_a_crash_is_not_counted_twice_and_an_abort_counts() -> None:
    audited = {"fields": {"comm": "checkout-api", "pid": 812, "signal": 11}}
    aborted = {"fields": {"comm": "checkout-api", "pid": 900, "signal": 6}}
    both = log(event("segfault", 9.0, **SEGFAULT), event("user-abnormal-end", 9.0, **audited))
    assert "crashed once" in confirmed(CRASH, view(both)).mechanism
    assert "signal 6" in confirmed(CRASH, view(log(event("user-abnormal-end", 9.0, **aborted)))).mechanism


def test_a_crash_says_when_it_happened() -> None:
    found = confirmed(CRASH, view(log(event("segfault", 300.0, **SEGFAULT))))
    assert "5 min ago" in found.mechanism
    assert (found.evidence[0].at_utc.minute, found.evidence[0].at_utc.second) == (59, 5)
    fresh = confirmed(CRASH, view(log(event("segfault", 3.0, **SEGFAULT))))
    assert found.impact < fresh.impact


def test_a_pcie_error_names_the_device() -> None:
    found = confirmed(ALL["pcie-link-errors"], view(log(event("pcie-aer-uncorrected", 30.0, **DEVICE))))
    assert (found.scope.kind, found.scope.name) == ("device", "0000:3b:00.0")


def test_a_few_corrected_pcie_errors_are_no_finding_and_many_are() -> None:
    some = [event("pcie-aer-corrected", 30.0 + each, **DEVICE) for each in range(24)]
    assert isinstance(verdict(ALL["pcie-link-errors"], view(log(*some[:3]))), Refuted)
    assert isinstance(verdict(ALL["pcie-link-errors"], view(log(*some))), Confirmed)


def test_pcie_counters_that_grow_confirm_without_a_log() -> None:
    absent = {kernel_events.SOURCE: "not permitted"}
    before = {
        pcie_errors.SOURCE: {"0000:3b:00.0": PcieErrors(corrected=900, nonfatal=3, fatal=0, kinds="CmpltTO")}
    }
    after = {
        pcie_errors.SOURCE: {"0000:3b:00.0": PcieErrors(corrected=901, nonfatal=5, fatal=0, kinds="CmpltTO")}
    }
    assert confirmed(ALL["pcie-link-errors"], view(before, after, absent=absent)).scope.name == "0000:3b:00.0"
    assert isinstance(verdict(ALL["pcie-link-errors"], view(after, after, absent=absent)), Refuted)


def dump(kind: str, before_boot_s: float = 40.0, age_s: float = 600.0, **more: Any) -> dict[Any, Any]:
    record = EarlierBoot(1, age_s, before_boot_s, "/sys/fs/pstore/dmesg-efi-1", (event(kind, age_s, **more),))
    return {**log(), earlier_boot.SOURCE: {kind: record}}


def test_the_dump_of_the_boot_before_names_its_end() -> None:
    found = confirmed(
        ALL["init-died"], view(dump("panic-init-killed", comm="systemd", fields={"exit_code": 0xB}))
    )
    assert found.scope.name == "systemd[1]"
    assert "signal 11" in found.mechanism
    assert found.evidence[0].source == "/sys/fs/pstore/dmesg-efi-1"


def test_a_restart_tells_what_the_dump_holds_besides_the_panic() -> None:
    oops = EarlierBoot(
        1, 600.0, 40.0, "/sys/fs/pstore/dmesg-efi-2", (event("null-pointer-dereference", 600.0),)
    )
    both = dump("panic-fatal-exception")
    both[earlier_boot.SOURCE]["null-pointer-dereference"] = oops
    assert "besides of null-pointer-dereference" in confirmed(ALL["unclean-restart"], view(both)).mechanism


def test_a_dump_of_some_boot_long_before_says_nothing_of_this_one() -> None:
    old = dump("panic-init-killed", before_boot_s=90 * 86400.0, age_s=91 * 86400.0)
    assert isinstance(verdict(ALL["init-died"], view(old)), Refuted)


def test_journals_replayed_at_boot_are_a_restart_and_later_ones_are_not() -> None:
    up = {uptime.SOURCE: Uptime(5000.0, 100.0)}
    at_boot = confirmed(ALL["unclean-restart"], view({**up, **log(event("ext4-recovery", 4990.0))}))
    assert at_boot.confidence < 0.8
    assert isinstance(
        verdict(ALL["unclean-restart"], view({**up, **log(event("ext4-recovery", 100.0))})), Refuted
    )


def test_without_a_place_for_dumps_nobody_knows_how_the_boot_before_ended() -> None:
    seen = log()
    del seen[earlier_boot.SOURCE]
    assert isinstance(verdict(ALL["init-died"], view(seen)), Unknown)
    assert isinstance(verdict(ALL["init-died"], view({**seen, uptime.SOURCE: Uptime(9e5, 1.0)})), Refuted)
    assert isinstance(verdict(ALL["processor-failing"], view(seen)), Refuted)


def test_a_machine_that_is_up_for_days_was_not_restarted() -> None:
    found = verdict(ALL["unclean-restart"], view({uptime.SOURCE: Uptime(9e5, 1.0), **log()}))
    assert isinstance(found, Refuted)
    assert "up for 250 h" in found.reason


def flood(**fields: Any) -> dict[Any, Any]:
    given: dict[str, Any] = {"messages": 9000, "overwritten": 7000, "held": 2000, "reaches_back_s": 20.0, "burst": 8000,
                             "burst_age_s": 12.0, "burst_same": 7990, "burst_text": "dev: completion # lost", **fields}  # fmt: skip
    return {kernel_log.SOURCE: KernelLog(**given)}


def test_a_flood_of_one_message_that_pushes_others_out_is_found() -> None:
    found = confirmed(ALL["log-flood"], view(flood()))
    assert "completion # lost" in found.mechanism
    assert found.confidence > 0.9


def test_the_many_messages_of_a_boot_are_no_flood() -> None:
    assert isinstance(verdict(ALL["log-flood"], view(flood(burst=1500, burst_same=200))), Refuted)


def test_a_few_messages_are_no_flood() -> None:
    assert isinstance(verdict(ALL["log-flood"], view(flood(burst=40, burst_same=40))), Refuted)


def test_a_flood_that_lost_nothing_yet_is_less_sure() -> None:
    assert confirmed(ALL["log-flood"], view(flood(overwritten=0))).confidence < 0.85
