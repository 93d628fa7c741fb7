"""The kernel ran out of memory and could not, or was told not to, save itself by killing."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-oom",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Out of memory",
            regex=(
                r"Kernel panic - not syncing: (?P<reason>Out of memory(?: and no killable processes|:"
                r" (?:compulsory|system-wide|[\w-]{1,20}) panic_on_oom is (?:set|enabled)|:"
                r" compulsory panic_on_oom set)?)"
            ),
            printed=("Out of memory: %s panic_on_oom is enabled",),
        ),
        Pattern(
            literal="System is deadlocked on memory",
            regex=r"Kernel panic - not syncing: (?P<reason>System is deadlocked on memory)",
        ),
    ),
    fields=(Field("reason", "str", "in the kernel's words"),),
    key=("reason",),
    extent=Extent.REPORT,
    printed_by=("mm/oom_kill.c:out_of_memory",),
    meaning=(
        "Memory was exhausted and there was no process left that could be killed, or "
        "vm.panic_on_oom asks for a panic instead of a kill. The memory report before it "
        "shows where the memory is: in user space, in the slab, in huge pages, or nowhere (a "
        "leak of pages)."
    ),
    next_steps=(
        ("Read the Mem-Info block: unreclaimable slab, shmem, pagetables, and what the total lacks."),
        "`sysctl vm.panic_on_oom`.",
        ("At boot: the machine or the crash kernel has too little memory for its initramfs (crashkernel=)."),
    ),
    confused_with=("kernel-panic: other reasons.",),
    example=(
        "[   14.330012] Kernel panic - not syncing: System is deadlocked on memory\n"
        "[   14.330018] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[   14.330012] Out of memory: Killed process 812 (stress) total-vm:8123kB",
)
