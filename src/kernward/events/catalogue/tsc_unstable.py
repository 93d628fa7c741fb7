"""The kernel gave up the TSC as a clock. Many virtual machines print it at boot."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="tsc-unstable",
    title="TSC marked unstable: {reason}",
    class_="state",
    severity="warning",
    subsystem="x86/tsc",
    patterns=(
        Pattern(
            literal="Marking TSC unstable due to ",
            regex=r"tsc: Marking TSC unstable due to (?P<reason>.{1,80})",
            printed=("Marking TSC unstable due to %s",),
        ),
    ),
    fields=(Field("reason", "str", "why"),),
    key=("reason",),
    printed_by=("arch/x86/kernel/tsc.c:mark_tsc_unstable",),
    meaning=(
        "Time is no longer read from the TSC but from a slower clock (HPET, acpi_pm), which makes every "
        "gettimeofday a device access. In an emulated or migrated virtual machine, and on old processors, "
        "this is normal at boot. On a modern server it is not: firmware that leaves the CPUs' counters "
        "apart, or the clocksource watchdog's verdict."
    ),
    next_steps=(
        (
            "See what is used: /sys/devices/system/clocksource/clocksource0/current_clocksource (kvm-clock "
            "in a KVM guest is fine)."
        ),
        "For `clocksource watchdog` read the clocksource-unstable event just before.",
        "For `TSCs unsynchronized` on hardware update firmware; check `dmesg | grep 'TSC ADJUST'`.",
    ),
    confused_with=("clocksource-unstable: the measurement that led here",),
    example="[    0.210044] tsc: Marking TSC unstable due to TSCs unsynchronized",
    near_miss="[    2.210044] tsc: Refined TSC clocksource calibration: 2399.998 MHz",
)
