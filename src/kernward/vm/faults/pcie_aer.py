"""A PCIe port reports an error of the link below it."""

from typing import TYPE_CHECKING

from kernward.records.errors import InputError
from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernward.vm.machine import Machine


def _report(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    said = machine.monitor(f"pcie_aer_inject_error aer0 {values['error']}")
    if not said.startswith("OK"):
        raise InputError(f"QEMU did not take the error {values['error']}: {said.strip()}")


FAULT = Fault(
    name="pcie-aer",
    title="a PCIe port reports an error",
    doc=(
        "A PCIe port reports an error by its Advanced Error Reporting capability, as a card that sits badly or "
        "a cable does: uncorrected ones (COMP_TIME: an answer did not come in time) or corrected ones (BAD_TLP)."
    ),
    group="crash",
    parameters=(
        Parameter(
            "error",
            "COMP_TIME",
            "",
            "the error as QEMU names it",
            choices=("COMP_TIME", "UNSUP", "COMP_ABORT", "UNX_COMP"),
        ),
    ),
    needs=Needs(
        machine="q35", devices=("-device", "pcie-root-port,id=aer0,chassis=9"), config={"CONFIG_PCIEAER": "y"}
    ),
    drive=_report,
    symptom=Symptom(
        doc="The kernel names the device, the layer and the kind of error.",
        console=r"PCIe Bus Error: severity=Uncorrect(ed|able) \(Non-Fatal\)",
        within_s=20,
    ),
    truth=Truth(
        kinds=("pcie-aer-uncorrected",),
        cause="pcie-link-errors",
        entity_kind="device",
        mechanism="aer_isr() and aer_print_error() in drivers/pci/pcie/aer.c.",
    ),
)
