"""faults: page faults by process, from user space and from the kernel on its behalf."""

from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.source import EntitySource


class Faults(msgspec.Struct, frozen=True):
    """Of one process."""

    comm: Annotated[str | None, fact("its name")] = None
    user_faults: Annotated[
        int | None, counter("", "page faults of its own code", "exc_page_fault() in arch/x86/mm/fault.c")
    ] = None
    kernel_faults: Annotated[int | None, counter("", "page faults of the kernel working for it")] = None
    write_faults: Annotated[int | None, counter("", "those of both that wanted to write", "X86_PF_WRITE")] = (
        None
    )
    instruction_faults: Annotated[
        int | None, counter("", "those of both that wanted to fetch code", "X86_PF_INSTR")
    ] = None


SOURCE: EntitySource[Faults] = EntitySource(
    name="faults",
    doc="Page faults by process.",
    files=("eBPF",),
    record=Faults,
    read=attached_only("faults"),
    scope="process",
    when="measured",
)
