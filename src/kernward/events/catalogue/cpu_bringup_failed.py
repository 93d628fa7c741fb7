"""A CPU did not come up."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="cpu-bringup-failed",
    title="CPU bring-up failed",
    class_="hardware",
    severity="error",
    subsystem="cpu/hotplug",
    patterns=(
        Pattern(
            literal="do_boot_cpu failed(",
            regex=r"(?:smpboot: )?do_boot_cpu failed\((?P<error>-?\d+)\) to wakeup CPU#(?P<cpu>\d+)",
        ),
        Pattern(
            literal=" failed to report alive state",
            regex=r"CPU(?P<cpu>\d+) failed to report alive state",
            since="6.5",
        ),
        Pattern(
            literal=": failed to come online",
            regex=r"CPU(?P<cpu>\d+): failed to come online",
            unprinted="arm64 and others",
        ),
        Pattern(
            literal=": died during early boot",
            regex=r"CPU(?P<cpu>\d+): died during early boot",
            unprinted="arm64 only",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU's number"),
        Field("error", "int", "error code"),
    ),
    printed_by=(
        "arch/x86/kernel/smpboot.c:native_kick_ap",
        "kernel/cpu.c:cpuhp_bp_sync_alive",
    ),
    meaning=(
        "The kernel asked a processor to start and it did not answer in time. The machine runs with a CPU "
        "less. Firmware or microcode that left it in a wrong state, a defective core, or a hypervisor short "
        "of CPUs are the causes."
    ),
    next_steps=(
        "Count the CPUs: `nproc`, /sys/devices/system/cpu/online against possible.",
        (
            "Power-cycle (a warm restart may not reset it); if it is the same CPU again, the processor or "
            "the firmware is at fault."
        ),
    ),
    confused_with=("cpu-offline-failed: a CPU that should go down and did not",),
    example="[    0.931120] smpboot: do_boot_cpu failed(-1) to wakeup CPU#37",
    near_miss="[    0.931120] smpboot: Booting Node 0 Processor 37 APIC 0x25",
)
