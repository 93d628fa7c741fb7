"""/proc/stat: where the processors' time went, switches and forks, tasks that run and that wait."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

PATH = "/proc/stat"
# USER_HZ, in which the kernel shows times of processors and processes on every architecture it has today.
TICKS_PER_S = 100
_SHOW = "show_stat() in fs/proc/stat.c"


class Stat(msgspec.Struct, frozen=True):
    """`cpu  1926930 642182 254807 1385324 31659 0 2787 4556 1 0` and the lines below the processors'."""

    user_s: Annotated[
        float | None, counter("s", "in user space, guests of KVM included", "account_user_time()")
    ] = None
    nice_s: Annotated[float | None, counter("s", "in user space at a nice value above 0", _SHOW)] = None
    system_s: Annotated[float | None, counter("s", "in the kernel, for a task", _SHOW)] = None
    idle_s: Annotated[float | None, counter("s", "idle", "get_idle_time() in fs/proc/stat.c")] = None
    iowait_s: Annotated[
        float | None,
        counter("s", "idle while a task that slept on this CPU waits for I/O; a hint, no measure", _SHOW),
    ] = None
    irq_s: Annotated[
        float | None, counter("s", "in interrupts; 0 where the kernel does not account them", _SHOW)
    ] = None
    softirq_s: Annotated[float | None, counter("s", "in softirqs", _SHOW)] = None
    steal_s: Annotated[
        float | None,
        counter("s", "wanted to run while the hypervisor ran others", "steal_account_process_time()"),
    ] = None
    guest_s: Annotated[float | None, counter("s", "in guests of KVM, also part of user_s", _SHOW)] = None
    guest_nice_s: Annotated[float | None, counter("s", "the same at a nice value, part of nice_s", _SHOW)] = (
        None
    )
    interrupts: Annotated[int | None, counter("", "interrupts served", "kstat_irqs_cpu()")] = None
    context_switches: Annotated[
        int | None, counter("", "context switches on all CPUs", "nr_context_switches()")
    ] = None
    forks: Annotated[int | None, counter("", "processes and threads that were made", "total_forks")] = None
    softirqs: Annotated[int | None, counter("", "softirqs that ran", "show_softirq_stat()")] = None
    running: Annotated[int | None, gauge("", "tasks that run or wait for a CPU now", "nr_running()")] = None
    blocked: Annotated[
        int | None, gauge("", "tasks that sleep uninterruptibly on I/O now", "nr_iowait()")
    ] = None
    boot_at_s: Annotated[
        int | None, gauge("s", "time of boot since 1970, computed from the wall clock as it is now", _SHOW)
    ] = None
    cpus: Annotated[int | None, fact("CPUs that are online", _SHOW)] = None


def read(root: Root) -> Stat:
    """The first line and the single values."""
    first, *others = lines(root)
    found: dict[bytes, bytes] = {}
    cpus = 0
    for line in others:
        name, _, rest = line.partition(b" ")
        if name.startswith(b"cpu"):
            cpus += 1
        else:
            found[name] = rest
    user_s, nice_s, system_s, idle_s, iowait_s, irq_s, softirq_s, steal_s, guest_s, guest_nice_s = times(
        first
    )
    return Stat(
        user_s=user_s,
        nice_s=nice_s,
        system_s=system_s,
        idle_s=idle_s,
        iowait_s=iowait_s,
        irq_s=irq_s,
        softirq_s=softirq_s,
        steal_s=steal_s,
        guest_s=guest_s,
        guest_nice_s=guest_nice_s,
        interrupts=_first(found.get(b"intr")),
        context_switches=_first(found.get(b"ctxt")),
        forks=_first(found.get(b"processes")),
        softirqs=_first(found.get(b"softirq")),
        running=_first(found.get(b"procs_running")),
        blocked=_first(found.get(b"procs_blocked")),
        boot_at_s=_first(found.get(b"btime")),
        cpus=cpus or None,
    )


def lines(root: Root) -> list[bytes]:
    """The file's lines; the first is that of all processors.

    Each source that needs them reads them itself: a sample may take long, and says when each was read.
    """
    found = root.read(PATH).splitlines()
    if not found or not found[0].startswith(b"cpu "):
        raise Unavailable(PATH, "it does not begin with the line 'cpu'")
    return found


def times(line: bytes) -> list[float | None]:
    """The ten times of a line, in seconds; kernels before 2.6.33 have fewer."""
    found: list[float | None] = [
        int(word) / TICKS_PER_S if is_count(word) else None for word in line.split()[1:11]
    ]
    return found + [None] * (10 - len(found))


def _first(rest: bytes | None) -> int | None:
    """`25417600 0 0 …` -> 25417600. Lines of thousands of interrupts are not split as a whole."""
    word = (rest or b"").split(b" ", 1)[0]
    return int(word) if is_count(word) else None


def is_count(word: bytes) -> bool:
    """Whether it is a number that 64 bits hold; Python itself refuses to read thousands of digits."""
    return word.isdigit() and len(word) <= 20


SOURCE = Source(
    name="stat",
    doc="Time of all processors by what it was used for, context switches, forks, tasks that run.",
    files=(PATH,),
    record=Stat,
    read=read,
)
