"""A processor reports a memory error that it could correct."""

from typing import TYPE_CHECKING

from kernward.records.errors import InputError
from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernward.vm.machine import Machine


def _report(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    # MCi_STATUS: valid, enabled, address and misc valid, a count of one, a memory read error of channel 0xf.
    said = machine.monitor(f"mce 0 {values['bank']} 0x9c0000400001009f 0x0 {values['address']} 0x8c")
    if said.strip():
        raise InputError(f"QEMU did not take the machine check: {said.strip()}")


FAULT = Fault(
    name="mce-corrected",
    title="a corrected memory error",
    doc=(
        "A memory controller has corrected an error and left a record in a bank of the processor, where the "
        "kernel finds it when it looks (here each second). Many of them announce a module that fails."
    ),
    group="crash",
    parameters=(
        Parameter("bank", 9, "", "the machine check bank", least=4, most=9),
        Parameter("address", "0x1f3a5c40", "", "the physical address", regex=r"0x[0-9a-f]{1,12}"),
    ),
    needs=Needs(config={"CONFIG_X86_MCE": "y"}),
    inject="echo 1 >/sys/devices/system/machinecheck/machinecheck0/check_interval",
    drive=_report,
    undo="echo 300 >/sys/devices/system/machinecheck/machinecheck0/check_interval",
    symptom=Symptom(
        doc="The kernel prints the bank's contents.",
        console=r"mce: \[Hardware Error\]: Machine check events logged",
        within_s=20,
    ),
    truth=Truth(
        kinds=("mce-logged",),
        cause="memory-module-failing",
        mechanism="machine_check_poll() and mce_log() in arch/x86/kernel/cpu/mce/core.c.",
    ),
)
