"""exec: who starts processes and threads, which programs, how they end, which signals they get."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.source import EntitySource


class Tasks(msgspec.Struct, frozen=True):
    """Of one process."""

    comm: Annotated[str | None, fact("its name")] = None
    forks: Annotated[int | None, counter("", "processes it started", "kernel_clone() in kernel/fork.c")] = (
        None
    )
    threads_started: Annotated[int | None, counter("", "threads it started")] = None
    execs: Annotated[int | None, counter("", "programs it became", "bprm_execve() in fs/exec.c")] = None
    children_exits: Annotated[int | None, counter("", "children that ended")] = None
    children_killed: Annotated[int | None, counter("", "those of them that a signal ended")] = None
    signals: Annotated[
        Mapping[str, int] | None,
        counter("", "signals delivered to it, by name", "get_signal() in kernel/signal.c"),
    ] = None


SOURCE: EntitySource[Tasks] = EntitySource(
    name="exec",
    doc="Who starts processes and threads, what ends, which signals are sent.",
    files=("eBPF",),
    record=Tasks,
    read=attached_only("exec"),
    scope="process",
    when="measured",
)
