"""faults: page faults by process, from user space and from the kernel on its behalf."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes


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


def decode(counted: Counted) -> Mapping[str, Faults]:
    """By process."""
    return {
        str(tgid): Faults(counted.comm(tgid), user, kernel, writes, fetches)
        for (tgid,), (user, kernel, writes, fetches) in counted.rows("totals", "I", ("sum",) * 4)
    }


def poll(root: Root) -> Mapping[str, Faults]:
    """What /proc/PID/stat counts: faults of both kinds together, under those of its own code."""
    return {
        pid: Faults(comm=each.comm, user_faults=each.minor_faults + each.major_faults)
        for pid, each in processes.read(root).items()
        if each.minor_faults is not None and each.major_faults is not None and not each.kernel_thread
    }


MEASUREMENT = Measurement(
    source=SOURCE,
    program="faults",
    controller="memory",
    fields=("page_fault_user.error_code", "page_fault_kernel.error_code"),
    decode=decode,
    poll=poll,
    standing=False,
    cost="about 55 ns a page fault",
    caveats=(
        "The events are those of x86; elsewhere procfs is polled.",
        "Whether a fault read from a disk is not told here: see the processes' major faults.",
    ),
)
