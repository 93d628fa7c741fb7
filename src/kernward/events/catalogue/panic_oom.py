"""The kernel ran out of memory and could not, or was told not to, save itself by killing."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-oom",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
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
        "[   20.812693] Kernel panic - not syncing: System is deadlocked on memory\n"
        "[   20.812697] CPU: 4 PID: 1 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[   20.812719] Call Trace:\n"
        "[   20.812722]  <TASK>\n"
        "[   20.812731]  dump_stack_lvl+0x1b5/0x250\n"
        "[   20.812737]  panic+0x7f8/0x9e0\n"
        "[   20.812749]  out_of_memory.cold+0xda/0x860\n"
        "[   20.812756]  __alloc_pages+0x9d7/0xba0\n"
        "[   20.812764]  shmem_alloc_folio+0x25a/0x3a0\n"
        "[   20.812784]  do_populate_rootfs+0x3c8/0xb00\n"
        "[   20.812865]  </TASK>\n"
        "[   20.812878] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---"
    ),
    near_miss="[   14.330012] Out of memory: Killed process 812 (stress) total-vm:8123kB",
)
