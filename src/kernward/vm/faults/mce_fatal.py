"""A processor reports that its state is lost."""

from typing import TYPE_CHECKING

from kernward.records.errors import InputError
from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernward.vm.machine import Machine


def _raise(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    # MCi_STATUS: valid, uncorrected, enabled, misc and address valid, processor context corrupt; MCG_STATUS:
    # a machine check is in progress.
    said = machine.monitor(f"mce 0 {values['bank']} 0xbe00000000800400 0x4 0x0 0x0")
    if said.strip():
        raise InputError(f"QEMU did not take the machine check: {said.strip()}")


FAULT = Fault(
    name="mce-fatal",
    title="a machine check that the machine does not survive",
    doc=(
        "A processor raises a machine check and says that its own state is corrupt. Whatever it computed cannot "
        "be trusted, so the kernel prints the banks and panics. The cause is hardware."
    ),
    group="crash",
    parameters=(Parameter("bank", 0, "", "the machine check bank", least=0, most=9),),
    needs=Needs(config={"CONFIG_X86_MCE": "y"}),
    drive=_raise,
    symptom=Symptom(
        doc="The banks, and a panic.",
        console=r"Kernel panic - not syncing: (Fatal (local )?machine check|.*[Mm]achine check)",
        within_s=20,
    ),
    truth=Truth(
        kinds=("mce-fatal", "panic-machine-check"),
        cause="processor-failing",
        mechanism="do_machine_check() and mce_panic() in arch/x86/kernel/cpu/mce/core.c.",
    ),
    ends=True,
)
