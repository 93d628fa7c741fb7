"""Memory ran out and there was no process that the kernel may kill."""

from kernward.events.kind import Kind, Pattern
from kernward.events.oom_report import FIELDS, read

KIND = Kind(
    id="oom-no-killable",
    title="Out of memory and no killable processes",
    class_="resource",
    severity="fatal",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="Out of memory and no killable processes",
            regex=r"Out of memory and no killable processes",
        ),
    ),
    fields=FIELDS,
    read=read,
    printed_by=("mm/oom_kill.c:out_of_memory",),
    meaning=(
        "Every process is the kernel's own, is init, or is protected by oom_score_adj -1000, so nothing "
        "could be freed by killing. For the machine as a whole a panic follows (`System is deadlocked on "
        "memory`); for a cgroup the allocation fails. Early in boot it means that the machine has too "
        "little memory for its kernel, initramfs or hugepage reservation."
    ),
    next_steps=(
        "Look at Mem-Info: memory that no task holds is slab, hugetlb, a ramdisk (shmem) or a driver's.",
        (
            "Check for reservations: `hugepages=`, `crashkernel=`, `mem=` on the command line, and the size "
            "of the initramfs."
        ),
        "List what is protected: `grep -l -- -1000 /proc/*/oom_score_adj` on a like machine.",
    ),
    confused_with=(
        "oom-kill-global: there a process was killed and memory came back",
        "panic-oom: the panic that follows is reported as its own event",
    ),
    example="[    2.804410] Out of memory and no killable processes...",
    near_miss="""\
[    2.804410] Out of memory: Killed process 4100 (java) total-vm:4813376kB, anon-rss:1880044kB, file-rss:0kB""",
)
