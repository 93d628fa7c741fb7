"""The kernel panicked because the hardware reported an error it cannot contain."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-machine-check",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="Kernel panic - not syncing: ",
            regex=(
                r"Kernel panic - not syncing: (?P<reason>Fatal [Mm]achine [Cc]heck(?: on current"
                r" CPU)?|Timeout: Not all CPUs entered broadcast exception handler|Fatal hardware"
                r" error!?|Fatal local machine check|Fatal machine check from unknown source|Machine"
                r" check from unknown source)"
            ),
            printed=(
                "Fatal local machine check",
                "Timeout: Not all CPUs entered broadcast exception handler",
            ),
        ),
    ),
    fields=(Field("reason", "str", "in the kernel's words"),),
    key=("reason",),
    extent=Extent.REPORT,
    printed_by=("arch/x86/kernel/cpu/mce/core.c:mce_panic",),
    meaning=(
        "The CPU or the firmware reported an uncorrectable error (memory, cache, "
        "interconnect, PCIe) that hit something the kernel cannot give up. The `[Hardware "
        "Error]` lines before it carry the bank, status and address. It is hardware until "
        "proven otherwise."
    ),
    next_steps=(
        "Decode the [Hardware Error] lines: `mcelog --ascii` or `rasdaemon`.",
        "Read the BMC's event log: `ipmitool sel elist`.",
        "Take the host out of service; test or replace the part.",
    ),
    confused_with=("panic-nmi: an NMI without a machine check.",),
    example=(
        "[ 4006.470524] Kernel panic - not syncing: Fatal local machine check\n"
        "[ 4006.470546] ---[ end Kernel panic - not syncing: Fatal local machine check ]---"
    ),
    near_miss="[    0.210030] mce: CPU0: Thermal monitoring enabled (TM1)",
)
