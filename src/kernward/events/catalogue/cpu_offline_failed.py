"""A CPU did not go down."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="cpu-offline-failed",
    title="CPU offlining failed",
    class_="hardware",
    severity="error",
    subsystem="cpu/hotplug",
    patterns=(
        # Until 6.4 in smpboot.c; the generic code words it as below.
        Pattern(
            literal=" didn't die...",
            regex=r"(?:smpboot: )?CPU (?P<cpu>\d+) didn't die\.\.\.",
            until="6.4",
        ),
        Pattern(
            literal=" failed to report dead state",
            regex=r"CPU(?P<cpu>\d+) failed to report dead state",
            since="6.5",
        ),
        Pattern(
            literal="Failed to offline CPU",
            regex=r"Failed to offline CPU(?P<cpu>\d+) - error=(?P<error>-?\d+)",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU's number"),
        Field("error", "int", "error code"),
    ),
    printed_by=(
        "kernel/cpu.c:cpuhp_bp_sync_dead",
        "kernel/cpu.c:bringup_hibernate_cpu",
    ),
    meaning=(
        "A CPU was to be taken offline (for suspend, for hotplug, by a hypervisor's request) and did not "
        "report that it had stopped, or a subsystem refused. It may still run, in an unknown state."
    ),
    next_steps=(
        "Check: /sys/devices/system/cpu/cpuN/online and hotplug/state, /proc/interrupts counts of that CPU.",
        "Look for a task or an interrupt that is bound to it and does not go away.",
    ),
    confused_with=("cpu-bringup-failed: a CPU that should come up",),
    example="[ 7711.110011] smpboot: CPU 3 didn't die...",
    near_miss="[ 7711.110011] smpboot: CPU 3 is now offline",
)
