"""A handful of faults, injected for real: what counts as injected, what is refused, what is left of a machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import KernwardError, UsageError
from kernward.vm.bed import Bed
from kernward.vm.fault import Fault, Symptom, Truth
from kernward.vm.faults import fault as find_fault
from kernward.vm.faults import faults
from kernward.vm.inject import NotShown, inject, spec_for, start, undo
from kernward.vm.machine import Machine
from kernward.vm.spec import Spec
from kernward.vm.verdict import GuestPanicked

LAB = find_fault("kernel-warning")


@pytest.fixture(scope="module")
def lab_spec(kernel: Kernel, vm_home: Path) -> Spec:
    try:
        return spec_for(LAB, kernel, home=vm_home)
    except KernwardError as problem:
        pytest.skip(f"the module of the faults cannot be built here: {problem}")


@pytest.fixture
def machine(bed: Bed, lab_spec: Spec) -> Iterator[Machine]:
    with start(bed, LAB, lab_spec) as machine:
        yield machine


def test_a_fault_that_is_survived_leaves_the_machine_usable(machine: Machine) -> None:
    injected = inject(machine, find_fault("null-pointer"), access="write", offset=24)
    assert "address: 0000000000000018" in injected.evidence
    assert injected.values == {"access": "write", "offset": 24}
    assert injected.started_at_utc <= injected.shown_at_utc
    assert machine.sh("echo well").stdout == b"well\n"


def test_faults_follow_each_other_and_each_is_seen_for_itself(machine: Machine) -> None:
    warning = find_fault("kernel-warning")
    inject(machine, warning)
    inject(machine, find_fault("refcount"), event="overflow")
    assert b"saturated" in machine.console()
    assert "kf_warn" in inject(machine, warning, count=3).evidence


def test_a_fault_that_ends_the_machine_says_so_itself(machine: Machine) -> None:
    assert "firmware gave up" in inject(machine, find_fault("driver-panic")).evidence
    with pytest.raises(GuestPanicked, match="firmware gave up"):
        machine.sh("echo nobody answers")


def test_what_does_not_show_is_not_injected(machine: Machine) -> None:
    silent = Fault(
        name="silent",
        title="nothing at all",
        doc="Nothing goes wrong.",
        group="crash",
        inject="echo 'no such thing here' >&2; exit 3",
        symptom=Symptom(doc="It cannot be seen.", console="something", within_s=2),
        truth=Truth(mechanism="none"),
    )
    with pytest.raises(NotShown, match=r"within 2 s.*status 3 and said: no such thing here"):
        inject(machine, silent)


def test_a_symptom_of_before_does_not_count(machine: Machine) -> None:
    stale = Fault(
        name="stale",
        title="nothing new",
        doc="Nothing goes wrong.",
        group="crash",
        symptom=Symptom(doc="A line that is there already.", console="seen before", within_s=0.5),
        truth=Truth(mechanism="none"),
    )
    machine.sh("echo seen before >/dev/kmsg")
    assert machine.wait_console("seen before", 5)
    with pytest.raises(NotShown):
        inject(machine, stale)


def test_the_module_lists_what_it_can_do_and_refuses_the_rest(machine: Machine) -> None:
    listed = machine.get("/proc/kernward_faults").decode()
    asked = {fault.inject for fault in faults().values() if fault.needs.lab}
    assert all(any(line.split()[0] in script for script in asked) for line in listed.splitlines())
    # What the kernel has said before, loading the module, comes on the console after a while.
    machine.sh("echo '<1>here it begins' >/dev/kmsg")
    assert machine.wait_console("here it begins", 10)
    for request in (
        "nonsense",
        "warn count=0",
        "warn count=many",
        "warn level=1",
        "warn count",
        "x" * 200,
        "",
    ):
        refused = machine.sh(f"echo '{request}' >/proc/kernward_faults")
        assert refused.status != 0, request
        assert b"Invalid argument" in refused.stderr, request
    machine.sh("echo '<1>here it ends' >/dev/kmsg")
    assert machine.wait_console("here it ends", 10)
    said = machine.console().partition(b"here it begins")[2].partition(b"here it ends")[0]
    assert not [line for line in said.splitlines() if b"kernward" in line or b"Call Trace" in line]


def test_what_can_be_taken_back_is_taken_back(machine: Machine) -> None:
    fault = find_fault("hung-task")
    inject(machine, fault, seconds=4, timeout_s=1)
    undo(machine, fault)
    assert machine.get("/proc/sys/kernel/hung_task_timeout_secs") == b"120\n"


def test_a_parameter_that_is_unknown_is_refused_before_anything_is_done(machine: Machine) -> None:
    with pytest.raises(UsageError, match="has no parameter 'speed'"):
        inject(machine, LAB, speed=3)
