"""An interrupt that cannot be masked and that nothing explains."""

from typing import TYPE_CHECKING

from kernward.vm.fault import Fault, Symptom, Truth, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernward.vm.machine import Machine


def _send(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    machine.qmp("inject-nmi")


FAULT = Fault(
    name="nmi-unknown",
    title="a non-maskable interrupt that nothing explains",
    doc=(
        "The machine gets an NMI that no handler of its kernel knows: a button, a management controller, or "
        "hardware that has no other way to complain. The kernel wonders, and goes on."
    ),
    group="crash",
    drive=_send,
    symptom=Symptom(
        doc="The kernel says that it does not know the reason.",
        console=r"Uhhuh\. NMI received for unknown reason",
    ),
    truth=Truth(
        kinds=("nmi-unknown",),
        cause="nmi-unknown",
        mechanism="unknown_nmi_error() in arch/x86/kernel/nmi.c.",
    ),
)
