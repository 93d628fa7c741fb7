"""The faults of the test bed: what there are, all about one, and which of them a kernel can show."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kernward.kernels.find import find
from kernward.records.faults import FaultAbout, FaultParameter
from kernward.store.home import home as default_home
from kernward.vm.fault import Fault, Needs, fill, usable_on
from kernward.vm.faults import fault as find_fault
from kernward.vm.faults import faults


def list_faults(
    groups: Sequence[str] = (), *, kernel: str | None = None, home: Path | None = None
) -> list[FaultAbout]:
    """All faults, or those of some groups, by name.

    With a kernel, named as `kernward vm run --kernel` takes it, each says whether that can show it.
    Raises what finding a kernel raises.
    """
    chosen = [each for each in faults().values() if not groups or each.group in groups]
    if kernel is None:
        return [_about(each, None) for each in chosen]
    found = find(kernel, home or default_home())
    return [_about(each, usable_on(each, found)) for each in chosen]


def explain_fault(name: str) -> FaultAbout:
    """All about one fault; UsageError with the nearest names when there is none of this name."""
    return _about(find_fault(name), None)


def _about(fault: Fault, unusable: str | None) -> FaultAbout:
    defaults = {each.name: each.default for each in fault.parameters}
    truth = fault.truth.filled(defaults)
    symptom = fault.symptom
    return FaultAbout(
        name=fault.name,
        group=fault.group,
        title=fault.title,
        doc=fault.doc,
        parameters=tuple(
            FaultParameter(
                name=each.name, default=each.default, unit=each.unit, range=each.range(), doc=each.doc
            )
            for each in fault.parameters
        ),
        needs=tuple(_needs(fault.needs)),
        symptom=symptom.doc,
        symptom_console=symptom.console and fill(symptom.console, defaults),
        symptom_command=symptom.command,
        symptom_within_s=symptom.allowed_s(defaults),
        kinds=truth.kinds,
        cause=truth.cause,
        entity_kind=truth.entity_kind,
        entity=truth.entity,
        mechanism=truth.mechanism,
        ends=fault.ends,
        undone=fault.undo is not None,
        unusable=unusable,
    )


def _needs(needs: Needs) -> Iterator[str]:
    """A sentence for each thing that is not of any machine."""
    if needs.lab:
        yield "the module kernward_faults, which is built for the kernel"
    for module in needs.modules:
        yield f"the kernel's module {module.split()[0]}"
    for program in needs.programs:
        yield f"the program {program}"
    for disk in needs.disks:
        yield f"a disk of {disk.size_mb} MB ({disk.interface}, {disk.contents})"
    for word in needs.append:
        yield f"{word} on the kernel's command line"
    for names, value in needs.config.items():
        option = names.replace("|", " or ")
        said = {"": "not set", "+": "set"}.get(value, value.replace("|", " or "))
        yield f"a kernel with {option}: {said}"
    if needs.smp > 1:
        yield f"{needs.smp} processors"
    for network in needs.nics:
        yield f"a network card on {network}"
    if needs.peers:
        yield f"{needs.peers} further machines"
    if needs.machine != "pc":
        yield "the hardware of a rack server (q35)"
    if needs.cgroup == 1:
        yield "version 1 of cgroups"
    if not needs.initramfs:
        yield "no initramfs"
    if needs.reboots:
        yield "a machine that may restart"
