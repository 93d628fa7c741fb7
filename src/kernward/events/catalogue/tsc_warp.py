"""The time stamp counters of two CPUs disagree."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="tsc-warp",
    title="TSC warp between CPUs",
    class_="state",
    severity="warning",
    subsystem="x86/tsc",
    patterns=(
        Pattern(
            literal=" cycles TSC warp between CPUs",
            regex=r"(?:tsc: )?Measured (?P<warp_cycles>-?\d+) cycles TSC warp between CPUs",
            printed=("Measured %Ld cycles TSC warp between CPUs, turning off TSC clock.",),
        ),
    ),
    fields=(Field("warp_cycles", "int", "by how many cycles one counter was seen behind the other"),),
    printed_by=("arch/x86/kernel/tsc_sync.c:check_tsc_sync_source",),
    meaning=(
        "When a CPU was brought up, its counter was seen to be behind that of another CPU that had read it "
        "earlier, so time could run backwards between the two. The TSC is given up as a clock. Firmware or "
        "a hypervisor set the counters differently."
    ),
    next_steps=(
        "Update firmware, or the hypervisor's configuration; see `TSC ADJUST` lines before this one.",
        "Check which clock is used now: /sys/devices/system/clocksource/clocksource0/current_clocksource.",
    ),
    confused_with=("tsc-unstable: the decision that follows",),
    example="""\
[    0.310001] TSC synchronization [CPU#0 -> CPU#3]:
[    0.310001] Measured 71210233 cycles TSC warp between CPUs, turning off TSC clock.""",
    near_miss="[    0.310001] TSC synchronization check passed",
)
